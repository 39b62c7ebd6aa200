using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>
/// One agent of real actor code, two servers and two masters, on one thread and in virtual time. The agent can be killed and started
/// again on what its journal holds.
/// </summary>
internal sealed class SimFarm
{
    public const int Shards = 4;

    private readonly SimNode _node;
    private readonly PaceLimits _pace;
    private readonly string? _withdrawing;
    private readonly ZonePolicyHolder _policy;
    private long _epoch;

    public SimFarm(ulong seed, SimOptions? options = null, ZonePolicy? policy = null, PaceLimits? pace = null, string? withdrawing = null)
    {
        _pace = pace ?? new PaceLimits(500, 2000);
        _withdrawing = withdrawing;
        Sim = new SimScheduler(seed, options ?? SimSeeds.Swarm(seed));
        _node = Sim.CreateNode("agent");
        Journal = new SimJournal(Sim, Shards);
        Masters = new SimMasters(Sim);
        Servers = new SortedDictionary<string, SimServer>(StringComparer.Ordinal) { ["ns1"] = new(Sim), ["ns2"] = new(Sim) };
        _policy = new ZonePolicyHolder(policy ?? new ZonePolicy { PassivateAfter = TimeSpan.FromSeconds(2) });
        Start();
    }

    public SimScheduler Sim { get; }

    public SimJournal Journal { get; }

    public SimMasters Masters { get; }

    public SortedDictionary<string, SimServer> Servers { get; }

    public ZonePolicy Policy => _policy.Current;

    public ActorSystem System { get; private set; } = null!;

    public IActorRef Region { get; private set; } = null!;

    public ImmutableSortedDictionary<string, IActorRef> Targets { get; private set; } = null!;

    /// <summary>The process dies where it stands, and comes back after a while.</summary>
    public void KillAndRestart(TimeSpan after)
    {
        _node.Crash();
        Sim.RunFor(after);
        _node.Restart();
        Start();
    }

    /// <summary>One server is trusted and only told about, the other one neither.</summary>
    private static TargetRules RulesOf(string server) => server == "ns1"
        ? new TargetRules { Verify = ContentProof.Sample, ReAdd = ReAddRule.Unserved, Drift = DriftRule.Report }
        : new TargetRules { Verify = ContentProof.Digest, ReAdd = ReAddRule.Always, Drift = DriftRule.Repair };

    /// <summary>As a reload does it.</summary>
    public void ChangePolicy(ZonePolicy policy)
    {
        _policy.Current = policy;
        System.EventStream.Publish(new ZonePolicyExchanged());
    }

    private void Start()
    {
        System = _node.CreateSystem("agent");
        IActorRef journal = System.ActorOf(JournalActor.Props(Journal, Shards), "journal");
        ImmutableArray<Master> masters = [new("m1", "192.0.2.1", 5354, null), new("m2", "192.0.2.2", 5354, null)];
        IActorRef directory = System.ActorOf(MasterDirectoryActor.Props(new MasterDirectorySettings(Masters, new MasterRoster(masters))
        {
            Pace = _pace,
        }), "masters");
        IActorRef budget = System.ActorOf(TransferBudgetActor.Props(new TransferBudget(8, 4)), "budget");
        Targets = Servers.ToImmutableSortedDictionary(
            s => s.Key,
            s => System.ActorOf(BackendActor.Props(new BackendActorSettings(s.Key, s.Value, TimeSpan.FromSeconds(10))
            {
                Check = s.Value,
                Rules = RulesOf(s.Key),
                OnExpire = s.Key == _withdrawing ? OnExpire.Withdraw : OnExpire.Keep,
            }), $"target-{s.Key}"),
            StringComparer.Ordinal);
        var limits = new TransferLimits(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), 1000, 0, 0);
        var transfers = new TransferSettings(Masters, directory, budget, limits, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(150));
        var zones = new ZoneActorSettings(Targets, journal, transfers, _policy);
        var shards = new ZoneShardSettings(zones, Shards, ChecksPerSecond: 100, MaxEarly: 1000);
        Region = System.ActorOf(
            ShardRegionActor.Props(new ShardRegionSettings(
                new EmbeddedCoordination(Shards, ++_epoch),
                ZoneShardActor.Props(shards),
                new UnplacedZones(),
                TimeSpan.FromSeconds(4),
                1000)),
            "region");
    }
}
