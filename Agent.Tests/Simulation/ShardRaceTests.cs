using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>What a target hears of one zone while shard and zone both have reasons to tell it something.</summary>
public sealed class ShardRaceTests
{
    private const int Seeds = 30;
    private const int Rounds = 12;
    private static readonly DomainName Zone = DomainName.Parse("example.com.");
    private static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");

    [Fact]
    public void A_target_that_returns_is_never_told_an_older_wish_behind_a_newer() => SimSeeds.ForEach(Seeds, Flapping);

    [Fact]
    public void A_shard_knows_of_a_target_that_was_away_before_the_shard_was_there()
    {
        var kit = new ActorTestKit(1);
        var target = new Server { Healthy = false };
        (IActorRef region, SimMasters masters) = Start(kit, target);
        masters.Zones[Zone] = 1;
        kit.Advance(TimeSpan.FromSeconds(1));
        TestProbe client = kit.CreateTestProbe("client");
        client.Send(region, new CreateZone(Zone, Origin));
        kit.Advance(TimeSpan.FromSeconds(2));
        target.Healthy = true;
        Assert.Equal(ZoneOutcome.Done, client.ExpectMsg<ZoneReply>(TimeSpan.FromSeconds(1)).Outcome);
    }

    [Fact]
    public void A_host_whose_shard_has_a_later_owner_says_so_and_loads_nothing()
    {
        var kit = new ActorTestKit(1);
        TestProbe owner = kit.CreateTestProbe("owner");
        kit.Sys.EventStream.Subscribe(owner.Ref, typeof(ShardFenced));
        var target = new Server();
        (IActorRef region, _) = Start(kit, target, later: 2);
        Assert.Equal(new ShardFenced(0, 1), owner.ExpectMsg<ShardFenced>(TimeSpan.FromSeconds(1)));
        region.Tell(new CreateZone(Zone, Origin), kit.Sys.DeadLetters);
        kit.Advance(TimeSpan.FromSeconds(10));
        owner.ExpectNoMsg(TimeSpan.FromSeconds(1));
        Assert.Empty(target.Heard);
    }

    /// <summary>Its actor broke, and what is durable only the journal can say, which does not answer yet.</summary>
    [Fact]
    public void A_check_that_waits_wakes_no_zone_whose_row_is_being_read()
    {
        var kit = new ActorTestKit(1);
        var journal = new SimJournal(kit.Sim, 1);
        (IActorRef region, SimMasters masters) = Start(kit, new Server(), journal: journal);
        masters.Zones[Zone] = 1;
        region.Tell(new CreateZone(Zone, Origin), kit.Sys.DeadLetters);
        kit.Advance(TimeSpan.FromSeconds(3));
        masters.Away.Add("m1");
        region.Tell(new RefreshZone(Zone, Origin, Force: false), kit.Sys.DeadLetters);
        kit.Advance(TimeSpan.FromSeconds(4));
        masters.Away.Clear();

        // What stands against it makes it be checked in a moment, and before that it breaks.
        kit.Sys.EventStream.Publish(new MasterReturned(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 5354)));
        journal.IsFull = true;
        region.Tell(new CreateZone(Zone, null!), kit.Sys.DeadLetters);
        int asked = masters.Asked.Count;
        kit.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(asked, masters.Asked.Count);
        journal.IsFull = false;
        kit.Advance(TimeSpan.FromSeconds(5));
        Assert.NotEqual(asked, masters.Asked.Count);
    }

    private static ulong Flapping(ulong seed)
    {
        var kit = new ActorTestKit(seed, SimSeeds.Swarm(seed));
        var target = new Server();
        (IActorRef region, SimMasters masters) = Start(kit, target);
        masters.Zones[Zone] = 1;
        region.Tell(new CreateZone(Zone, Origin), kit.Sys.DeadLetters);
        kit.Advance(TimeSpan.FromSeconds(3));
        for (int round = 0; round < Rounds; round++)
        {
            masters.Zones[Zone]++;
            region.Tell(new NotifyZone(Zone, Origin, null, null), kit.Sys.DeadLetters);
            for (int i = 0; i < 300; i++)
            {
                kit.Sys.EventStream.Publish(new TargetHealthChanged("ns1", Healthy: true, Returned: true, Reason: null));
                kit.Advance(TimeSpan.FromMilliseconds(2));
            }
        }

        // While the target flaps, a schedule may let the journal starve.
        kit.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(target.Heard.Order(), target.Heard);
        Assert.True(target.Heard[^1] > 2, $"the zone changed only {target.Heard[^1]} times");
        return kit.Sim.Unseed;
    }

    private static OneNode Start(ActorTestKit kit, Server server, long later = 0, SimJournal? journal = null)
    {
        journal ??= new SimJournal(kit.Sim, 1);
        if (later > 0) journal.TakeShard(0, 1, later, new ReplyTo(kit.Sys.DeadLetters, 0));
        ImmutableSortedDictionary<string, IActorRef> targets = ImmutableSortedDictionary<string, IActorRef>.Empty
            .Add("ns1", kit.ActorOf(Props.Create(static s => new ServerActor(s), server)))
            .Add("ns2", kit.ActorOf(Props.Create(static s => new ServerActor(s), new Server { Name = "ns2" })));
        var policy = new ZonePolicy { PassivateAfter = TimeSpan.FromMilliseconds(100), Quorum = new Quorum(QuorumKind.All) };
        return OneNode.Start(kit, journal, targets, new TransferBudget(8, 4), policy, heldMax: 100);
    }

    /// <summary>A target that proves what it is told at once, unless it is away: then it keeps silent.</summary>
    private sealed class Server
    {
        public string Name { get; init; } = "ns1";

        public bool Healthy { get; set; } = true;

        public List<long> Heard { get; } = [];
    }

    private sealed class ServerActor(Server server) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            switch (message)
            {
                case GetTargetStatus:
                    Sender.Tell(new TargetStatus(server.Name, "test", server.Healthy, null, Clock.UtcNow, 0, 0), Self);
                    break;
                case WantZone wish:
                    server.Heard.Add(wish.Generation);
                    if (!server.Healthy) break;
                    Sender.Tell(
                        new TargetReport(wish.Zone, wish.Generation, new TargetProgress(
                            server.Name, TargetZoneState.Verified, wish.Content?.Serial, Clock.UtcNow, null)),
                        Self);
                    break;
            }
        }
    }
}
