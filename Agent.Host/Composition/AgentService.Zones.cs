using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Backends.Embedded;
using Agent.Backends.Shared;
using Agent.Dns.Zones;
using Agent.Host.Configuration;
using Agent.Host.Journal;
using Agent.Host.Telemetry;
using Agent.Host.Transfers;

namespace Agent.Host.Composition;

/// <content>The actors of zones and of what they work with: targets, masters, transfers, and who is told of their changes.</content>
internal sealed partial class AgentService
{
    private const int MaxHeld = 100_000;
    private const int MaxHeldPerShard = 1_000;
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HoldAtMost = TimeSpan.FromSeconds(4);

    /// <summary>The targets that this node reaches. In a cluster the directory learns of those of the other nodes by itself.</summary>
    private IActorRef StartTargets(
        DataDirectory data, INodeJournal journal, EmbeddedZoneTable zones, RecentDifferences recent, IActorRef writer, TimeProvider clock)
    {
        var targets = ImmutableArray.CreateBuilder<LocalTarget>();
        foreach (TargetOptions target in _options.Targets)
        {
            IZoneBackend backend = target.Settings is CatalogTargetSettings catalog
                ? ProduceCatalog(target, catalog, data, journal, clock)
                : TargetFactory.Create(target, data, zones, _transferKeys, clock, _loggers);
            OnStop(backend.DisposeAsync);
            IContentCheck? check = TargetFactory.CreateCheck(target, data.SpoolPath, _transferKeys, clock);
            if (check is IAsyncDisposable ends) OnStop(ends.DisposeAsync);
            ServerNaming? naming = target.Server is { } server ? new ServerNaming(server.ToEndPoint(), clock) : null;
            if (naming is not null) OnStop(naming.DisposeAsync);
            var settings = new BackendActorSettings(target.Name, backend, ProbeInterval)
            {
                Naming = naming,
                Rules = target.Rules,
                Check = check,
                OnExpire = target.OnExpire,
                History = new ContentHistory(recent, target.Settings.TakesDifferences ? journal.Differences : null),
            };
            if (_cluster is { } cluster)
                settings = settings with { Permit = new GatePermit(cluster.Node.Gate), FenceCheck = new JournalFenceCheck(writer) };
            targets.Add(new LocalTarget(settings, target.Scope == TargetScope.Farm));
        }

        TargetLink? link = _cluster is null ? null : new TargetLink(_options.NodeName, _cluster.Link);
        return _system.ActorOf(TargetDirectoryActor.Props(new TargetDirectorySettings(targets.ToImmutable(), link)), "targets");
    }

    private IActorRef StartZones(INodeJournal journal, IActorRef writer, MasterClient client, IActorRef targets)
    {
        TransferOptions transfer = _options.Transfer;
        _system.EventStream.Subscribe(new MasterGauges(AgentMetrics.Meter), typeof(MasterStates));
        var directory = new MasterDirectorySettings(client, _options.Roster)
        {
            Pace = transfer.Pace,
            TrialTimeout = transfer.QueryTimeout,
        };
        _masters = _system.ActorOf(MasterDirectoryActor.Props(directory), "masters");
        IActorRef budget = _system.ActorOf(TransferBudgetActor.Props(transfer.Budget), "transfer-budget");
        _policy = new ZonePolicyHolder(_options.Zones);
        var transfers = new TransferSettings(client, _masters, budget, transfer.Limits, transfer.QueryTimeout, transfer.QueryGrace);
        int shards = _options.Cluster.Shards;
        var zones = new ZoneActorSettings(ImmutableSortedDictionary<string, IActorRef>.Empty, writer, transfers, _policy)
        {
            TargetDirectory = targets,
            Announcements = StartAnnouncements(client),
        };
        var hosting = new ZoneShardSettings(zones, shards, transfer.Pace.ChecksPerSecond / shards, MaxEarly: 10_000);
        Props host = ZoneShardActor.Props(WithCatalogs(hosting, writer));
        ICoordination coordination = _cluster is null ? new EmbeddedCoordination(shards, journal.Epoch) : new ClusterCoordination(shards);
        var region = new ShardRegionSettings(coordination, host, new UnplacedZones(), HoldAtMost, MaxHeld)
        {
            HoldWishAtMost = _options.Zones.AnswerDeadline,
            MaxHeldPerShard = Math.Max(MaxHeldPerShard, MaxHeld / shards),
            Peers = _cluster is { } cluster
                ? new RegionPeers(_options.NodeName, cluster.Node.View, cluster.Link)
                {
                    Gate = cluster.Node.Gate,
                    Check = new JournalOwnershipCheck(writer),
                }
                : null,
        };
        return _system.ActorOf(ShardRegionActor.Props(region), "zones");
    }

    private IActorRef? StartAnnouncements(MasterClient client) => _options.AlsoNotify.Count == 0 ? null : _system.ActorOf(
        NotifyOutActor.Props(new NotifyOutSettings(
            client, [.. _options.AlsoNotify], _options.Transfer.NotifyRetry, _options.Transfer.NotifyTries)),
        "announcements");
}
