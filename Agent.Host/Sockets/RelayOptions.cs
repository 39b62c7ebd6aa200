using Agent.Dns.Net;

namespace Agent.Host.Sockets;

/// <summary>Where ordinary queries go, and within what bounds.</summary>
internal sealed record RelayOptions
{
    /// <summary>The server behind us; never an address that this process listens on.</summary>
    public required NetworkEndpoint Destination { get; init; }

    /// <summary>Sockets of each UDP worker towards the server, each with a port of the system's choice.</summary>
    public int UpstreamSockets { get; init; } = 4;

    /// <summary>Queries of each UDP worker under way; beyond it the oldest is answered SERVFAIL and makes room.</summary>
    public int UdpTableSize { get; init; } = 8192;

    /// <summary>Queries of each TCP connection under way; beyond it SERVFAIL.</summary>
    public int TcpTableSize { get; init; } = 64;

    /// <summary>
    /// Octets of the queries of each TCP connection under way; beyond it the connection is not read until one is answered. Two of the
    /// longest at least, so that a client that sends such ones waits for the server and not for us.
    /// </summary>
    public int TcpOctetsMax { get; init; } = 128 * 1024;

    /// <summary>How long the server may take; then SERVFAIL.</summary>
    public int TimeoutMs { get; init; } = 4000;
}
