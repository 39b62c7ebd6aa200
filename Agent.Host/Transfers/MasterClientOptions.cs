using System.Net;

namespace Agent.Host.Transfers;

/// <summary>How masters are asked.</summary>
public sealed record MasterClientOptions
{
    /// <summary>Local addresses to ask from, at most one of each family; the system chooses for a family without one.</summary>
    public IReadOnlyList<IPAddress> TransferSources { get; init; } = [];

    /// <summary>How long a host name may take to resolve.</summary>
    public TimeSpan ResolveTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long resolved addresses are used again; a failure is remembered for a tenth of it.</summary>
    public TimeSpan ResolveCache { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a connection is kept for the next request. Designate's MiniDNS closes after half a second of silence, and a request
    /// that meets the closing is lost time.
    /// </summary>
    public TimeSpan ConnectionReuse { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// The same over TLS, where a new connection costs more and servers are newer: BIND, Knot and NSD keep them for tens of seconds.
    /// </summary>
    public TimeSpan TlsConnectionReuse { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The TLS profiles of masters; none unless given.</summary>
    public TlsDoor Tls { get; init; } = new(new Dictionary<string, TlsProfile>());

    /// <summary>SOA questions under way at once to one address; more wait for their turn, and their time begins with it.</summary>
    public int MaximumSoaQuestions { get; init; } = 256;

    /// <summary>Up to this size a zone is spooled in memory, beyond it in a file.</summary>
    public int SpoolMemoryBytes { get; init; } = 256 * 1024;

    /// <summary>
    /// What is read ahead of the disk for one transfer. A master that is not drained for half a second may hang up, so the socket is
    /// read while the disk is busy: seconds of what such a master sends. One that is faster fills any buffer before half a second is over.
    /// </summary>
    public int ReadAheadBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Whether differences are asked for where something is held that they can start from.</summary>
    public bool Ixfr { get; init; } = true;

    /// <summary>How long a master that could not give differences is asked for whole zones only.</summary>
    public TimeSpan IxfrRest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Differences larger than this share of the zone are not taken: the whole zone costs less, in time and in memory.</summary>
    public int IxfrMaximumPercent { get; init; } = 50;

    /// <summary>Differences up to this size are taken whatever the zone's.</summary>
    public int IxfrSmallestBound { get; init; } = 64 * 1024;

    /// <summary>Differences up to this size become history that others may ask for; 0 keeps none.</summary>
    public long HistoryBytes { get; init; }
}
