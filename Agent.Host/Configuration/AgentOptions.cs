using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Catalogs;
using Agent.Actors.Listeners;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Host.Anycast;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using Agent.Host.Plugins;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

public enum ControlTransport
{
    Any,
    Tcp,
}

public enum TransferTransport
{
    Any,
    Tls,
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

/// <summary>The whole configuration, checked. What each value means stands in hocon/reference.conf, key by key in the same order.</summary>
public sealed record AgentOptions
{
    /// <summary>Never empty: the machine's name where none is configured.</summary>
    public required string NodeName { get; init; }

    public required ListenerOptions Listener { get; init; }

    /// <summary>Null: no TLS is served.</summary>
    public required TlsListenOptions? TlsListen { get; init; }

    /// <summary>Servers to transfer zones from, and zones with servers of their own. A host may be a name with several addresses; each is
    /// named by its text.</summary>
    public required MasterRoster Roster { get; init; }

    /// <summary>Senders that share the zones they create, by name of their set.</summary>
    public required ImmutableArray<MasterSetOptions> MasterSets { get; init; }

    /// <summary>The catalogs that are consumed, by name.</summary>
    public required ImmutableDictionary<DomainName, CatalogPolicy> Catalogs { get; init; }

    public required AccessOptions Access { get; init; }

    /// <summary>Who is told of changes.</summary>
    public required IReadOnlyList<NotifyReceiver> AlsoNotify { get; init; }

    /// <summary>on-unknown-notify, notify-delay, answer-deadline, undelete-window, quorum, guard, bounds on a zone's life.</summary>
    public required ZonePolicy Zones { get; init; }

    /// <summary>How servers are compared with what is wanted, and how many orphans may go at once.</summary>
    public required SweepOptions Sweep { get; init; }

    public required IPAddress? TransferSource { get; init; }

    /// <summary>A full path.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<TargetOptions> Targets { get; init; }

    /// <summary>Where drivers from outside are.</summary>
    public required PluginFolder Plugins { get; init; }

    /// <summary>Where it is not configured, the first target's server; null when that target has none, as the embedded one.</summary>
    public required HostEndpoint? QueryDestination { get; init; }

    public required TimeSpan QueryTimeout { get; init; }

    public required IReadOnlyDictionary<string, KeyOptions> Keys { get; init; }

    /// <summary>How masters prove over TLS who they are, by the names that masters refer to.</summary>
    public required IReadOnlyDictionary<string, TlsProfile> Tls { get; init; }

    public required JournalPlace Journal { get; init; }

    public required ManagementOptions Management { get; init; }

    public required ClusterOptions Cluster { get; init; }

    public required AnycastOptions Anycast { get; init; }

    public required TransferOptions Transfer { get; init; }

    public required CookieOptions Cookies { get; init; }

    public required LimitsOptions Limits { get; init; }

    public required LoggingOptions Logging { get; init; }
}

/// <summary>Senders that share the zones they create: those of one control plane, whichever of them sends.</summary>
/// <param name="Senders">Empty: the addresses of the masters.</param>
/// <param name="Masters">Where their zones come from; empty: where all zones do.</param>
public sealed record MasterSetOptions(string Name, IReadOnlyList<AccessEntry> Senders, ImmutableArray<Master> Masters);

/// <summary>The sweep over servers, and the brake on the removal of orphans.</summary>
/// <param name="Interval">Zero: servers are not swept.</param>
public sealed record SweepOptions(
    TimeSpan Interval, TimeSpan AfterReturn, int ChecksPerSecond, int ZonesMaximum, int RemovalPercent, int RemovalMinimum)
{
    /// <summary>The sweep over contents.</summary>
    public required ContentSweepOptions Contents { get; init; }
}

/// <summary>The look at the contents that servers have.</summary>
/// <param name="Interval">Zero: none but those that operators ask for.</param>
public sealed record ContentSweepOptions(TimeSpan Interval, TimeSpan AfterStart, int ChecksPerSecond);

/// <summary>Sockets for DNS. All addresses share the port; 0 lets the system choose one.</summary>
/// <param name="Workers">0: by the number of cores.</param>
public sealed record ListenerOptions(
    IReadOnlyList<IPAddress> Addresses,
    int Port,
    int Workers,
    int TcpBacklog,
    TimeSpan TcpIdleTimeout,
    int TcpConnectionsPerClient,
    int TcpConnections,
    TimeSpan TcpTotalTimeout,
    int TcpPipelined);

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

    public required TransferTransport TransferTransport { get; init; }

    /// <summary>Empty: nobody.</summary>
    public required IReadOnlyList<AccessEntry> AllowQuery { get; init; }

    /// <summary>The lists that the listeners hold, with the fallbacks filled in.</summary>
    /// <param name="masters">What the masters' names stand for just now.</param>
    /// <param name="tls">The TLS that is served, if any.</param>
    public ListenerPolicy ToPolicy(IEnumerable<IPAddress> masters, TlsListenOptions? tls)
    {
        AccessList notify = AllowNotify.Count > 0 ? ListOf(AllowNotify) : ListOf(masters.Select(address => AccessEntry.OfAddress(address)));
        return new ListenerPolicy
        {
            AllowNotify = notify,
            AllowControl = AllowControl.Count > 0 ? ListOf(AllowControl) : notify,
            AllowTransfer = ListOf(AllowTransfer),
            AllowQuery = ListOf(AllowQuery),
            ControlNeedsTcp = ControlTransport == ControlTransport.Tcp,
            TransferNeedsTls = TransferTransport == TransferTransport.Tls,
            TransferNeedsDot = tls is { IsAlpnRequired: true },
        };
    }

    internal static AccessList ListOf(IEnumerable<AccessEntry> entries) => AccessList.Parse(entries.Select(entry => entry.ToString()));
}

/// <summary>A TSIG key (RFC 8945).</summary>
/// <param name="Name">As the user wrote it; on the wire it is a domain name.</param>
/// <param name="Algorithm">One of <see cref="KeyOptions.Algorithms"/>.</param>
public sealed record KeyOptions(string Name, string Algorithm, Secret Secret)
{
    public static IReadOnlyList<string> Algorithms { get; } =
        ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"];

    /// <exception cref="InvalidOperationException">Name or algorithm were not checked before.</exception>
    public TsigKey ToTsigKey()
    {
        if (DomainName.TryParse(Name, out DomainName? name) && TsigAlgorithms.TryParse(Algorithm, out TsigAlgorithm algorithm))
        {
            return new TsigKey(name, algorithm, Secret.Reveal());
        }

        throw new InvalidOperationException($"'{Name}' with {Algorithm} is no TSIG key");
    }
}

/// <param name="Postgres">Where the database is; null: a SQLite file in the data directory.</param>
public sealed record JournalPlace(JournalProvider Provider, PostgresPlace? Postgres, JournalOptions Bounds);

/// <param name="Open">Paths that everybody may read from anywhere, without the token.</param>
public sealed record ManagementOptions(IPAddress Address, int Port, IReadOnlyList<string> Open)
{
    /// <summary>Names by which it may be asked beside those of the machine and the node.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Pages that tell a stranger nothing about zones.</summary>
    public static IReadOnlyList<string> Openable { get; } = ["livez", "readyz", "anycast", "metrics"];
}

/// <param name="QueryTimeout">For each SOA question.</param>
/// <param name="QueryGrace">How long slower masters may still come up with a newer serial.</param>
/// <param name="Pace">SOA questions to one address.</param>
/// <param name="NotifyRetry">Between two sendings of one NOTIFY to others.</param>
/// <param name="NotifyTries">Sendings of one NOTIFY.</param>
public sealed record TransferOptions(
    TransferLimits Limits,
    TransferBudget Budget,
    TimeSpan QueryTimeout,
    TimeSpan QueryGrace,
    PaceLimits Pace,
    IxfrOptions Ixfr,
    OutgoingLimits Outgoing,
    TimeSpan NotifyRetry,
    int NotifyTries);

/// <param name="MaximumPercent">Largest differences, as a share of the zone.</param>
/// <param name="Rest">How long a master that could not give differences is not asked for them.</param>
public sealed record IxfrOptions(bool IsOn, int MaximumPercent, TimeSpan Rest);

/// <summary>DNS cookies (RFC 7873).</summary>
/// <param name="IsEnabled">Whether they are spoken.</param>
/// <param name="IsRequired">Whether a client that has cookies needs a good one by UDP.</param>
/// <param name="RotateEvery">How long new cookies are made with one secret.</param>
/// <param name="Secrets">Secrets from a file, the first for new cookies; empty where they are drawn.</param>
public sealed record CookieOptions(bool IsEnabled, bool IsRequired, TimeSpan RotateEvery, IReadOnlyList<string> Secrets);

/// <summary>Rates per second and source; 0 for no limit.</summary>
public sealed record LimitsOptions(int ErrorsPerSecond, int NotifiesPerSecond, int Sources);

public sealed record LoggingOptions(LogFormat Format, LogLevel Level);
