using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Catalogs;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Sweeps;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// One node of <see cref="SimCluster"/>: the actors that the program's composition starts, in the same order, over models of what is
/// outside. A start makes everything anew; only the lease that was remembered lasts.
/// </summary>
internal sealed class SimClusterNode(SimCluster cluster, SimNode node, SimServer self) : ILeaseMemory
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(10);

    private readonly KernelRandom _random = cluster.Sim.Faults.Fork();
    private long? _lease;
    private ActorSystem? _system;
    private ZonePolicyHolder? _policy;

    public SimNode Node => node;

    public string Name => node.Name;

    /// <summary>The server that only this node reaches.</summary>
    public SimServer Self => self;

    /// <summary>The farm's servers as this node reaches them, by name.</summary>
    public SortedDictionary<string, SimServerEnd> Farm { get; } = new(StringComparer.Ordinal);

    public SimMastersEnd Masters { get; private set; } = null!;

    public ClusterNode Cluster { get; private set; } = null!;

    public IActorRef Region { get; private set; } = null!;

    /// <summary>The directory of targets.</summary>
    public IActorRef Targets { get; private set; } = null!;

    /// <summary>It was started once; perhaps it is not ready yet.</summary>
    public bool IsBegun { get; private set; }

    /// <summary>When it stood still for the last time.</summary>
    public TimeSpan? LastPaused { get; set; }

    /// <summary>Its doors are open.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>The lease that the gate of this node speaks of.</summary>
    public long? Lease => _lease;

    public long? Recall() => _lease;

    public void Remember(long lease) => _lease = lease;

    public void Start()
    {
        (IsBegun, HasStarted) = (true, false);
        Guid process = SimNetwork.InstanceOf(node);
        ActorSystem system = _system = node.CreateSystem("agent");
        SimStoreClient store = cluster.Store.Connect(node);
        store.Deadline = cluster.Times.RequestDeadline;
        store.ProgressTimeout = cluster.Times.Beat * 3;
        SimTransport transport = cluster.Network.Attach(node, process);
        ClusterNodeSettings settings = Settings(process, store);
        Cluster = ClusterNode.Watch(system, settings);
        IActorRef journal = system.ActorOf(
            JournalActor.Props(new SimJournalPort(cluster.Journal.Connect(node), cluster.Shards), cluster.Shards), "journal");
        IActorRef targets = Targets = StartTargets(system, journal, transport);
        Region = StartZones(system, journal, targets, transport);
        // The program opens its journal and reads in between; meanwhile the node may become a member.
        if (_random.Chance(0.3)) node.Schedule(cluster.Times.Beat * _random.NextDouble(), Work);
        else Work();

        void Work()
        {
            system.ActorOf(
                TargetPlacementActor.Props(new TargetPlacementSettings(cluster.Shards, Cluster.View, targets)), "target-placement");
            Cluster.Work(system, settings, Region, targets, transport);
            HasStarted = true;
        }
    }

    /// <summary>Reads its file anew, as on SIGHUP.</summary>
    public void Reload()
    {
        if (!HasStarted || !node.IsUp) return;
        _policy!.Current = cluster.Policy;
        _system!.EventStream.Publish(new ZonePolicyExchanged());
        Cluster.Keeper.Tell(new SetPlacement(PlacementMark.Of(cluster.Policy)));
    }

    /// <summary>The actors end as they do when the program ends in good order, and then the process. It comes back as after a
    /// crash.</summary>
    public void StopInOrder()
    {
        HasStarted = false;
        _ = _system!.Terminate();
        node.Schedule(cluster.Times.RequestDeadline, node.Crash);
    }

    private ClusterNodeSettings Settings(Guid process, SimStoreClient store) => new(
        Name,
        process,
        Name,
        "0",
        1,
        new NodeRecord(Name, ["self"], [.. cluster.FarmServers.Keys]),
        new ConfigRecord(cluster.Shards, ConfigRecord.OurHash, ConfigRecord.OurFormat, 0),
        cluster.Keys,
        store,
        cluster.Times,
        this,
        () => node.SimClock.SinceBoot,
        DrainMax: TimeSpan.FromSeconds(10),
        new RebalanceBounds())
    {
        Placement = PlacementMark.Of(cluster.Policy),
        Desk = new SimDesk(cluster.Sim, node),
    };

    private IActorRef StartTargets(ActorSystem system, IActorRef journal, SimTransport transport)
    {
        LocalTarget Target(string name, SimServerEnd end, bool isFarmScoped) => new(
            new BackendActorSettings(name, end, ProbeInterval)
            {
                Permit = new GatePermit(Cluster.Gate),
                FenceCheck = new JournalFenceCheck(journal),
                Check = end,
                Rules = new TargetRules { Drift = DriftRule.Repair },
            },
            isFarmScoped);
        Farm.Clear();
        foreach ((string name, SimServer server) in cluster.FarmServers)
            Farm.Add(name, new SimServerEnd(cluster.Sim, cluster.Log, node, server));
        ImmutableArray<LocalTarget> local =
        [
            Target("self", new SimServerEnd(cluster.Sim, cluster.Log, node, self), isFarmScoped: false),
            .. Farm.Select(f => Target(f.Key, f.Value, isFarmScoped: true)),
        ];
        return system.ActorOf(
            TargetDirectoryActor.Props(new TargetDirectorySettings(local, new TargetLink(Name, transport))), "targets");
    }

    private IActorRef StartZones(ActorSystem system, IActorRef journal, IActorRef targets, SimTransport transport)
    {
        Masters = new SimMastersEnd(cluster.Sim, node, cluster.Masters);
        ImmutableArray<Master> masters = [new("m1", "192.0.2.1", 5354, null), new("m2", "192.0.2.2", 5354, null)];
        IActorRef directory = system.ActorOf(
            MasterDirectoryActor.Props(new MasterDirectorySettings(Masters, new MasterRoster(masters)) { Pace = cluster.Pace }), "masters");
        IActorRef budget = system.ActorOf(TransferBudgetActor.Props(new TransferBudget(8, 4)), "transfer-budget");
        var limits = new TransferLimits(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), 1000, 0, 0);
        var transfers = new TransferSettings(Masters, directory, budget, limits, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(150));
        var zones = new ZoneActorSettings(
            ImmutableSortedDictionary<string, IActorRef>.Empty, journal, transfers, _policy = new ZonePolicyHolder(cluster.Policy))
        {
            TargetDirectory = targets,
        };
        Props host = ZoneShardActor.Props(WithCatalog(
            new ZoneShardSettings(zones, cluster.Shards, ChecksPerSecond: 500.0 / cluster.Shards, MaxEarly: 10_000), journal));
        var region = new ShardRegionSettings(
            new ClusterCoordination(cluster.Shards), host, new UnplacedZones(), TimeSpan.FromSeconds(4), 1000)
        {
            HoldWishAtMost = cluster.Policy.AnswerDeadline,
            MaxHeldPerShard = 1000,
            Peers = new RegionPeers(Name, Cluster.View, transport) { Gate = Cluster.Gate, Check = new JournalOwnershipCheck(journal) },
        };
        IActorRef zonesOfAll = system.ActorOf(ShardRegionActor.Props(region), "zones");
        system.ActorOf(LookBehindActor.Props(new LookBehindSettings(zonesOfAll)), "look-behind");
        return zonesOfAll;
    }

    private ZoneShardSettings WithCatalog(ZoneShardSettings shards, IActorRef journal)
    {
        if (cluster.Catalog is not { } catalog) return shards;
        var policies = new CatalogPolicyHolder(ImmutableDictionary<DomainName, CatalogPolicy>.Empty.Add(catalog.Name, catalog.Policy));
        var settings = new CatalogSettings(policies, journal, new SimCatalogReader(cluster.Sim, node, catalog));
        return shards with
        {
            Catalogs = settings.Names,
            CatalogProps = (name, region) => CatalogActor.Props(settings, name, region),
        };
    }
}
