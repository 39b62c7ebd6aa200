using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>Hundreds or a thousand zones that change at once at one master, and one more that changes beside them.</summary>
public sealed class StormTests
{
    private const int Seeds = 3;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private static readonly DomainName Another = DomainName.Parse("another.example.");
    private static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");

    /// <summary>As many as nobody waits for.</summary>
    private static readonly TransferBudget Plenty = new(1000, 1000);

    [Fact]
    public void Another_zone_is_served_long_before_a_crowd_that_waits_for_transfers() =>
        SimSeeds.ForEach(Seeds, seed => Storm(seed, 300, new TransferBudget(1, 1), sim => new SimServer(sim)));

    /// <summary>As named does it: a change that it was given waits for all that it was given before, so it must not be given all.</summary>
    [Fact]
    public void Another_zone_is_served_long_before_a_crowd_that_waits_for_the_server() =>
        SimSeeds.ForEach(Seeds, seed => Storm(seed, 1000, Plenty, sim => new SimServer(sim)
        {
            Traits = new BackendTraits("simulated", 64, TimeSpan.FromMinutes(1)) { ComesInTurn = true },
            LoadsOneByOne = TimeSpan.FromMilliseconds(10),
        }));

    private static ulong Storm(ulong seed, int crowd, TransferBudget budget, Func<SimScheduler, SimServer> serverOf)
    {
        DomainName[] zones = [.. Enumerable.Range(0, crowd).Select(i => DomainName.Parse($"z{i}.example."))];
        var kit = new ActorTestKit(seed);
        SimServer server = serverOf(kit.Sim);
        (IActorRef region, SimMasters masters) = Start(kit, server, budget);
        foreach (DomainName zone in zones.Append(Another))
        {
            masters.Zones[zone] = 1;
            region.Tell(new CreateZone(zone, Origin), kit.Sys.DeadLetters);
        }

        TimeUntil(kit, () => server.Served.Count == crowd + 1);
        kit.Advance(TimeSpan.FromSeconds(5));
        // By itself: this is how long the server needs with a few.
        Change(Another, 2);
        TimeUntil(kit, () => server.Served[Another] == 2);
        kit.Advance(TimeSpan.FromSeconds(5));
        foreach (DomainName zone in zones) Change(zone, 2);
        kit.Advance(TimeSpan.FromMilliseconds(200));
        Change(Another, 3);
        TimeSpan another = TimeUntil(kit, () => server.Served[Another] == 3);
        TimeSpan all = another + TimeUntil(kit, () => zones.All(zone => server.Served[zone] == 2));
        Assert.True(another < all / 4, $"the zone beside took {another}, all of them {all}");
        return kit.Sim.Unseed;

        void Change(DomainName zone, uint serial)
        {
            masters.Zones[zone] = serial;
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

    private static OneNode Start(ActorTestKit kit, SimServer server, TransferBudget budget)
    {
        IActorRef target = kit.ActorOf(BackendActor.Props(new BackendActorSettings("ns1", server, TimeSpan.FromSeconds(10))));
        ImmutableSortedDictionary<string, IActorRef> targets = ImmutableSortedDictionary<string, IActorRef>.Empty.Add("ns1", target);
        return OneNode.Start(kit, new SimJournal(kit.Sim, 1), targets, budget, new ZonePolicy(), heldMax: 2000);
    }
}
