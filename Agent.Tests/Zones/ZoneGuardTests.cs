using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Zones;

namespace Agent.Tests.Zones;

/// <summary>What becomes of content that a guard stopped.</summary>
public sealed class ZoneGuardTests
{
    private static readonly Reason Why = new(ReasonCode.GuardShrink, "too small");
    private readonly ZoneMachineDriver _zone = new();

    [Fact]
    public void What_is_served_stays_and_the_other_waits()
    {
        Block(2);
        Assert.Equal(1u, _zone.Machine.Row!.Content!.Serial);
        Assert.Equal(2u, _zone.Machine.Row.Candidate!.Serial);
        Assert.Equal(1, _zone.Machine.Row.Generation);
        ZoneStatus status = ZoneStatusView.Of(_zone.Machine.Row);
        Assert.Equal(("blocked", Why), (status.State, status.Reason));
        Assert.True(_zone.Machine.IsQuiet);
    }

    [Fact]
    public void Its_serial_is_not_fetched_again()
    {
        Block(2);
        _zone.Refresh();
        Assert.Equal(2u, _zone.Pass!.Pinned);
        _zone.Feed(new PassFoundCurrent(_zone.Pass.Pass, 2));
        Assert.Equal(Why, _zone.Machine.Row!.Reason);
        Assert.True(_zone.Machine.IsQuiet);
    }

    [Fact]
    public void While_it_waits_the_zone_is_blocked_by_the_guard_whatever_its_masters_are_in()
    {
        Block(2);
        DateTimeOffset? since = _zone.Machine.Row!.ReasonSince;
        _zone.Refresh();
        _zone.FailPass();
        ZoneStatus status = ZoneStatusView.Of(_zone.Machine.Row);
        Assert.Equal(("blocked", Why.Code, since), (status.State, status.Reason?.Code, status.ReasonSince));
        Assert.Contains(ZoneMachineDriver.SomeReason.Text, status.Reason!.Text, StringComparison.Ordinal);
        _zone.Refresh();
        _zone.Feed(new PassFoundCurrent(_zone.Pass!.Pass, 2));
        Assert.Equal(Why, _zone.Machine.Row.Reason);
    }

    [Fact]
    public void An_approval_uses_exactly_what_waited()
    {
        ZoneContent content = Block(2);
        long request = Decide(approve: true, 2, content.Hash);
        Assert.Null(_zone.Requests[request]);
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[request]);
        Assert.Equal(content.Hash, _zone.Machine.Row!.Content!.Hash);
        Assert.Null(_zone.Machine.Row.Candidate);
        Assert.Equal(2, _zone.Present!.Generation);
        Assert.Null(_zone.Machine.Row.Reason);
    }

    [Fact]
    public void A_rejection_keeps_the_serial_in_mind_and_nothing_else()
    {
        Block(2);
        long request = Decide(approve: false, 2);
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[request]);
        Assert.Equal((2u, true, null), (
            _zone.Machine.Row!.Candidate!.Serial, _zone.Machine.Row.Candidate.IsRejected, _zone.Machine.Row.Candidate.Content));
        // It is served as the operator wants it; that its master cannot be reached is another matter.
        Assert.Equal(("ok", ReasonCode.GuardShrink), (ZoneStatusView.Of(_zone.Machine.Row).State, _zone.Machine.Row.Reason?.Code));
        _zone.Refresh();
        Assert.Equal(2u, _zone.Pass!.Pinned);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[Decide(approve: true, 2)]);
        _zone.FailPass();
        Assert.Equal("stale", ZoneStatusView.Of(_zone.Machine.Row).State);
    }

    [Fact]
    public void A_newer_one_takes_its_place_and_an_approval_of_the_former_is_refused()
    {
        ZoneContent former = Block(2);
        Block(3);
        Assert.Equal(3u, _zone.Machine.Row!.Candidate!.Serial);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[Decide(approve: true, 2, former.Hash)]);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[Decide(approve: true, 3, former.Hash)]);
        Assert.Equal(1u, _zone.Machine.Row.Content!.Serial);
    }

    [Fact]
    public void A_newer_one_that_is_well_is_used_and_nothing_waits_any_more()
    {
        Block(2);
        _zone.Refresh();
        _zone.Bring(3);
        _zone.Commit();
        Assert.Equal((3u, null), (_zone.Machine.Row!.Content!.Serial, _zone.Machine.Row.Candidate));
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[Decide(approve: true, 2)]);
    }

    [Fact]
    public void An_approval_gives_up_the_pass_that_runs_and_begins_another_behind_itself()
    {
        Block(2);
        _zone.Refresh();
        long former = _zone.Pass!.Pass;
        Decide(approve: true, 2);
        _zone.Commit();
        Assert.NotEqual(former, _zone.Pass!.Pass);
        Assert.Equal(2u, _zone.Pass.HeldSerial);
    }

    [Fact]
    public void A_journal_that_does_not_take_it_leaves_nothing_waiting()
    {
        _zone.CreateAndServe(1);
        Bring(2);
        _zone.RefuseWrite();
        Assert.Null(_zone.Machine.Row!.Candidate);
        _zone.Fire(ZoneTimer.Retry);
        Bring(2);
        _zone.Commit();
        long request = Decide(approve: true, 2);
        _zone.RefuseWrite();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[request]);
        Assert.Equal((1u, 2u), (_zone.Machine.Row!.Content!.Serial, _zone.Machine.Row.Candidate!.Serial));
    }

    [Fact]
    public void A_deletion_ends_it()
    {
        Block(2);
        long request = Decide(approve: true, 2);
        _zone.Delete();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[request]);
        _zone.Commit();
        _zone.Commit();
        Assert.Null(_zone.Machine.Row!.Candidate);
        Assert.Equal(ZoneOutcome.Unknown, _zone.Requests[Decide(approve: true, 2)]);
    }

    [Fact]
    public void A_zone_that_nobody_has_yet_is_not_made_of_it()
    {
        long request = _zone.Create();
        Bring(1);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[request]);
        Assert.Equal(ZonePhase.Unknown, _zone.Machine.Phase);
    }

    [Fact]
    public void Progress_of_targets_goes_on_while_it_is_written()
    {
        _zone.CreateAndServe(1);
        _zone.Refresh();
        Bring(2);
        _zone.Report("ns1", TargetZoneState.Away);
        _zone.Commit();
        Assert.Equal(TargetZoneState.Away, _zone.Machine.Row!.Targets[0].State);
        Assert.NotNull(_zone.Machine.Row.Candidate);
    }

    [Theory]
    [InlineData(OlderSerial.Refuse, false)]
    [InlineData(OlderSerial.AfterExpiry, false)]
    [InlineData(OlderSerial.Accept, true)]
    public void An_older_serial_is_taken_as_the_policy_says(OlderSerial rule, bool isTaken)
    {
        var zone = new ZoneMachineDriver(new ZonePolicy { OlderSerial = rule });
        zone.CreateAndServe(5);
        zone.Refresh();
        Assert.Equal(isTaken, zone.Pass!.AcceptOlder);
        zone.Feed(new PassBrought(zone.Pass.Pass, SampleZones.Content("example.com.", 4), "192.0.2.1:53"));
        Assert.Equal(isTaken, zone.Write is not null);
        if (!isTaken) Assert.Equal(ReasonCode.SerialWentBack, zone.Machine.Row!.Reason!.Code);
    }

    private ZoneContent Block(uint serial)
    {
        if (_zone.Machine.Phase == ZonePhase.Unknown) _zone.CreateAndServe(1);
        ZoneContent content = Bring(serial);
        _zone.Commit();
        return content;
    }

    private ZoneContent Bring(uint serial)
    {
        if (_zone.Pass is null) _zone.Refresh();
        ZoneContent content = SampleZones.Content("example.com.", serial, addresses: 0);
        _zone.Feed(new PassBrought(_zone.Pass!.Pass, content, "192.0.2.1:53") { Stopped = Why });
        return content;
    }

    private long Decide(bool approve, uint serial, ContentHash? hash = null) =>
        _zone.Ask(id => new DecisionAsked(id, approve, serial, hash, ZoneMachineDriver.Origin));
}
