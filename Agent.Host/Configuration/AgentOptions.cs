using System.Net;

namespace Agent.Host.Configuration;

public enum ControlTransport
{
    Any,
    Tcp,
}

public enum UnknownNotifyAction
{
    Refuse,
    Ignore,
    Create,
}

public enum JournalProvider
{
    Sqlite,
    PostgreSql,
}

public enum LogFormat
{
    Text,
    Json,
}

public enum ZoneDigestRule
{
    Off,
    WhenPresent,
    Required,
}

/// <summary>The whole configuration, checked. What each value means stands in hocon/reference.conf, key by key in the same order.</summary>
public sealed record AgentOptions
{
    /// <summary>Never empty: the machine's name where none is configured.</summary>
    public required string NodeName { get; init; }

    public required ListenerOptions Listener { get; init; }

    public required IReadOnlyList<MasterOptions> Masters { get; init; }

    public required AccessOptions Access { get; init; }

    public required UnknownNotifyAction OnUnknownNotify { get; init; }

    public required TimeSpan NotifyDelay { get; init; }

    public required IPAddress? TransferSource { get; init; }

    public required TimeSpan AnswerDeadline { get; init; }

    public required Quorum Quorum { get; init; }

    public required TimeSpan UndeleteWindow { get; init; }

    /// <summary>A full path.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<TargetOptions> Targets { get; init; }

    /// <summary>Where it is not configured, the first target's server; null when that target has none, as the embedded one.</summary>
    public required HostEndpoint? QueryDestination { get; init; }

    public required IReadOnlyDictionary<string, KeyOptions> Keys { get; init; }

    public required JournalOptions Journal { get; init; }

    public required ManagementOptions Management { get; init; }

    public required ClusterOptions Cluster { get; init; }

    public required TransferOptions Transfer { get; init; }

    public required GuardOptions Guard { get; init; }

    public required LimitsOptions Limits { get; init; }

    public required LoggingOptions Logging { get; init; }
}

/// <summary>Sockets for DNS. All addresses share the port; 0 lets the system choose one.</summary>
/// <param name="Workers">0: by the number of cores.</param>
public sealed record ListenerOptions(
    IReadOnlyList<IPAddress> Addresses,
    int Port,
    int Workers,
    int TcpBacklog,
    TimeSpan TcpIdleTimeout,
    int TcpConnectionsPerClient,
    int TcpConnections);

/// <summary>A server to transfer zones from; a name may stand for several addresses.</summary>
/// <param name="KeyName">A name in <see cref="AgentOptions.Keys"/>, or null: unsigned.</param>
public sealed record MasterOptions(HostEndpoint Endpoint, string? KeyName);

/// <summary>
/// Access lists as configured. The two fallbacks are kept apart because the masters' names are resolved only at run time.
/// </summary>
public sealed record AccessOptions
{
    /// <summary>Empty: the addresses of the masters.</summary>
    public required IReadOnlyList<AccessEntry> AllowNotify { get; init; }

    /// <summary>Empty: as <see cref="AllowNotify"/>, with its own fallback.</summary>
    public required IReadOnlyList<AccessEntry> AllowControl { get; init; }

    public required ControlTransport ControlTransport { get; init; }

    /// <summary>Empty: nobody.</summary>
    public required IReadOnlyList<AccessEntry> AllowTransfer { get; init; }

    /// <summary>Empty: nobody.</summary>
    public required IReadOnlyList<AccessEntry> AllowQuery { get; init; }
}

/// <summary>A TSIG key (RFC 8945).</summary>
/// <param name="Name">As the user wrote it; on the wire it is a domain name.</param>
/// <param name="Algorithm">One of <see cref="KeyOptions.Algorithms"/>.</param>
public sealed record KeyOptions(string Name, string Algorithm, Secret Secret)
{
    public static IReadOnlyList<string> Algorithms { get; } =
        ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"];
}

/// <param name="ConnectionString">Empty: a file in the data directory.</param>
/// <param name="InlineContentBytesMax">Larger zone content is kept in files beside the database.</param>
public sealed record JournalOptions(
    JournalProvider Provider, string ConnectionString, bool AllowPlaintext, int HistoryPerZone, long InlineContentBytesMax);

public sealed record ManagementOptions(IPAddress Address, int Port);

public sealed record ClusterOptions(
    bool IsEnabled,
    string Name,
    int Shards,
    HostEndpoint Listen,
    HostEndpoint? Advertise,
    TimeSpan LeaseTtl,
    bool AllowPlaintext,
    IReadOnlyList<string> EtcdEndpoints,
    bool EtcdAllowPlaintext);

/// <summary>
/// Bounds on transfers. A transfer may take <see cref="TotalTimeout"/> plus the time its octets need at the minimum rate.
/// </summary>
public sealed record TransferOptions
{
    public required TimeSpan ConnectTimeout { get; init; }

    public required TimeSpan QueryTimeout { get; init; }

    public required TimeSpan IdleTimeout { get; init; }

    public required TimeSpan TotalTimeout { get; init; }

    public required long MinimumBytesPerSecond { get; init; }

    public required long RecordsMax { get; init; }

    public required long BytesMax { get; init; }

    public required int ConcurrentMax { get; init; }

    public required int ConcurrentPerMasterMax { get; init; }

    public required TimeSpan RetryMinimum { get; init; }

    public required TimeSpan RetryMaximum { get; init; }

    public required int Attempts { get; init; }
}

public sealed record GuardOptions(int ShrinkPercent, int ShrinkMinimumRecords, ZoneDigestRule Zonemd);

public sealed record LimitsOptions(int ErrorsPerSecond, int NotifiesPerSecond, int IPv4PrefixLength, int IPv6PrefixLength);

public sealed record LoggingOptions(LogFormat Format, LogLevel Level);
