using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Actors.Telemetry;
using Agent.Host.Configuration;
using Agent.Host.Etcd;
using Agent.Host.Nodes;
using Agent.Host.Releases;
using Agent.Host.Telemetry;
using Agent.Host.Transfers;
using Agent.Host.Web;

namespace Agent.Host.Composition;

/// <summary>What a node of a cluster has beside an agent that stands alone: etcd, the link, and the actors between them.</summary>
internal sealed partial class ClusterService : IAsyncDisposable
{
    private static readonly TimeSpan DrainLook = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ClusterOptions _options;
    private readonly ActorSystem _system;
    private readonly EtcdStore _store;
    private readonly ILogger _logger;

    private ClusterService(
        ClusterOptions options, ActorSystem system, EtcdStore store, NodeLink link, ClusterNodeSettings settings, ILogger logger)
    {
        _options = options;
        _system = system;
        _store = store;
        _logger = logger;
        Link = link;
        Settings = settings;
        Node = ClusterNode.Watch(system, settings);
        ClusterMetrics.Begin();
        EtcdMetrics.Begin();
        NodeLinkMetrics.Begin();
        Node.View.Tell(new SubscribeView(
            new ClusterGauges(AgentMetrics.Meter, settings.Node, settings.Config.Shards, () => Node.Gate.IsOpen, settings.SinceBoot)));
    }

    public NodeLink Link { get; }

    public ClusterNodeSettings Settings { get; }

    /// <summary>Answers for this node, once the management interface has opened it.</summary>
    public NodeDesk Desk => (NodeDesk)Settings.Desk!;

    public ClusterNode Node { get; }

    /// <summary>Starts everything that does not need the zones.</summary>
    /// <exception cref="StartException">Settings that can never work.</exception>
    /// <exception cref="IOException">The link's address cannot be bound, or a file of etcd or of the link cannot be read.</exception>
    public static async Task<ClusterService> StartAsync(
        AgentOptions options,
        ActorSystem system,
        string dataDirectory,
        SpoolDirectory spool,
        IEtcdMemory? memory,
        ILoggerFactory loggers,
        ILoggerProvider logging)
    {
        ClusterOptions cluster = options.Cluster;
        var keys = new ClusterKeys(cluster.Name);
        var process = Guid.NewGuid();
        var times = new LeaseTimes(cluster.LeaseTtl);
        EtcdStore store = OpenStore(cluster.Etcd, times, memory, keys, loggers);
        try
        {
            NodeLink link = await NodeLink.StartAsync(
                LinkOptionsOf(options, process), new SpoolContentCache(spool), logging, loggers.CreateLogger<NodeLink>());
            var settings = new ClusterNodeSettings(
                options.NodeName,
                process,
                link.Address,
                Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0",
                AgentRelease.Current.Link.Highest,
                new NodeRecord(options.NodeName, NamesOf(options, TargetScope.Node), NamesOf(options, TargetScope.Farm)),
                new ConfigRecord(cluster.Shards, ConfigRecord.OurHash, ConfigRecord.OurFormat, 0),
                keys,
                store,
                times,
                new LeaseFile(Path.Combine(dataDirectory, "lease")),
                () => SystemClock.Instance.SinceBoot,
                DrainMax: TimeSpan.FromSeconds(10),
                new RebalanceBounds())
            {
                Placement = PlacementMark.Of(options.Zones),
                Desk = new NodeDesk(),
            };
            return new ClusterService(cluster, system, store, link, settings, loggers.CreateLogger<ClusterService>());
        }
        catch (Exception problem)
        {
            await store.DisposeAsync();
            if (problem is NodeLinkException) throw Unusable($"agent.cluster: {problem.Message}", problem);
            throw;
        }
    }

    /// <summary>From here on the node joins, is assigned shards and claims them.</summary>
    public void Work(IActorRef region, IActorRef targets)
    {
        _system.ActorOf(
            TargetPlacementActor.Props(new TargetPlacementSettings(Settings.Config.Shards, Node.View, targets)), "target-placement");
        Node.Work(_system, Settings, region, targets, Link);
        AgentRelease.Current.Begin?.Invoke(_system, Node, Link);
    }

    /// <summary>
    /// Gives the shards to the other nodes, and with them the targets of the farm, as long as there are any nodes and the time allows.
    /// Meanwhile everything goes on: what comes here is passed to the new owners.
    /// </summary>
    /// <returns>How much of the time for a drain is left.</returns>
    public async Task<TimeSpan> DrainAsync()
    {
        long start = Stopwatch.GetTimestamp();
        await GiveAwayAsync(start);
        TimeSpan left = _options.DrainTimeout - Stopwatch.GetElapsedTime(start);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        await _store.DisposeAsync();
    }

    private async Task GiveAwayAsync(long start)
    {
        if (Node.Owner is not { } owner || !await HasOthersAsync()) return;
        Node.Keeper.Tell(new SetLeaving(true));
        while (Stopwatch.GetElapsedTime(start) < _options.DrainTimeout)
        {
            OwnedShards owned = await owner.Ask<OwnedShards>(new GetOwnedShards(), Patience);
            if (owned.IsIdle) return;
            await Task.Delay(DrainLook);
        }

        string cause = _store.RefusedSince(start) is { } refused ? $" ({refused.Text})" : "";
        LogNotDrained(_logger, Settings.Node, _options.DrainTimeout.TotalSeconds, cause);
    }

    /// <summary>A store that cannot be heard means that nobody can be found to take anything.</summary>
    private async Task<bool> HasOthersAsync()
    {
        ClusterState state = await Node.View.Ask<ClusterState>(new GetClusterState(), Patience);
        return state.IsCurrent
            && state.View.Members.Values.Any(member => member.Record.Node != Settings.Node && member.Record.State == MemberState.Up);
    }

    private static System.Collections.Immutable.ImmutableArray<string> NamesOf(AgentOptions options, TargetScope scope) =>
        [.. options.Targets.Where(target => target.Scope == scope).Select(target => target.Name)];

    private static EtcdStore OpenStore(
        EtcdPlace place, LeaseTimes times, IEtcdMemory? memory, ClusterKeys keys, ILoggerFactory loggers)
    {
        try
        {
            var options = new EtcdOptions
            {
                Endpoints = [.. place.Endpoints.Select(endpoint => endpoint.ToString())],
                User = place.User,
                Password = place.Password.Length > 0 ? new Secret(Encoding.UTF8.GetBytes(place.Password)) : null,
                PasswordFile = place.PasswordFile,
                CaFile = place.CaFile,
                CertificateFile = place.Certificate?.CertificateFile ?? "",
                KeyFile = place.Certificate?.KeyFile ?? "",
                AllowPlaintext = true,
                Memory = memory,
                ConfigKey = keys.Config,
                Timeout = place.RequestTimeout ?? times.RequestDeadline,
                WatchProbe = times.Beat,
                WatchSilence = times.Beat * 3,
            };
            return EtcdStore.Open(options, TimeProvider.System, loggers.CreateLogger<EtcdStore>());
        }
        catch (EtcdOptionsException problem)
        {
            throw Unusable($"agent.cluster.etcd: {problem.Message}", problem);
        }
    }

    /// <summary>A file that cannot be read may be there at the next start; what cannot be used as it is stays so.</summary>
    private static Exception Unusable(string message, Exception problem) =>
        problem.InnerException is IOException or UnauthorizedAccessException
            ? new IOException(message, problem)
            : new StartException(message, problem);

    private static NodeLinkOptions LinkOptionsOf(AgentOptions options, Guid process)
    {
        ClusterOptions cluster = options.Cluster;
        return new NodeLinkOptions
        {
            Cluster = cluster.Name,
            Node = options.NodeName,
            Instance = process,
            Listen = new IPEndPoint(cluster.Listen.Address!, cluster.Listen.Port),
            Advertise = cluster.Advertise?.ToString(),
            Tls = cluster.Tls is { } tls ? new NodeTlsFiles(tls.CaFile, tls.CertificateFile, tls.KeyFile) : null,
            AllowPlaintext = cluster.AllowPlaintext,
        };
    }

    [LoggerMessage(EventId = 542, EventName = "node-not-drained", Level = LogLevel.Warning,
        Message = "{Node} could not give everything away within {Seconds:0} s{Cause} and stops")]
    private static partial void LogNotDrained(ILogger logger, string node, double seconds, string cause);
}
