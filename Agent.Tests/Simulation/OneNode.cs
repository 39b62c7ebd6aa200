using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>The zones of a node by itself, in one shard, with one simulated master.</summary>
/// <param name="Region">Takes what is asked of zones.</param>
/// <param name="Masters">What the master has.</param>
internal sealed record OneNode(IActorRef Region, SimMasters Masters)
{
    /// <param name="targets">By name.</param>
    /// <param name="budget">How many may transfer at once.</param>
    /// <param name="heldMax">So many messages are held for a shard that is not there yet.</param>
    public static OneNode Start(
        ActorTestKit kit,
        SimJournal journal,
        ImmutableSortedDictionary<string, IActorRef> targets,
        TransferBudget budget,
        ZonePolicy policy,
        int heldMax)
    {
        var masters = new SimMasters(kit.Sim);
        IActorRef directory = kit.ActorOf(MasterDirectoryActor.Props(new MasterDirectorySettings(
            masters, new MasterRoster([new Master("m1", "192.0.2.1", 5354, null)]))));
        IActorRef transfers = kit.ActorOf(TransferBudgetActor.Props(budget));
        var limits = new TransferLimits(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), 1000, 0, 0);
        var zones = new ZoneActorSettings(
            targets,
            kit.ActorOf(JournalActor.Props(journal, 1)),
            new TransferSettings(masters, directory, transfers, limits, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(150)),
            new ZonePolicyHolder(policy));
        IActorRef region = kit.ActorOf(ShardRegionActor.Props(new ShardRegionSettings(
            new EmbeddedCoordination(1, 1),
            ZoneShardActor.Props(new ZoneShardSettings(zones, 1, ChecksPerSecond: 100, MaxEarly: heldMax)),
            new UnplacedZones(),
            TimeSpan.FromSeconds(4),
            MaxHeld: heldMax)));
        return new OneNode(region, masters);
    }
}
