using System.Net;
using System.Net.Sockets;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Listeners;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Backends.Embedded;
using Agent.Dns.Net;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Configuration;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using Agent.Host.Journal.Sqlite;
using Agent.Host.Sockets;
using Agent.Host.Telemetry;
using Agent.Host.Transfers;
using Agent.Host.Web;

namespace Agent.Host.Composition;

/// <summary>
/// One running agent: puts all rooms together and starts them from the inside out (store, actors, targets, then doors). When it stops,
/// its ports are closed and what had come in is answered (a node of a cluster gives its zones away before that); then the actors go, and
/// drivers and store outlive who uses them.
/// </summary>
internal sealed partial class AgentService : IAsyncDisposable
{
    private const long LargestRecentDifferences = 16L << 20;
    private static readonly TimeSpan WarmUpLook = TimeSpan.FromMilliseconds(20);

    /// <summary>So long at least an agent that stops waits for answers that are under way, also when it stands alone.</summary>
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(2);

    /// <summary>Above the longest answer deadline that can be configured: zones answer first, this only guards against silence.</summary>
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromMinutes(11);

    private readonly AgentOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<AgentService> _logger;
    private readonly Stack<Func<ValueTask>> _stopping = new();
    private readonly TaskCompletionSource<FatalError> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ActorSystem _system = null!;
    private IActorRef _masters = null!;
    private IActorRef _region = null!;
    private ZonePolicyHolder _policy = null!;
    private IActorRef? _sweep;
    private IActorRef _contentSweep = null!;
    private TransferKeyring _transferKeys = null!;
    private TlsDoor _tls = null!;
    private TlsAcceptor? _acceptor;
    private TsigAuthenticator _authenticator = null!;
    private ClusterService? _cluster;
    private DnsListeners _listeners = null!;
    private ManagementServer _management = null!;

    private AgentService(AgentOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _loggers = loggers;
        _logger = loggers.CreateLogger<AgentService>();
    }

    /// <summary>Completes when an actor found its own state impossible: the process must not go on.</summary>
    public Task<FatalError> Fatal => _fatal.Task;

    /// <summary>Completes when another agent has taken the journal over: this one has nothing more to say.</summary>
    public Task<Reason> Fenced { get; private set; } = new TaskCompletionSource<Reason>().Task;

    /// <summary>Whether it is a node of a cluster.</summary>
    public bool IsNode => _options.Cluster.IsEnabled;

    /// <summary>Where DNS is answered.</summary>
    public IReadOnlyList<NetworkEndpoint> DnsEndpoints => _listeners.Endpoints;

    /// <summary>Where DNS is answered over TLS.</summary>
    public IReadOnlyList<NetworkEndpoint> TlsEndpoints => _listeners.TlsEndpoints;

    /// <summary>Where management is answered.</summary>
    public IPEndPoint ManagementEndPoint => _management.EndPoint;

    /// <summary>What <c>run</c> says when all sockets are bound and the journal is open.</summary>
    public string ReadyLine => $"ready dns={string.Join(',', DnsEndpoints.Select(e => e.ToIPEndPoint()))} management={ManagementEndPoint}"
        + (TlsEndpoints.Count > 0 ? $" tls={string.Join(',', TlsEndpoints.Select(e => e.ToIPEndPoint()))}" : "")
        + (_cluster is { } cluster ? $" node={cluster.Link.EndPoint}" : "");

    /// <summary>Starts an agent. When it returns, everything is bound and open.</summary>
    /// <param name="step">Hears which step of the start begins.</param>
    /// <exception cref="JournalOpenException">The data folder or the journal cannot be used.</exception>
    /// <exception cref="StartException">Settings that can never work.</exception>
    /// <exception cref="IOException">An address cannot be bound.</exception>
    public static async Task<AgentService> StartAsync(
        AgentOptions options,
        ILoggerFactory loggers,
        ILoggerProvider logging,
        CancellationToken cancellation,
        Action<string>? step = null)
    {
        var service = new AgentService(options, loggers);
        try
        {
            await service.StartAsync(logging, step ?? (static _ => { }), cancellation);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_stopping.TryPop(out Func<ValueTask>? stop)) await stop();
    }

    private async Task StartAsync(ILoggerProvider logging, Action<string> step, CancellationToken cancellation)
    {
        step("resolving the masters");
        TimeProvider clock = TimeProvider.System;
        ListenerPolicy listenerPolicy = await PolicyOfAsync(_options, cancellation);
        // Before anything counts: what goes up and down would be wrong for good.
        var metrics = new PrometheusExporter(AgentMetrics.MeterName);
        OnStop(() => { metrics.Dispose(); return ValueTask.CompletedTask; });
        BeginCounters(_options.TlsListen is not null);
        step("opening the journal");
        (DataDirectory data, INodeJournal journal) = OpenStore(clock);
        _system = ActorSystem.Create(
            "agent", new ActorSystemSettings { LoggerFactory = _loggers, OnFatalError = e => _fatal.TrySetResult(e) });
        OnStop(StopActors);

        _transferKeys = new TransferKeyring(KeysOf(_options), clock, _ledger);
        _tls = new TlsDoor(_options.Tls);
        SpoolDirectory spool = data.Use(() => new SpoolDirectory(data.SpoolPath));
        bool answers = _options.Targets.Any(t => t.Settings is EmbeddedSettings);
        var recent = new RecentDifferences(answers || JournalsDifferences ? LargestRecentDifferences : 0);
        var client = new MasterClient(
            ClientOptions(),
            spool,
            _transferKeys,
            recent,
            clock,
            _loggers.CreateLogger<MasterClient>());
        OnStop(client.DisposeAsync);
        if (_options.Cluster.IsEnabled)
        {
            step("opening the link to the other nodes");
            _cluster = await ClusterService.StartAsync(_options, _system, data.Path, spool, _loggers, logging);
            OnStop(_cluster.DisposeAsync);
        }

        var zones = new EmbeddedZoneTable();
        if (answers)
        {
            foreach (DomainName name in await journal.ReadWantedNamesAsync()) zones.Await(name);
        }

        step("starting the targets");
        IActorRef writer = _system.ActorOf(JournalActor.Props(journal, _options.Cluster.Shards), "journal");
        IActorRef targets = StartTargets(data, journal, zones, recent, writer, clock);
        _region = StartZones(journal, writer, client, targets);
        _cluster?.Work(_region, targets);
        _sweep = StartSweeps(targets, writer);
        _contentSweep = StartContentSweep(targets, writer);

        ProcessMetrics.Register();
        RuntimeWatchdog watchdog = RuntimeWatchdog.Start(clock, _loggers.CreateLogger<RuntimeWatchdog>());
        OnStop(() => { watchdog.Dispose(); return ValueTask.CompletedTask; });
        if (_cluster is not null) await WarmUpAsync(zones, step, cancellation);
        step("binding the sockets");
        StartCookies(clock);
        BindDns(listenerPolicy, _region, zones, journal.Differences, clock);

        // Before what they ask is closed, or a driver's last words would go into the history as a server that is away; and before the
        // doors, so that who waits there hears that nothing comes of it. Stopping twice is stopping once.
        OnStop(StopActors);
        AnycastService? anycast = StartAnycast(_region, targets, () => watchdog.IsStuck, clock);
        _management = await StartManagementAsync(data, zones, targets, writer, metrics, watchdog, anycast, logging);
        OnStop(_management.DisposeAsync);
        OnStop(LeaveAsync);

        // Before anything is given up: the others take over while this node still answers.
        if (anycast is not null) OnStop(() => new ValueTask(anycast.LeaveAsync()));
        _listeners.Start();
    }

    /// <summary>Some target needs what led to a content also after a restart.</summary>
    private bool JournalsDifferences => _options.Targets.Any(target => target.Settings.TakesDifferences);

    private MasterClientOptions ClientOptions() => new()
    {
        TransferSources = _options.TransferSource is { } source ? [source] : [],
        Tls = _tls,
        Ixfr = _options.Transfer.Ixfr.IsOn,
        IxfrMaximumPercent = _options.Transfer.Ixfr.MaximumPercent,
        IxfrRest = _options.Transfer.Ixfr.Rest,
        // A history is kept for those who may ask for it; when it becomes allowed later, it begins with the next start.
        HistoryBytes = _options.Access.AllowTransfer.Count > 0 || JournalsDifferences
            ? _options.Journal.Bounds.DifferenceBytesPerZone : 0,
    };

    private (DataDirectory Data, INodeJournal Journal) OpenStore(TimeProvider clock)
    {
        DataDirectory data = DataDirectory.Open(_options.DataDirectory);
        OnStop(() => { data.Dispose(); return ValueTask.CompletedTask; });
        JournalPlace place = _options.Journal;
        INodeJournal journal = place.Postgres is { } postgres
            ? PostgresJournal.Open(
                data,
                postgres,
                _options.NodeName,
                place.Bounds,
                clock,
                _loggers.CreateLogger<PostgresJournal>(),
                _options.Cluster.IsEnabled ? new JournalCluster(_options.Cluster.Name, _options.Cluster.Shards) : null)
            : SqliteJournal.Open(data, place.Bounds, clock, _loggers.CreateLogger<SqliteJournal>());
        OnStop(() => { journal.Dispose(); return ValueTask.CompletedTask; });
        Fenced = journal.Fenced;
        return (data, journal);
    }

    private void BindDns(
        ListenerPolicy policy, IActorRef region, EmbeddedZoneTable zones, IDifferenceHistory differences, TimeProvider clock)
    {
        _authenticator = new TsigAuthenticator(KeysOf(_options), clock, _ledger);
        NetworkEndpoint? destination = QueryDestination();
        TlsListenOptions? tls = _options.TlsListen;
        _acceptor = tls is null ? null : new TlsAcceptor(tls.Profile, tls.HandshakeTimeout, tls.Handshakes);
        var settings = new DnsListenerSettings
        {
            Endpoints = [.. _options.Listener.Addresses.Select(a => NetworkEndpoint.From(a, _options.Listener.Port))],
            Policy = policy,
            Gate = new ControlGate(new ControlDesk(region, _system.Clock), answerWithinMs: (long)LongestAnswer.TotalMilliseconds),
            Relay = destination is { } server
                ? new RelayOptions { Destination = server, TimeoutMs = (int)_options.QueryTimeout.TotalMilliseconds }
                : null,
            LocalAnswerer = destination is null ? new EmbeddedAnswerer(zones) : null,
            Authenticator = _authenticator,
            Cookies = _jar,
            Transfers = ZoneTransferResponder.OfRegion(region, _produced, differences, _options.Transfer.Outgoing, clock, _loggers),
            TellsSerials = !_produced.IsEmpty || _options.Targets.Any(target => target.Settings.Secondary is not null),
            TlsEndpoints = tls is null ? [] : [.. _options.Listener.Addresses.Select(a => NetworkEndpoint.From(a, tls.Port))],
            Tls = _acceptor,
            Udp = new UdpWorkerOptions { Workers = _options.Listener.Workers },
            Tcp = new TcpOptions
            {
                Backlog = _options.Listener.TcpBacklog,
                IdleTimeoutMs = (int)_options.Listener.TcpIdleTimeout.TotalMilliseconds,
                ConnectionsPerClient = _options.Listener.TcpConnectionsPerClient,
                ConnectionsMax = _options.Listener.TcpConnections,
                TotalTimeoutMs = (int)_options.Listener.TcpTotalTimeout.TotalMilliseconds,
                PipelinedMax = _options.Listener.TcpPipelined,
            },
            ErrorsPerSecond = _options.Limits.ErrorsPerSecond,
            NotifiesPerSecond = _options.Limits.NotifiesPerSecond,
            RateTableSize = _options.Limits.Sources,
        };
        try
        {
            _listeners = new DnsListeners(settings, _loggers);
        }
        catch (SocketException problem)
        {
            IEnumerable<NetworkEndpoint> wanted = settings.Endpoints.Concat(settings.TlsEndpoints);
            throw new IOException($"cannot bind {string.Join(", ", wanted)} for DNS: {problem.Message}", problem);
        }
        catch (ArgumentException problem)
        {
            throw new StartException($"agent.query-destination: {problem.Message}", problem);
        }

        OnStop(() => { _listeners.Dispose(); return ValueTask.CompletedTask; });
    }

    /// <summary>Where queries go; null when the agent answers them itself.</summary>
    private NetworkEndpoint? QueryDestination()
    {
        if (_options.QueryDestination is not { } endpoint) return null;
        IPAddress address = endpoint.Address ?? System.Net.Dns.GetHostAddresses(endpoint.Host)[0];
        return NetworkEndpoint.From(address, endpoint.Port);
    }

    /// <summary>What the masters' names stand for. A name that does not resolve now gives nobody access; a reload looks again.</summary>
    private static async Task<IReadOnlyList<IPAddress>> AddressesOfAsync(IReadOnlyList<Master> masters, CancellationToken cancellation)
    {
        var addresses = new List<IPAddress>();
        foreach (Master master in masters)
        {
            try
            {
                addresses.AddRange(IPAddress.TryParse(master.Host, out IPAddress? literal)
                    ? [literal]
                    : await System.Net.Dns.GetHostAddressesAsync(master.Host, cancellation));
            }
            catch (SocketException)
            {
                // The directory of masters shows the name's state and reason.
            }
        }

        return addresses;
    }


    [LoggerMessage(EventId = 111, EventName = "started-cold", Level = LogLevel.Warning,
        Message = "{Zones} zones have not come to this node's own server; until they come, queries for them are answered SERVFAIL")]
    private static partial void LogCold(ILogger logger, int zones);

    [LoggerMessage(EventId = 110, EventName = "requests-unanswered", Level = LogLevel.Warning,
        Message = "the agent stops although answers are still under way; they become SERVFAIL")]
    private static partial void LogUnanswered(ILogger logger);

    private ValueTask StopActors() => new(_system.Terminate());

    private void OnStop(Func<ValueTask> stop) => _stopping.Push(stop);
}
