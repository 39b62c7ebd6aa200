namespace Agent.Dns.Net;

/// <summary>How a UDP socket is opened.</summary>
public sealed record UdpSocketOptions
{
    /// <summary>The local endpoint; port 0 takes a free port.</summary>
    public required NetworkEndpoint Local { get; init; }

    /// <summary>The only peer of the socket; null for a socket that serves everybody.</summary>
    public NetworkEndpoint? Remote { get; init; }

    /// <summary>Whether further sockets of this process bind the same endpoint and share its datagrams.</summary>
    public bool SharePort { get; init; }

    /// <summary>Asked of the kernel, which grants at most <c>net.core.rmem_max</c>.</summary>
    public int ReceiveBufferBytes { get; init; } = 4 << 20;

    /// <summary>Asked of the kernel, which grants at most <c>net.core.wmem_max</c>.</summary>
    public int SendBufferBytes { get; init; } = 1 << 20;

    /// <summary>How long a waiting receive blocks before it returns with nothing; it bounds how long a stop takes.</summary>
    public int ReceiveTimeoutMs { get; init; } = 250;

    /// <summary>Leaves the batched system calls aside even where they exist.</summary>
    public bool Portable { get; init; }
}
