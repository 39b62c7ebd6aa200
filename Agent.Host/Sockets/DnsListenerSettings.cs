using Agent.Actors.Cookies;
using Agent.Actors.Listeners;
using Agent.Dns.Net;

namespace Agent.Host.Sockets;

/// <summary>Everything that the sockets towards clients need to know.</summary>
internal sealed record DnsListenerSettings
{
    /// <summary>Where to listen, by UDP and TCP; port 0 takes a port that is free for both.</summary>
    public required IReadOnlyList<NetworkEndpoint> Endpoints { get; init; }

    /// <summary>Who may do what.</summary>
    public required ListenerPolicy Policy { get; init; }

    /// <summary>Takes control requests.</summary>
    public required ControlGate Gate { get; init; }

    /// <summary>Where queries go; exactly one of this and <see cref="LocalAnswerer"/> is set.</summary>
    public RelayOptions? Relay { get; init; }

    /// <summary>Answers queries in this process.</summary>
    public ILocalAnswerer? LocalAnswerer { get; init; }

    /// <summary>Verifies and signs; null without keys.</summary>
    public IRequestAuthenticator? Authenticator { get; init; }

    /// <summary>Judges and gives out cookies; null when they are not spoken.</summary>
    public CookieJar? Cookies { get; init; }

    /// <summary>Sends zones; null when transfers are refused.</summary>
    public ITransferResponder? Transfers { get; init; }

    /// <summary>Who may transfer zones is told their serials by their owners, whoever answers queries else.</summary>
    public bool TellsSerials { get; init; }

    /// <summary>Where to listen for DNS over TLS, with the bounds of <see cref="Tcp"/>; needs <see cref="Tls"/>.</summary>
    public IReadOnlyList<NetworkEndpoint> TlsEndpoints { get; init; } = [];

    /// <summary>Shakes hands there.</summary>
    public TlsAcceptor? Tls { get; init; }

    /// <summary>Bounds of UDP.</summary>
    public UdpWorkerOptions Udp { get; init; } = new();

    /// <summary>Bounds of TCP.</summary>
    public TcpOptions Tcp { get; init; } = new();

    /// <summary>Error answers by UDP per second and source prefix; 0 for no limit.</summary>
    public int ErrorsPerSecond { get; init; } = 50;

    /// <summary>NOTIFYs per second and source prefix; 0 for no limit.</summary>
    public int NotifiesPerSecond { get; init; } = 1000;

    /// <summary>Source prefixes remembered by each of the two limits.</summary>
    public int RateTableSize { get; init; } = 16384;
}
