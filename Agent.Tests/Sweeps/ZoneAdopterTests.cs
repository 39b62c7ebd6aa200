using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Sweeps;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Sweeps;

/// <summary>Zones that nobody created become ours where that is the rule.</summary>
public sealed class ZoneAdopterTests : TestKitBase
{
    private readonly TestProbe _region;
    private readonly TestProbe _sweep;
    private readonly IActorRef _adopter;

    public ZoneAdopterTests()
    {
        _region = CreateTestProbe("region");
        _sweep = CreateTestProbe("sweep");
        _adopter = ActorOf(ZoneAdopterActor.Props(new ZoneAdopterSettings(_region.Ref, _sweep.Ref, TimeSpan.FromMinutes(1))));
        RunReady();
    }

    [Fact]
    public void One_after_the_other_and_what_the_masters_do_not_have_stays_as_it_is()
    {
        Sys.EventStream.Publish(Findings(adopts: true, "a.", "b.", "c."));
        CreateZone first = _region.ExpectMsg<CreateZone>();
        Assert.Equal(("a.", "adopted by the sweep of ns1"), (first.Zone.ToString(), first.Origin.Client));
        _region.ExpectNoMsg();
        _region.Reply(new ZoneReply(first.Zone, ZoneOutcome.Done));
        Assert.Equal(first.Zone, _sweep.ExpectMsg<ZoneAdopted>().Zone);
        Assert.Equal("b.", _region.ExpectMsg<CreateZone>().Zone.ToString());
        _region.Reply(new ZoneReply(Zone("b."), ZoneOutcome.Failed, new Reason(ReasonCode.ZoneNotAtMaster, "for a test")));
        Assert.Equal("c.", _region.ExpectMsg<CreateZone>().Zone.ToString());
        _sweep.ExpectNoMsg();
    }

    [Fact]
    public void Only_by_rule_each_zone_once_and_an_answer_that_never_comes_holds_nobody_up()
    {
        Sys.EventStream.Publish(Findings(adopts: false, "x."));
        Sys.EventStream.Publish(Findings(adopts: true, "a.", "b."));
        Sys.EventStream.Publish(Findings(adopts: true, "a.", "b."));
        Assert.Equal("a.", _region.ExpectMsg<CreateZone>().Zone.ToString());
        Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("b.", _region.ExpectMsg<CreateZone>().Zone.ToString());
        _region.Reply(new ZoneReply(Zone("b."), ZoneOutcome.Done));
        _region.ExpectNoMsg();
    }

    private static ServerFindings Findings(bool adopts, params string[] zones) => new("ns1", "swept")
    {
        Adopts = adopts,
        Foreign = [.. zones.Select(zone => new ForeignZone(Zone(zone), 1, default))],
    };

    private static DomainName Zone(string name) => DomainName.Parse(name);
}
