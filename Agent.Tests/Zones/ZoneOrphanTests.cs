using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Zones;

/// <summary>Zones that every master gave up: when they count as orphans, and what becomes of them.</summary>
public sealed class ZoneOrphanTests
{
    private static readonly Reason Refusal = new(ReasonCode.ZoneNotAtMaster, "192.0.2.1:53 does not have the zone");
    private static readonly Reason Silence = new(ReasonCode.NoMaster, "nobody answers");
    private static readonly ZoneContent One = SampleZones.Content("example.com.", 1);

    private readonly List<ZoneEffect> _effects = [];
    private readonly ZonePolicy _remove = new()
    {
        OrphanAfter = TimeSpan.FromHours(3),
        OrphanAction = OrphanAction.Remove,
        ExpireMinimum = TimeSpan.FromHours(1),
    };

    private ZoneMachine _machine = null!;
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void After_the_time_the_reason_says_so_and_the_zone_stays()
    {
        Begin(_remove with { OrphanAction = OrphanAction.Report });
        Fail(false);
        Assert.Equal(ReasonCode.ZoneNotAtMaster, _machine.Row!.Reason!.Code);
        Assert.Equal(_now, ZoneStatusView.Of(_machine.Row).RefusedSince);
        DateTimeOffset since = _now;
        foreach (int hours in (int[])[1, 2, 3])
        {
            _now = since + TimeSpan.FromHours(hours);
            Fail(false);
            Assert.Equal(hours == 3, _machine.Row!.Reason!.Code == ReasonCode.Orphan);
        }

        DateTimeOffset? told = _machine.Row!.ReasonSince;
        _now += TimeSpan.FromHours(1);
        Fail(false);
        Assert.Equal((told, ZoneWish.Present), (_machine.Row.ReasonSince, _machine.Row.Wish));
        Assert.Same(One, _machine.Row.Content);
        Assert.Equal("stale", ZoneStatusView.Of(_machine.Row).State);
        Assert.Equal(1, Events("orphan"));
    }

    [Fact]
    public void Where_that_is_wished_it_is_deleted_as_by_a_DELETE()
    {
        Begin(_remove);
        MakeOverdue();
        Fail(false);
        Assert.True(Written() is { Wish: ZoneWish.Absent } && _machine.Phase == ZonePhase.Deleting);
        Commit();
        Assert.Single(_effects.OfType<WantAbsent>());
        Feed(new TargetReported(_machine.Row!.Generation, new TargetProgress("ns1", TargetZoneState.Verified, null, _now, null)));
        ForgetZone forgotten = Assert.Single(_effects.OfType<WriteJournal>().SelectMany(w => w.Entries).OfType<ForgetZone>());
        Assert.Equal(_now + _remove.UndeleteWindow, forgotten.KeepContentUntil);
        Assert.Equal(1, Events("orphan-removed"));
    }

    [Fact]
    public void A_silent_master_neither_removes_the_zone_nor_ends_the_time()
    {
        Begin(_remove);
        MakeOverdue();
        Fail(null);
        Assert.Equal(ZonePhase.Present, _machine.Phase);
        Assert.Equal(ReasonCode.Orphan, _machine.Row!.Reason!.Code);
        _now += TimeSpan.FromMinutes(1);
        Fail(false);
        Assert.Equal(ZonePhase.Deleting, _machine.Phase);
    }

    [Fact]
    public void Silence_alone_makes_no_orphan()
    {
        Begin(_remove);
        for (int i = 0; i < 5; i++)
        {
            _now += TimeSpan.FromHours(2);
            Fail(null);
        }

        Assert.Equal((ReasonCode.NoMaster, null), (_machine.Row!.Reason!.Code, _machine.Row.RefusedSince));
        Fail(false);
        Assert.Equal(ZonePhase.Present, _machine.Phase);
    }

    [Theory]
    [InlineData("confirmed")]
    [InlineData("brought")]
    [InlineData("older")]
    [InlineData("broken")]
    public void A_master_that_has_the_zone_ends_the_time(string how)
    {
        Begin(_remove);
        MakeOverdue();
        Ask();
        long pass = Last<BeginPass>().Pass;
        Feed(how switch
        {
            "confirmed" => new PassFoundCurrent(pass, 1),
            "brought" => new PassBrought(pass, SampleZones.Content("example.com.", 2), "192.0.2.1:53"),
            "older" => new PassBrought(pass, SampleZones.Content("example.com.", 0), "192.0.2.1:53"),
            _ => new PassFailed(pass, Silence) { MastersHaveIt = true },
        });
        if (how == "brought") Commit();
        Assert.Null(_machine.Row!.RefusedSince);
        Fail(false);
        Assert.Equal((ZonePhase.Present, _now), (_machine.Phase, _machine.Row!.RefusedSince));
    }

    [Fact]
    public void The_time_goes_on_over_a_restart_and_over_expiry()
    {
        ZonePolicy longer = _remove with { OrphanAfter = TimeSpan.FromDays(5) };
        Begin(longer);
        Fail(false);
        DateTimeOffset since = _now;
        _now += TimeSpan.FromDays(2);
        Fail(false);
        Commit();
        Assert.True(_machine.Row!.IsExpired);
        PutStanding stored = _effects.OfType<WriteJournal>().SelectMany(w => w.Entries).OfType<PutStanding>().Last();
        Assert.Equal(since, stored.RefusedSince);
        _machine = new ZoneMachine(One.Apex, _machine.Row, ["ns1"], longer);
        Feed(new Loaded(CheckMasters: true));
        _now = since + TimeSpan.FromDays(5);
        Feed(new PassFailed(Last<BeginPass>().Pass, Refusal) { MastersHaveIt = false });
        Assert.Equal(ZonePhase.Deleting, _machine.Phase);
    }

    [Fact]
    public void What_an_older_program_left_beside_a_later_confirmation_does_not_count()
    {
        Begin(_remove);
        ZoneRow row = _machine.Row! with { RefusedSince = _now - TimeSpan.FromDays(90), RefreshedAt = _now };
        _machine = new ZoneMachine(One.Apex, row, ["ns1"], _remove);
        Fail(false);
        Assert.Equal((ZonePhase.Present, _now), (_machine.Phase, _machine.Row!.RefusedSince));
    }

    [Fact]
    public void What_a_catalog_lists_only_its_catalog_takes_away()
    {
        var owner = new ZoneOwner(DomainName.Parse("catalog.example."), "a1", "", null);
        ZonePolicy policy = _remove with { Catalogs = [owner.Catalog] };
        Begin(policy);
        _machine = new ZoneMachine(One.Apex, _machine.Row! with { Owner = owner }, ["ns1"], policy);
        MakeOverdue();
        Fail(false);
        Assert.Equal((ZonePhase.Present, ReasonCode.Orphan), (_machine.Phase, _machine.Row!.Reason!.Code));
    }

    [Fact]
    public void While_too_many_are_given_up_it_waits_for_an_operator()
    {
        ZonePolicy held = _remove with { OrphanHold = new Reason(ReasonCode.OrphansHeld, "for a test") };
        Begin(held);
        MakeOverdue();
        Fail(false);
        Assert.Equal((ZonePhase.Present, ReasonCode.OrphansHeld), (_machine.Phase, _machine.Row!.Reason!.Code));
        Feed(new OrphanRemovalAsked(7, ZoneMachineDriver.Origin));
        Assert.True(Written() is { Wish: ZoneWish.Absent });
        Commit();
        Assert.Equal(ZoneOutcome.Done, _effects.OfType<AnswerRequester>().Single(a => a.Requester == 7).Outcome);
    }

    [Fact]
    public void What_a_master_has_by_now_no_operator_removes_as_an_orphan()
    {
        Begin(_remove with { OrphanAction = OrphanAction.Report });
        MakeOverdue();
        Ask();
        Feed(new PassFoundCurrent(Last<BeginPass>().Pass, 1));
        Feed(new OrphanRemovalAsked(7, ZoneMachineDriver.Origin));
        AnswerRequester answer = _effects.OfType<AnswerRequester>().Single(a => a.Requester == 7);
        Assert.Equal((ZoneOutcome.Failed, ReasonCode.NothingWaits), (answer.Outcome, answer.Reason?.Code));
        Assert.Equal(ZonePhase.Present, _machine.Phase);
    }

    [Fact]
    public void Zero_means_never()
    {
        Begin(_remove with { OrphanAfter = TimeSpan.Zero });
        MakeOverdue();
        Fail(false);
        Assert.Equal(ReasonCode.ZoneNotAtMaster, _machine.Row!.Reason!.Code);
    }

    [Fact]
    public void A_journal_that_does_not_take_the_deletion_is_asked_again_later_and_not_at_once()
    {
        Begin(_remove);
        MakeOverdue();
        Fail(false);
        int passes = _effects.OfType<BeginPass>().Count();
        Feed(new JournalRefused(Last<WriteJournal>().Write, Silence));
        Assert.Equal(ZonePhase.Present, _machine.Phase);
        Assert.Equal(passes, _effects.OfType<BeginPass>().Count());
        Feed(new TimerFired(ZoneTimer.Retry));
        Feed(new PassFailed(Last<BeginPass>().Pass, Refusal) { MastersHaveIt = false });
        Assert.True(Written() is { Wish: ZoneWish.Absent });
    }

    private void Begin(ZonePolicy policy)
    {
        _machine = new ZoneMachine(One.Apex, null, ["ns1"], policy);
        Feed(new CreateAsked(1, ["ns1"], ZoneMachineDriver.Origin));
        Feed(new PassBrought(Last<BeginPass>().Pass, One, "192.0.2.1:53"));
        Commit();
        Feed(new TargetReported(1, new TargetProgress("ns1", TargetZoneState.Verified, 1, _now, null)));
        _now += TimeSpan.FromMinutes(1);
    }

    /// <summary>The time is over, and no pass has found that yet.</summary>
    private void MakeOverdue()
    {
        Fail(false);
        _now += TimeSpan.FromHours(3);
    }

    private void Ask() => Feed(new TimerFired(ZoneTimer.Refresh));

    private void Fail(bool? haveIt)
    {
        Ask();
        Feed(new PassFailed(Last<BeginPass>().Pass, haveIt == false ? Refusal : Silence) { MastersHaveIt = haveIt });
    }

    private void Commit() => Feed(new JournalWritten(_effects.OfType<WriteJournal>().Last(w => w.Write != 0).Write));

    private ZoneRow? Written() => Last<WriteJournal>().Entries.OfType<PutZone>().LastOrDefault()?.Row;

    private int Events(string code) =>
        _effects.OfType<WriteJournal>().SelectMany(w => w.Entries).OfType<ZoneEvent>().Count(e => e.Code == code);

    private T Last<T>()
        where T : ZoneEffect => _effects.OfType<T>().Last();

    private void Feed(ZoneInput input) => _machine.Handle(input, _now, _effects);
}
