using Agent.Actors.Anycast;
using Agent.Actors.Reasons;

namespace Agent.Tests.Anycast;

/// <summary>When a node announces and withdraws, look by look. A look is a second.</summary>
public sealed class AnycastMachineTests
{
    private static readonly AnycastFacts Fit = new()
    {
        Servers = 1, ServersUp = 1, Proven = new ProvenShare(100, 100), Others = new OtherAnnouncers(Members: 2, Announcing: 2, Fit: 2),
    };

    private AnycastMachine _machine = new(Policy, TimeSpan.Zero);
    private TimeSpan _now;

    internal static AnycastPolicy Policy { get; } = new()
    {
        Interval = TimeSpan.FromSeconds(1),
        VerifiedPercent = 95,
        LateAfter = TimeSpan.FromSeconds(15),
        StaleAfter = TimeSpan.FromSeconds(60),
        Rise = 3,
        Fall = 2,
        RiseDelay = TimeSpan.FromSeconds(10),
        MinimumAnnouncers = 1,
        LastResortAfter = TimeSpan.FromSeconds(30),
        WithdrawAlone = false,
        StopWait = TimeSpan.FromSeconds(20),
        Settle = TimeSpan.FromSeconds(2),
        MetricFit = 0,
        MetricLate = 100,
        MetricLastResort = 1000,
    };

    [Fact]
    public void A_start_waits_for_good_looks_and_for_its_delay()
    {
        Look(Fit, seconds: 9);
        Assert.False(_machine.IsAnnounced);
        Assert.Equal(ReasonCode.RiseDelay, Assert.Single(_machine.Reasons).Code);
        Look(Fit);
        Assert.True(_machine.IsAnnounced);
        Assert.Equal(0, _machine.Metric);
        Assert.Empty(_machine.Reasons);
    }

    [Fact]
    public void One_bad_look_begins_the_good_ones_anew()
    {
        Look(Fit, seconds: 8);
        Look(Fit with { ServersUp = 0 });
        Look(Fit, seconds: 2);
        Assert.False(_machine.IsAnnounced);
        Look(Fit);
        Assert.True(_machine.IsAnnounced);
    }

    [Theory]
    [InlineData(100, 94, false)]
    [InlineData(100, 95, true)]
    [InlineData(1, 0, false)]
    [InlineData(0, 0, true)]
    public void Nothing_is_announced_before_the_owners_say_that_enough_zones_are_proven(int zones, int proven, bool isEnough)
    {
        Look(Fit with { Proven = null }, seconds: 20);
        Assert.False(_machine.IsAnnounced);
        Look(Fit with { Proven = new ProvenShare(zones, proven) }, seconds: 3);
        Assert.Equal(isEnough, _machine.IsAnnounced);
    }

    [Fact]
    public void A_later_count_of_the_owners_says_nothing_against_a_node_that_has_proven_itself()
    {
        Announced();
        Look(Fit with { Proven = new ProvenShare(100, 10) }, seconds: 5);
        Assert.True(_machine is { IsAnnounced: true, IsFit: true });
    }

    [Fact]
    public void A_late_change_raises_the_metric_at_once_and_it_falls_when_that_has_lasted()
    {
        Announced();
        Look(Fit with { OwedFor = TimeSpan.FromSeconds(16) });
        Assert.Equal((100, true, true), (_machine.Metric, _machine.IsAnnounced, _machine.IsFit));
        Look(Fit);
        Assert.Equal(0, _machine.Metric);
    }

    [Theory]
    [InlineData(ReasonCode.UnverifiedAge)]
    [InlineData(ReasonCode.UnverifiedShare)]
    [InlineData(ReasonCode.TargetAway)]
    public void Trouble_of_its_own_wants_the_leave_of_fit_others(string code)
    {
        Announced();
        AnycastFacts bad = BadBy(code);
        Look(bad);
        Assert.Equal((true, LeaveBasis.None), (_machine.IsAnnounced, _machine.Leave));
        Look(bad);
        Assert.Equal((true, LeaveBasis.Fit, 1000), (_machine.IsAnnounced, _machine.Leave, _machine.Metric));
        Assert.Contains(code, _machine.Reasons.Select(reason => reason.Code));
        _machine.Left(_now);
        Assert.False(_machine.IsAnnounced);
    }

    [Theory]
    [InlineData(ReasonCode.UnverifiedAge)]
    [InlineData(ReasonCode.TargetAway)]
    public void When_all_are_in_the_same_trouble_all_stay(string code)
    {
        Announced();
        Look(BadBy(code) with { Others = new OtherAnnouncers(Members: 2, Announcing: 2, Fit: 0) }, seconds: 100);
        Assert.Equal((true, LeaveBasis.None, 1000), (_machine.IsAnnounced, _machine.Leave, _machine.Metric));
        Assert.Contains(ReasonCode.LastAnnouncer, _machine.Reasons.Select(reason => reason.Code));
    }

    [Fact]
    public void A_store_that_cannot_be_heard_gives_no_leave()
    {
        Announced();
        Look(BadBy(ReasonCode.UnverifiedAge) with { Others = null }, seconds: 100);
        Assert.Equal((true, LeaveBasis.None), (_machine.IsAnnounced, _machine.Leave));
        Assert.Contains(ReasonCode.StoreAway, _machine.Reasons.Select(reason => reason.Code));
    }

    [Fact]
    public void A_stuck_runtime_asks_nobody()
    {
        Announced();
        Look(Fit with { IsStuck = true, Others = null });
        Assert.False(_machine.IsAnnounced);
    }

    [Fact]
    public void A_drain_goes_with_the_leave_of_any_other_announcer_and_waits_for_one()
    {
        Announced();
        Look(Fit with { IsDraining = true, Others = new OtherAnnouncers(Members: 2, Announcing: 0, Fit: 0) }, seconds: 100);
        Assert.Equal((true, LeaveBasis.None), (_machine.IsAnnounced, _machine.Leave));
        Look(Fit with { IsDraining = true, Others = new OtherAnnouncers(Members: 2, Announcing: 1, Fit: 0) });
        Assert.Equal(LeaveBasis.Announcing, _machine.Leave);
    }

    [Fact]
    public void A_stop_waits_for_another_announcer_and_not_for_ever()
    {
        Announced();
        AnycastFacts stopping = Fit with { IsStopping = true, Others = new OtherAnnouncers(Members: 2, Announcing: 0, Fit: 0) };
        Look(stopping, seconds: 20);
        Assert.Equal((true, LeaveBasis.None), (_machine.IsAnnounced, _machine.Leave));
        Look(stopping);
        Assert.False(_machine.IsAnnounced);
        Look(Fit with { IsStopping = true }, seconds: 100);
        Assert.False(_machine.IsAnnounced);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    public void A_stop_does_not_wait_where_nobody_can_come(bool isAlone, int members)
    {
        Announced();
        Look(Fit with { IsStopping = true, IsAlone = isAlone, Others = isAlone ? null : new OtherAnnouncers(members, 0, 0) });
        Assert.False(_machine.IsAnnounced);
    }

    [Fact]
    public void An_agent_that_stands_alone_stays_with_stale_content_and_goes_without_a_server()
    {
        AnycastFacts alone = Fit with { IsAlone = true, Others = null };
        Look(alone, seconds: 10);
        Look(alone with { OwedFor = TimeSpan.FromHours(1), Owed = 100 }, seconds: 100);
        Assert.Equal((true, 1000), (_machine.IsAnnounced, _machine.Metric));
        Look(alone with { ServersUp = 0 }, seconds: 2);
        Assert.False(_machine.IsAnnounced);
        Look(alone with { ServersUp = 0 }, seconds: 100);
        Assert.False(_machine.IsAnnounced);
    }

    [Fact]
    public void An_agent_that_stands_alone_withdraws_for_staleness_where_it_is_told_to()
    {
        _machine = new AnycastMachine(Policy with { WithdrawAlone = true }, TimeSpan.Zero);
        Look(Fit with { IsAlone = true }, seconds: 10);
        Look(Fit with { IsAlone = true, OwedFor = TimeSpan.FromHours(1) }, seconds: 2);
        Assert.False(_machine.IsAnnounced);
    }

    [Fact]
    public void A_node_that_is_not_fit_announces_when_nobody_else_does_for_long()
    {
        AnycastFacts unproven = Fit with { Proven = new ProvenShare(100, 1), Others = new OtherAnnouncers(2, 0, 0) };
        Look(unproven, seconds: 30);
        Assert.False(_machine.IsAnnounced);
        Look(unproven);
        Assert.Equal((true, 1000), (_machine.IsAnnounced, _machine.Metric));
        Look(unproven with { Others = new OtherAnnouncers(2, 1, 1) }, seconds: 2);
        Assert.Equal(LeaveBasis.Fit, _machine.Leave);
    }

    [Fact]
    public void The_same_when_nobody_can_be_asked()
    {
        Look(Fit with { Proven = null, Others = null }, seconds: 31);
        Assert.True(_machine.IsAnnounced);
    }

    [Fact]
    public void Without_a_minimum_nobody_is_asked_and_there_is_no_last_resort()
    {
        _machine = new AnycastMachine(Policy with { MinimumAnnouncers = 0 }, TimeSpan.Zero);
        Look(Fit, seconds: 10);
        Look(BadBy(ReasonCode.UnverifiedAge) with { Others = null }, seconds: 2);
        Assert.False(_machine.IsAnnounced);
        Look(BadBy(ReasonCode.UnverifiedAge) with { Others = null }, seconds: 1000);
        Assert.False(_machine.IsAnnounced);
    }

    [Fact]
    public void A_node_that_slept_comes_back_like_one_that_starts()
    {
        Announced();
        _machine.Woke(_now);
        Look(Fit with { Proven = null }, seconds: 20);
        Assert.False(_machine.IsAnnounced);
        Look(Fit, seconds: 3);
        Assert.True(_machine.IsAnnounced);
    }

    private static AnycastFacts BadBy(string code) => code switch
    {
        ReasonCode.UnverifiedAge => Fit with { OwedFor = TimeSpan.FromSeconds(61) },
        ReasonCode.UnverifiedShare => Fit with { Owed = 6 },
        _ => Fit with { ServersUp = 0 },
    };

    private void Announced()
    {
        Look(Fit, seconds: 10);
        Assert.True(_machine.IsAnnounced);
    }

    private void Look(AnycastFacts facts, int seconds = 1)
    {
        for (int i = 0; i < seconds; i++) _machine.Look(facts, _now += TimeSpan.FromSeconds(1));
    }
}
