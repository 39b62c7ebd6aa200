using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>Hundreds of zones that change at once at one master, and one more that changes beside them.</summary>
public sealed class StormTests
{
    private const int Seeds = 3;
    private const int Crowd = 300;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private static readonly DomainName Another = DomainName.Parse("another.example.");
    private static readonly DomainName[] Zones = [.. Enumerable.Range(0, Crowd).Select(i => DomainName.Parse($"z{i}.example."))];
    private static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");

    [Fact]
    public void Another_zone_is_served_long_before_a_crowd_that_waits_for_transfers() =>
        SimSeeds.ForEach(Seeds, Storm);

    private static ulong Storm(ulong seed)
    {
        var kit = new ActorTestKit(seed);
        var server = new SimServer(kit.Sim);
        (IActorRef region, SimMasters masters) = Start(kit, server);
        foreach (DomainName zone in Zones.Append(Another))
        {
            masters.Zones[zone] = 1;
            region.Tell(new CreateZone(zone, Origin), kit.Sys.DeadLetters);
        }

        TimeUntil(kit, () => server.Served.Count == Crowd + 1);
        kit.Advance(TimeSpan.FromSeconds(5));
        foreach (DomainName zone in Zones) Change(zone);
        kit.Advance(TimeSpan.FromMilliseconds(200));
        Change(Another);
        TimeSpan another = TimeUntil(kit, () => server.Served[Another] == 2);
        TimeSpan all = another + TimeUntil(kit, () => Zones.All(zone => server.Served[zone] == 2));
        Assert.True(another < all / 4, $"the zone beside took {another}, all of them {all}");
        return kit.Sim.Unseed;

        void Change(DomainName zone)
        {
            masters.Zones[zone] = 2;
            region.Tell(new NotifyZone(zone, Origin, null, null), kit.Sys.DeadLetters);
        }
    }

    private static TimeSpan TimeUntil(ActorTestKit kit, Func<bool> isSo)
    {
        TimeSpan began = kit.Sim.Now;
        while (!isSo())
        {
            Assert.True(kit.Sim.Now - began < TimeSpan.FromMinutes(2), "it never comes to that");
            kit.Advance(Step);
        }

        return kit.Sim.Now - began;
    }

    private static OneNode Start(ActorTestKit kit, SimServer server)
    {
        IActorRef target = kit.ActorOf(BackendActor.Props(new BackendActorSettings("ns1", server, TimeSpan.FromSeconds(10))));
        ImmutableSortedDictionary<string, IActorRef> targets = ImmutableSortedDictionary<string, IActorRef>.Empty.Add("ns1", target);
        return OneNode.Start(kit, new SimJournal(kit.Sim, 1), targets, new TransferBudget(1, 1), new ZonePolicy(), heldMax: 1000);
    }
}
