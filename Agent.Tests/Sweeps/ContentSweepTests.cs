using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Sweeps;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.Simulation;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Sweeps;

/// <summary>The look at the contents of servers, over targets, zones and a journal that the test plays.</summary>
public sealed class ContentSweepTests : TestKitBase
{
    private readonly SortedDictionary<DomainName, ZoneRow> _rows = [];
    private readonly SortedDictionary<string, PlayedTarget> _targets = new(StringComparer.Ordinal);
    private readonly List<LookAtTarget> _looks = [];
    private readonly TestProbe _region;
    private readonly TestProbe _journal;
    private readonly TestProbe _directory;
    private bool _isJournalAway;
    private long _version;

    public ContentSweepTests()
    {
        _directory = CreateTestProbe("directory");
        _region = CreateTestProbe("region");
        _region.SetAutoPilot((probe, message) =>
        {
            if (message is not LookAtTarget look) return;
            _looks.Add(look);
            probe.Reply(new ZoneReply(look.Zone, ZoneOutcome.Done));
        });
        _journal = CreateTestProbe("journal");
        _journal.SetAutoPilot((probe, message) =>
        {
            if (message is not AskWanted x) return;
            probe.Reply(_isJournalAway
                ? new WantedReadFailed(new Reason(ReasonCode.JournalAway, "for a test"))
                : JournalOwners.Wanted(_rows.Values, x.After, x.Limit));
        });
    }

    [Fact]
    public void Every_zone_is_looked_at_deeply_at_every_server_once_in_an_interval_and_not_faster_than_allowed()
    {
        Want(1203);
        Hold("ns1");
        Hold("ns2");
        IActorRef sweep = Start();
        Advance(TimeSpan.FromMinutes(9));
        Assert.Empty(_looks);
        Advance(TimeSpan.FromMinutes(2));
        Assert.InRange(_looks.Count, 250, 320);
        Advance(TimeSpan.FromMinutes(12));
        Assert.Equal(["swept", "swept"], States(sweep));
        Assert.All(_looks, l => Assert.Equal(LookDepth.Content, l.Depth));
        foreach (string target in new[] { "ns1", "ns2" })
            Assert.Equal(_rows.Keys, _looks.Where(l => l.Target == target).Select(l => l.Zone));
        Advance(TimeSpan.FromHours(25));
        Assert.Equal(4 * 1203, _looks.Count);
    }

    [Fact]
    public void A_server_that_does_not_get_done_is_waited_for()
    {
        Want(100);
        PlayedTarget slow = Hold("ns1");
        slow.Comparisons = 8;
        IActorRef sweep = Start();
        Advance(TimeSpan.FromMinutes(11));
        Assert.Empty(_looks);
        slow.Comparisons = 7;
        Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["swept"], States(sweep));
        Assert.Equal(100, _looks.Count);
    }

    [Fact]
    public void Servers_that_others_hold_that_are_away_or_whose_rule_is_off_are_left()
    {
        Want(3);
        Hold("ns1").Listing = null;
        PlayedTarget away = Hold("ns2");
        away.IsHealthy = false;
        Hold("ns3").Rule = DriftRule.Off;
        IActorRef sweep = Start();
        Advance(TimeSpan.FromMinutes(12));
        Assert.Equal(["elsewhere", "away", "off"], States(sweep));
        Assert.Empty(_looks);
        away.IsHealthy = true;
        Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(["elsewhere", "swept", "off"], States(sweep));
        Assert.Equal(3, _looks.Count);
    }

    [Theory]
    [InlineData(false, 40)]
    [InlineData(true, 5)]
    public void What_was_put_off_for_want_of_the_server_is_due_when_it_is_back(bool isRepair, int seconds)
    {
        Want(3);
        PlayedTarget target = Hold("ns1");
        target.IsHealthy = false;
        IActorRef sweep = Start();
        if (isRepair) Ask<RepairBegun>(sweep, new RepairTarget("ns1"));
        else Advance(TimeSpan.FromMinutes(10));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["away"], States(sweep));
        target.IsHealthy = true;
        Sys.EventStream.Publish(new TargetHealthChanged("ns1", Healthy: true, Returned: true, Reason: null));
        Assert.Equal([isRepair ? "sweeping" : "waiting"], States(sweep));
        Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(["swept"], States(sweep));
        Assert.Equal(3, _looks.Count);
    }

    [Fact]
    public void A_repair_goes_through_everything_at_once_beginning_with_what_is_known_whatever_the_rule()
    {
        Want(30);
        DomainName known = _rows.Keys.Last();
        PlayedTarget target = Hold("ns1");
        target.Rule = DriftRule.Off;
        target.Standing = [new DriftFinding(known, DriftKind.Content, 1, 1, null, default, IsRepairing: false)];
        IActorRef sweep = Start(interval: TimeSpan.Zero);
        Advance(TimeSpan.FromHours(30));
        Assert.Empty(_looks);
        Assert.True(Ask<RepairBegun>(sweep, new RepairTarget("ns1")).IsKnown);
        Assert.False(Ask<RepairBegun>(sweep, new RepairTarget("ns9")).IsKnown);
        Advance(TimeSpan.FromSeconds(20));
        Assert.All(_looks, l => Assert.Equal(LookDepth.Repair, l.Depth));
        Assert.Equal([known, .. _rows.Keys], _looks.Select(l => l.Zone));
        Advance(TimeSpan.FromHours(60));
        Assert.Equal(31, _looks.Count);
    }

    [Fact]
    public void A_repair_goes_before_the_look_through_another_server_which_goes_on_where_it_was()
    {
        Want(1203);
        Hold("ns1");
        PlayedTarget second = Hold("ns2");
        second.Rule = DriftRule.Off;
        IActorRef sweep = Start();
        Advance(TimeSpan.FromMinutes(13));
        int before = _looks.Count;
        Assert.InRange(before, 700, 1100);
        Ask<RepairBegun>(sweep, new RepairTarget("ns2"));
        Advance(TimeSpan.FromSeconds(30));
        Assert.All(_looks.Skip(before), l => Assert.Equal("ns2", l.Target));
        Advance(TimeSpan.FromMinutes(10));
        LookAtTarget[] first = [.. _looks.Where(l => l.Target == "ns1")];
        Assert.Equal(_rows.Keys, first.Select(l => l.Zone).Distinct());
        Assert.InRange(first.Length, 1203, 1203 + 500);
        Assert.Equal(["swept", "swept"], States(sweep));
    }

    [Fact]
    public void A_repair_that_the_journal_breaks_off_is_begun_anew()
    {
        Want(3);
        Hold("ns1");
        IActorRef sweep = Start(interval: TimeSpan.Zero);
        _isJournalAway = true;
        Ask<RepairBegun>(sweep, new RepairTarget("ns1"));
        Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["failed"], States(sweep));
        _isJournalAway = false;
        Advance(TimeSpan.FromMinutes(6));
        Assert.Equal([LookDepth.Repair, LookDepth.Repair, LookDepth.Repair], _looks.Select(l => l.Depth));
    }

    [Fact]
    public void A_target_that_goes_in_the_middle_is_forgotten_and_one_that_is_silent_holds_nobody_up()
    {
        Want(2000);
        Hold("ns1");
        Hold("ns2").IsSilent = true;
        IActorRef sweep = Start();
        Advance(TimeSpan.FromMinutes(11));
        _targets.Remove("ns1");
        sweep.Tell(Targets());
        Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["failed"], States(sweep));
        Assert.All(_looks, l => Assert.Equal("ns1", l.Target));
    }

    private IActorRef Start(TimeSpan? interval = null)
    {
        var settings = new ContentSweepSettings(_directory.Ref, _region.Ref, _journal.Ref);
        IActorRef sweep = ActorOf(ContentSweepActor.Props(interval is { } own ? settings with { Interval = own } : settings));
        _directory.ExpectMsg<GetTargetSet>();
        _directory.Reply(Targets());
        return sweep;
    }

    private IEnumerable<string> States(IActorRef sweep) =>
        Ask<ContentSweeps>(sweep, new GetContentSweep()).Servers.Select(s => s.State);

    private TargetSetChanged Targets() => new(new TargetSet(
        ++_version, _targets.ToImmutableSortedDictionary(s => s.Key, s => s.Value.Probe.Ref, StringComparer.Ordinal)));

    private PlayedTarget Hold(string name)
    {
        var target = new PlayedTarget(name, CreateTestProbe(name));
        _targets.Add(name, target);
        return target;
    }

    private void Want(int zones)
    {
        foreach (string zone in Enumerable.Range(0, zones).Select(i => $"z{i:D5}."))
        {
            DomainName name = DomainName.Parse(zone);
            _rows[name] = new ZoneRow
            {
                Name = name,
                Wish = ZoneWish.Present,
                Generation = 1,
                ChangedAt = default,
                Content = SampleZones.Content(zone, 1),
            };
        }
    }

    private sealed class PlayedTarget
    {
        public PlayedTarget(string name, TestProbe probe)
        {
            Probe = probe;
            probe.SetAutoPilot((_, message) =>
            {
                object? answer = message switch
                {
                    _ when IsSilent => null,
                    GetTargetStatus => new TargetStatus(name, "played", IsHealthy, null, default, 0, 0)
                    {
                        Listing = Listing,
                        Drift = Rule,
                        Comparisons = Comparisons,
                    },
                    GetTargetDrift => new TargetDrift(name, Standing, [], 0),
                    _ => null,
                };
                if (answer is not null) probe.Reply(answer);
            });
        }

        public TestProbe Probe { get; }

        public ZoneListing? Listing { get; set; } = ZoneListing.Whole;

        public DriftRule Rule { get; set; } = DriftRule.Report;

        public int Comparisons { get; set; }

        public bool IsHealthy { get; set; } = true;

        public bool IsSilent { get; set; }

        public ImmutableArray<DriftFinding> Standing { get; set; } = [];
    }
}
