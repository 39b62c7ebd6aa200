using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>New content goes to ns1 first, and to ns2 when it is served there.</summary>
public sealed class ZoneRolloutTests
{
    private static readonly ZonePolicy Policy = new() { Rollout = new RolloutPolicy { Canaries = new TargetSelection(["ns1"]) } };

    private ZoneMachineDriver _zone = new(Policy);

    [Fact]
    public void The_others_are_told_when_the_canary_serves_it()
    {
        CreateAndServe(1);
        Offer(2);
        Assert.Equal(ReasonCode.RolloutTrial, _zone.Machine.Row!.Candidate!.Reason.Code);
        Assert.Equal(1u, _zone.Machine.Row.Content!.Serial);
        Assert.Equal((2u, 1u), (_zone.ServedBy("ns1"), _zone.ServedBy("ns2")));
        Prove("ns1", 2);
        _zone.Commit();
        Assert.Equal((2u, 2u), (_zone.ServedBy("ns1"), _zone.ServedBy("ns2")));
        Assert.Null(_zone.Machine.Row.Candidate);
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.True(_zone.Machine.IsQuiet);
    }

    [Fact]
    public void A_creation_is_answered_when_it_has_come_through()
    {
        long create = _zone.Create();
        _zone.Bring(1);
        _zone.Commit();
        Assert.Null(_zone.ServedBy("ns2"));
        Prove("ns1", 1);
        _zone.Commit();
        Assert.Null(_zone.Requests[create]);
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[create]);
    }

    [Fact]
    public void A_creation_that_the_canary_refuses_is_undone_and_no_other_ever_hears_of_it()
    {
        long create = _zone.Create();
        _zone.Bring(1);
        _zone.Commit();
        _zone.Report("ns1", TargetZoneState.Refused);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[create]);
        Assert.Equal(ReasonCode.RolloutStopped, _zone.LastReason!.Code);
        Assert.False(_zone.Told.ContainsKey("ns2"));
        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        _zone.Commit();
        Assert.True(_zone.Gone);
    }

    [Fact]
    public void At_the_deadline_a_creation_on_trial_is_accepted_and_goes_on()
    {
        long create = _zone.Create();
        _zone.Bring(1);
        _zone.Commit();
        _zone.Feed(new DeadlineReached(create));
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[create]);
        _zone.Report("ns1", TargetZoneState.Refused);
        Assert.Equal(ZonePhase.Present, _zone.Machine.Phase);
        Assert.Equal("blocked", State());
        _zone.Fire(ZoneTimer.Retry);
        _zone.Bring(2);
        _zone.Commit();
        Prove("ns1", 2);
        _zone.Commit();
        Assert.Equal(2u, _zone.ServedBy("ns2"));
    }

    [Theory]
    [InlineData(TargetZoneState.Refused, ReasonCode.TargetRefused)]
    [InlineData(TargetZoneState.Pending, ReasonCode.VerifyStale)]
    [InlineData(TargetZoneState.Verified, ReasonCode.Drift)]
    public void What_a_canary_refuses_or_does_not_serve_stops_there_until_newer_content_comes(TargetZoneState state, string why)
    {
        CreateAndServe(1);
        Offer(2);
        Report("ns1", state, 1, new Reason(why, "not served"));
        Assert.Equal(("blocked", ReasonCode.RolloutStopped), (State(), _zone.Machine.Row!.Reason!.Code));
        Assert.Equal(1u, _zone.ServedBy("ns2"));
        Offer(3);
        Assert.Equal("applying", State());
        Prove("ns1", 3);
        _zone.Commit();
        Assert.Equal(3u, _zone.ServedBy("ns2"));
    }

    [Fact]
    public void A_canary_that_serves_it_after_all_lets_it_go_on()
    {
        CreateAndServe(1);
        Offer(2);
        _zone.Report("ns1", TargetZoneState.Refused);
        Assert.True(_zone.Machine.IsQuiet);
        Prove("ns1", 2);
        _zone.Commit();
        Assert.Equal(2u, _zone.ServedBy("ns2"));
    }

    [Fact]
    public void An_operator_sends_it_on_or_takes_it_back()
    {
        CreateAndServe(1);
        Offer(2);
        _zone.Report("ns1", TargetZoneState.Refused);
        long approve = Decide(approve: true, 2);
        _zone.Commit();
        Assert.Equal((ZoneOutcome.Done, 2u), (_zone.Requests[approve], _zone.ServedBy("ns2")));
        _zone.ReportAll(TargetZoneState.Verified);

        Offer(3);
        long reject = Decide(approve: false, 3);
        _zone.Commit();
        Assert.Equal((ZoneOutcome.Done, 2u, 2u), (_zone.Requests[reject], _zone.ServedBy("ns1"), _zone.ServedBy("ns2")));
        Prove("ns1", 3);
        Assert.Equal(TargetZoneState.Pending, _zone.Machine.Row!.Targets[0].State);
        Prove("ns1", 2);
        Assert.True(_zone.Machine.IsQuiet);
        Assert.Equal(2u, _zone.Machine.Row.Content!.Serial);
    }

    [Fact]
    public void A_first_content_that_is_rejected_is_taken_from_the_canary()
    {
        long create = _zone.Create();
        _zone.Bring(1);
        _zone.Commit();
        _zone.Feed(new DeadlineReached(create));
        Decide(approve: false, 1);
        _zone.Commit();
        Assert.Null(_zone.ServedBy("ns1"));
        Assert.False(_zone.Told["ns1"].Present);
    }

    [Fact]
    public void After_the_quiet_time_the_canary_is_looked_at_once_more()
    {
        _zone = new ZoneMachineDriver(Policy with { Rollout = Policy.Rollout with { Observe = TimeSpan.FromSeconds(30) } });
        CreateAndServe(1, observes: true);
        Offer(2);
        Prove("ns1", 2);
        Assert.Null(_zone.Write);
        _zone.Fire(ZoneTimer.Rollout);
        Assert.Null(_zone.Write);
        Assert.Equal(1u, _zone.ServedBy("ns2"));
        Prove("ns1", 2);
        _zone.Commit();
        Assert.Equal(2u, _zone.ServedBy("ns2"));

        Offer(3);
        Prove("ns1", 3);
        _zone.Fire(ZoneTimer.Rollout);
        Report("ns1", TargetZoneState.Away, null, ZoneMachineDriver.SomeReason);
        Assert.Equal(ReasonCode.RolloutWaits, _zone.Machine.Row!.Reason!.Code);
        Assert.Equal(2u, _zone.ServedBy("ns2"));
    }

    [Theory]
    [InlineData(CanaryAway.Wait)]
    [InlineData(CanaryAway.Skip)]
    public void A_canary_that_is_away_is_waited_for(CanaryAway away)
    {
        _zone = new ZoneMachineDriver(Policy with { Rollout = Policy.Rollout with { Away = away } });
        CreateAndServe(1);
        Offer(2);
        Report("ns1", TargetZoneState.Away, 1, ZoneMachineDriver.SomeReason);
        Assert.Equal(("applying", ReasonCode.RolloutWaits), (State(), _zone.Machine.Row!.Reason!.Code));
        Assert.False(_zone.Machine.IsQuiet);
        _zone.Fire(ZoneTimer.Rollout);
        Assert.Equal(away == CanaryAway.Skip, _zone.Write is not null);
        if (away == CanaryAway.Wait) Prove("ns1", 2);
        _zone.Commit();
        Assert.Equal(2u, _zone.ServedBy("ns2"));
    }

    [Fact]
    public void While_it_moves_newer_content_waits_so_that_frequent_changes_reach_everybody()
    {
        CreateAndServe(1);
        Offer(2);
        _zone.Notify();
        Assert.Null(_zone.Pass);
        Prove("ns1", 2);
        _zone.Commit();
        Assert.Equal(2u, _zone.Pass!.HeldSerial);
    }

    [Fact]
    public void The_others_go_on_with_what_they_were_told_before()
    {
        CreateAndServe(1);
        long before = _zone.Machine.Row!.Generation;
        Offer(2);
        _zone.Feed(new TargetReported(before, new TargetProgress("ns2", TargetZoneState.Away, 1, null, ZoneMachineDriver.SomeReason)));
        Assert.Equal(TargetZoneState.Away, _zone.Machine.Row.Targets[1].State);
        _zone.Feed(new TargetReported(before, new TargetProgress("ns1", TargetZoneState.Verified, 1, null, null)));
        Assert.Equal(TargetZoneState.Pending, _zone.Machine.Row.Targets[0].State);
    }

    [Fact]
    public void A_restart_goes_on_with_the_trial()
    {
        CreateAndServe(1);
        Offer(2);
        _zone = new ZoneMachineDriver(Policy, _zone.Machine.Row);
        _zone.Feed(new Loaded(CheckMasters: true));
        Assert.Equal((2u, 1u), (_zone.ServedBy("ns1"), _zone.ServedBy("ns2")));
        Prove("ns1", 2);
        _zone.Commit();
        Assert.Equal(2u, _zone.ServedBy("ns2"));
    }

    [Fact]
    public void A_journal_that_does_not_take_it_is_tried_again()
    {
        CreateAndServe(1);
        Offer(2);
        Prove("ns1", 2);
        _zone.RefuseWrite();
        Assert.Null(_zone.Write);
        _zone.Fire(ZoneTimer.Retry);
        _zone.Commit();
        Assert.Equal(2u, _zone.ServedBy("ns2"));
    }

    [Fact]
    public void What_a_guard_stops_meanwhile_takes_its_place_and_an_approval_of_it_is_tried_too()
    {
        CreateAndServe(1);
        Offer(2);
        _zone.Report("ns1", TargetZoneState.Refused);
        _zone.Notify();
        _zone.Feed(new PassBrought(_zone.Pass!.Pass, SampleZones.Content("example.com.", 3), "192.0.2.1:5354")
        {
            Stopped = new Reason(ReasonCode.GuardShrink, "too small"),
        });
        _zone.Commit();
        Assert.Equal(1u, _zone.ServedBy("ns1"));
        Prove("ns1", 1);
        Decide(approve: true, 3);
        _zone.Commit();
        Assert.Equal((3u, 1u), (_zone.ServedBy("ns1"), _zone.ServedBy("ns2")));
    }

    [Fact]
    public void A_deletion_takes_it_from_the_canary_too()
    {
        CreateAndServe(1);
        Offer(2);
        _zone.Delete();
        _zone.Commit();
        Assert.All(_zone.Told.Values, told => Assert.False(told.Present));
        Assert.DoesNotContain(ZoneTimer.Rollout, _zone.Timers);
    }

    [Fact]
    public void A_zone_whose_targets_are_all_canaries_or_none_is_not_staged()
    {
        _zone.Place("ns1");
        _zone.CreateAndServe(1);
        Assert.Null(_zone.Machine.Row!.Candidate);
    }

    private string State() => ZoneStatusView.Of(_zone.Machine.Row!).State;

    private long Decide(bool approve, uint serial) =>
        _zone.Ask(id => new DecisionAsked(id, approve, serial, null, ZoneMachineDriver.Origin));

    private void Offer(uint serial)
    {
        _zone.Notify();
        _zone.Bring(serial);
        _zone.Commit();
    }

    private void CreateAndServe(uint serial, bool observes = false)
    {
        _zone.Create();
        _zone.Bring(serial);
        _zone.Commit();
        Prove("ns1", serial);
        if (observes)
        {
            _zone.Fire(ZoneTimer.Rollout);
            Prove("ns1", serial);
        }

        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.True(_zone.Machine.IsQuiet);
    }

    private void Prove(string target, uint serial) => Report(target, TargetZoneState.Verified, serial, null);

    private void Report(string target, TargetZoneState state, uint? serial, Reason? reason) => _zone.Feed(new TargetReported(
        _zone.Machine.Row!.Generation, new TargetProgress(target, state, serial, null, reason)));
}
