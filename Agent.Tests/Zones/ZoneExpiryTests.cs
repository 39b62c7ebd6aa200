using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Zones;

namespace Agent.Tests.Zones;

/// <summary>How long content counts without a word of a master, and what happens when that time is over.</summary>
public sealed class ZoneExpiryTests
{
    private static readonly Reason Silence = new(ReasonCode.NoMaster, "nobody answers");
    private static readonly ZoneContent One = SampleZones.Content("example.com.", 1);

    private readonly List<ZoneEffect> _effects = [];
    private readonly ZonePolicy _policy = new();
    private ZoneMachine _machine;
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public ZoneExpiryTests()
    {
        _machine = new ZoneMachine(One.Apex, null, ["ns1"], _policy);
        Feed(new CreateAsked(1, ["ns1"], ZoneMachineDriver.Origin));
    }

    [Fact]
    public void Without_a_word_of_the_master_the_SOA_says_how_long()
    {
        Bring(One, expire: null);
        Assert.Equal(_now + TimeSpan.FromSeconds(86400), _machine.Row!.ExpiresAt);
    }

    [Fact]
    public void A_transfer_sets_the_time_to_what_the_master_has_left()
    {
        Bring(One, TimeSpan.FromHours(3));
        Assert.Equal(_now + TimeSpan.FromHours(3), _machine.Row!.ExpiresAt);
        Bring(SampleZones.Content("example.com.", 2), TimeSpan.FromHours(2));
        Assert.Equal(_now + TimeSpan.FromHours(2), _machine.Row!.ExpiresAt);
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(1, 3)]
    [InlineData(null, 24)]
    [InlineData(1000, 24)]
    public void An_answer_that_nothing_is_newer_lengthens_the_time_and_never_shortens_it(int? hours, int left)
    {
        Bring(One, TimeSpan.FromHours(4));
        _now += TimeSpan.FromHours(1);
        Confirm(hours is { } h ? TimeSpan.FromHours(h) : null);
        Assert.Equal(_now + TimeSpan.FromHours(left), _machine.Row!.ExpiresAt);
    }

    [Fact]
    public void A_master_that_may_not_serve_it_much_longer_is_asked_again_before_that()
    {
        Bring(One, TimeSpan.FromMinutes(10));
        Assert.Equal(TimeSpan.FromMinutes(5), LastTimer(ZoneTimer.Refresh));
    }

    [Fact]
    public void The_time_is_never_less_than_a_refresh_and_a_retry_within_their_bounds()
    {
        var soa = new SoaTimers(5, 1, 20, 300);
        Assert.Equal(_policy.RefreshMinimum + _policy.RetryMinimum, _policy.LifetimeOf(soa));
        Assert.Equal(TimeSpan.FromHours(7), (_policy with { ExpireMinimum = TimeSpan.FromHours(7) }).LifetimeOf(soa));
        var longest = new SoaTimers(5, 1, uint.MaxValue, 300);
        Assert.Equal(_policy.ExpireMaximum, _policy.LifetimeOf(longest));
    }

    [Fact]
    public void Retries_grow_to_what_the_SOA_asks_for_and_come_at_the_moment_of_expiry()
    {
        Bring(One, expire: null);
        Assert.Equal([2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600], Enumerable.Range(0, 11).Select(_ =>
        {
            Fail();
            TimeSpan delay = LastTimer(ZoneTimer.Retry);
            _now += delay;
            return (int)delay.TotalSeconds;
        }));
        _now = _machine.Row!.ExpiresAt!.Value - TimeSpan.FromMinutes(3);
        Fail();
        Assert.Equal(TimeSpan.FromMinutes(3), LastTimer(ZoneTimer.Retry));
    }

    [Fact]
    public void When_the_time_is_over_and_nobody_confirms_it_the_zone_expires_and_stays_wanted()
    {
        Bring(One, expire: null);
        Expire();
        ZoneRow row = _machine.Row!;
        Assert.True(row is { IsExpired: true, Wish: ZoneWish.Present, Generation: 2 } && row.Content == One);
        Assert.Equal("expired", ZoneStatusView.Of(row).State);
        Assert.Contains(Silence.Text, row.Reason!.Text, StringComparison.Ordinal);
        Assert.True(Last<WantPresent>() is { IsExpired: true, Generation: 2 });

        // It is asked about on and on, and what fails then does not hide that it is expired.
        int told = FailuresTold;
        for (int i = 0; i < 50; i++)
        {
            Assert.True(LastTimer(ZoneTimer.Retry) <= TimeSpan.FromMinutes(10));
            _now += TimeSpan.FromDays(1);
            Fail();
        }

        Assert.Same(One, _machine.Row!.Content);
        Assert.True(_machine.Row.IsExpired);

        // Each line would push one out of the history that says more.
        Assert.InRange(FailuresTold - told, 4, 7);
    }

    [Fact]
    public void A_master_that_confirms_the_expired_content_brings_it_back()
    {
        Bring(One, expire: null);
        Expire();
        _now += TimeSpan.FromDays(3);
        Confirm(null);
        Commit();
        Assert.True(_machine.Row is { IsExpired: false, Reason: null, Generation: 3 });
        Assert.Equal(_now + TimeSpan.FromDays(1), _machine.Row!.ExpiresAt);
        Assert.True(Last<WantPresent>() is { IsExpired: false, Generation: 3 });
    }

    /// <summary>A guard keeps the new content back, not the old one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_master_that_has_what_a_guard_stopped_brings_an_expired_zone_back_too(bool wasStoppedBefore)
    {
        var why = new Reason(ReasonCode.GuardShrink, "too few are left");
        var stopped = new PassBrought(0, SampleZones.Content("example.com.", 2), "192.0.2.1:53") { Stopped = why };
        Bring(One, expire: null);
        Ask();
        if (wasStoppedBefore)
        {
            Feed(stopped with { Pass = Last<BeginPass>().Pass });
            Commit();
        }
        else
        {
            Feed(new PassFailed(Last<BeginPass>().Pass, Silence));
        }

        Expire();
        Assert.True(_machine.Row!.IsExpired);
        _now += TimeSpan.FromDays(3);
        Ask();
        long pass = Last<BeginPass>().Pass;
        Feed(wasStoppedBefore ? new PassFoundCurrent(pass, 2) : stopped with { Pass = pass });
        while (Pending() is not null) Commit();
        Assert.Equal((false, why.Code), (_machine.Row!.IsExpired, _machine.Row.Reason?.Code));
        Assert.Equal("blocked", ZoneStatusView.Of(Served(_machine.Row)).State);
        Assert.True(Last<WantPresent>() is { IsExpired: false, Content.Serial: 1 });
        Assert.Equal(_now + TimeSpan.FromDays(1), _machine.Row.ExpiresAt);
    }

    private static ZoneRow Served(ZoneRow row) =>
        row with { Targets = [.. row.Targets.Select(t => t with { State = TargetZoneState.Verified })] };

    [Fact]
    public void An_expired_zone_takes_an_older_serial_and_a_living_one_does_not()
    {
        Bring(SampleZones.Content("example.com.", 9), expire: null);
        Ask();
        Assert.False(Last<BeginPass>().AcceptOlder);
        Feed(new PassBrought(Last<BeginPass>().Pass, One, "192.0.2.1:53"));
        Assert.Equal(ReasonCode.SerialWentBack, _machine.Row!.Reason?.Code);
        Expire();
        Ask();
        Assert.True(Last<BeginPass>().AcceptOlder);
        Feed(new PassBrought(Last<BeginPass>().Pass, One, "192.0.2.1:53"));
        Commit();
        Assert.True(_machine.Row is { IsExpired: false, Content: var content } && content == One);
    }

    [Fact]
    public void A_zone_without_masters_never_expires()
    {
        Bring(One, expire: null);
        _now += TimeSpan.FromDays(1000);
        Ask();
        Feed(new PassFailed(Last<BeginPass>().Pass, Silence) { HasNoMasters = true });
        Assert.False(_machine.Row!.IsExpired);
        Assert.Null(Pending());
    }

    [Fact]
    public void A_zone_whose_time_ended_while_no_agent_ran_is_asked_about_before_it_expires()
    {
        Bring(One, expire: null);
        _now += TimeSpan.FromDays(30);
        _machine = new ZoneMachine(One.Apex, _machine.Row, ["ns1"], _policy);
        Feed(new Loaded(CheckMasters: true));
        Assert.False(_machine.Row!.IsExpired);
        Feed(new PassFoundCurrent(Last<BeginPass>().Pass, 1));
        Assert.False(_machine.Row!.IsExpired);
        _now += TimeSpan.FromDays(30);
        _machine = new ZoneMachine(One.Apex, _machine.Row, ["ns1"], _policy);
        Feed(new Loaded(CheckMasters: true));
        Feed(new PassFailed(Last<BeginPass>().Pass, Silence));
        Commit();
        Assert.True(_machine.Row!.IsExpired);
    }

    [Fact]
    public void A_journal_that_does_not_take_the_expiry_is_asked_again()
    {
        Bring(One, expire: null);
        _now += TimeSpan.FromDays(2);
        Fail();
        Feed(new JournalRefused(Pending()!.Write, new Reason(ReasonCode.JournalAway, "full")));
        Assert.False(_machine.Row!.IsExpired);
        _now += LastTimer(ZoneTimer.Retry);
        Feed(new TimerFired(ZoneTimer.Retry));
        Feed(new PassFailed(Last<BeginPass>().Pass, Silence));
        Commit();
        Assert.True(_machine.Row!.IsExpired);
    }

    private void Bring(ZoneContent content, TimeSpan? expire)
    {
        if (_machine.Phase == ZonePhase.Present) Ask();
        Feed(new PassBrought(Last<BeginPass>().Pass, content, "192.0.2.1:53") { Expire = expire });
        Commit();
    }

    private void Confirm(TimeSpan? expire)
    {
        Ask();
        Feed(new PassFoundCurrent(Last<BeginPass>().Pass, _machine.Row!.Content!.Serial, expire));
    }

    private void Expire()
    {
        _now += TimeSpan.FromDays(2);
        Fail();
        Commit();
    }

    private void Ask() => Feed(new TimerFired(ZoneTimer.Refresh));

    private int FailuresTold =>
        _effects.OfType<WriteJournal>().SelectMany(w => w.Entries).OfType<ZoneEvent>().Count(e => e.Code == "transfer-failed");

    private void Fail()
    {
        Ask();
        Feed(new PassFailed(Last<BeginPass>().Pass, Silence));
    }

    private void Commit() => Feed(new JournalWritten(Pending()!.Write));

    /// <summary>A write that the last input began and that is waited for.</summary>
    private WriteJournal? Pending() => _effects.OfType<WriteJournal>().LastOrDefault(w => w.Write != 0 && _fresh.Contains(w));

    private readonly HashSet<ZoneEffect> _fresh = [];

    private void Feed(ZoneInput input)
    {
        int before = _effects.Count;
        _machine.Handle(input, _now, _effects);
        _fresh.Clear();
        _fresh.UnionWith(_effects.Skip(before));
    }

    private TimeSpan LastTimer(ZoneTimer timer) => _effects.OfType<SetTimer>().Last(t => t.Timer == timer).Delay;

    private T Last<T>()
        where T : ZoneEffect => _effects.OfType<T>().Last();
}
