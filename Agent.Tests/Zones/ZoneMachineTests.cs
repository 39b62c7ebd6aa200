using Agent.Actors.Journal;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Zones;

/// <summary>The life of a zone, step by step.</summary>
public sealed class ZoneMachineTests
{
    private readonly ZoneMachineDriver _zone = new();

    [Fact]
    public void Create_is_answered_when_every_target_has_proven_it()
    {
        long request = _zone.Create();
        Assert.Null(_zone.Pass!.HeldSerial);
        _zone.Bring(7);
        Assert.Null(_zone.Present);
        _zone.Commit();
        Assert.Equal(7u, _zone.Present!.Content.Serial);
        _zone.Report("ns1", TargetZoneState.Verified);
        Assert.Null(_zone.Requests[request]);
        _zone.Report("ns2", TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[request]);
        Assert.True(_zone.Machine.IsQuiet);
    }

    [Fact]
    public void Repeats_join_the_creation_under_way()
    {
        long first = _zone.Create();
        long second = _zone.Create();
        _zone.Bring(7);
        long third = _zone.Create();
        _zone.Commit();
        long fourth = _zone.Create();
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.All([first, second, third, fourth], r => Assert.Equal(ZoneOutcome.Done, _zone.Requests[r]));
        Assert.Null(_zone.Pass);
    }

    [Fact]
    public void A_creation_that_no_master_supports_leaves_nothing_behind()
    {
        long request = _zone.Create();
        _zone.FailPass();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[request]);
        Assert.Equal(ZonePhase.Unknown, _zone.Machine.Phase);
        Assert.Null(_zone.Machine.Row);
        Assert.Null(_zone.Write);
        Assert.True(_zone.Gone);
        Assert.Empty(_zone.Timers);
    }

    [Fact]
    public void A_creation_that_a_server_refuses_is_undone()
    {
        long request = _zone.Create();
        _zone.Bring(7);
        _zone.Commit();
        _zone.Report("ns1", TargetZoneState.Verified);
        _zone.Report("ns2", TargetZoneState.Refused);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[request]);
        _zone.Commit();
        Assert.True(_zone.Absent!.Undoes);
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.IsType<ForgetZone>(_zone.Write!.Entries[0]);
        _zone.Commit();
        Assert.True(_zone.Gone);
    }

    [Fact]
    public void Who_deletes_a_zone_wants_it_gone_wherever_it_came_from()
    {
        _zone.Create();
        _zone.Bring(7);
        _zone.Commit();
        _zone.Report("ns2", TargetZoneState.Refused);
        _zone.Delete();
        _zone.Commit();
        Assert.False(_zone.Absent!.Undoes);
    }

    [Fact]
    public void With_a_majority_as_quorum_one_refusal_of_three_does_not_undo()
    {
        var quorum = new Quorum(QuorumKind.Majority);
        Assert.Equal(2, quorum.Needed(3));
        Assert.Equal(1, quorum.Needed(1));
        Assert.Equal(3, quorum.Needed(4));
        Assert.Equal(2, new Quorum(QuorumKind.Number, 5).Needed(2));
    }

    [Fact]
    public void A_moving_transfer_is_accepted_at_the_deadline_and_goes_on()
    {
        long request = _zone.Create();
        _zone.Feed(new PassMoved(_zone.Pass!.Pass));
        _zone.Feed(new DeadlineReached(request));
        Assert.Null(_zone.Requests[request]);
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[request]);
        Assert.Null(_zone.Machine.Row!.Content);
        Assert.NotNull(_zone.Pass);
        _zone.Bring(9);
        _zone.Commit();
        Assert.Equal(9u, _zone.Present!.Content.Serial);
    }

    [Fact]
    public void A_transfer_that_does_not_move_fails_at_the_deadline()
    {
        long request = _zone.Create();
        _zone.Feed(new DeadlineReached(request));
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[request]);
        Assert.Null(_zone.Pass);
        Assert.True(_zone.Gone);
    }

    [Fact]
    public void A_slow_target_does_not_fail_a_creation()
    {
        long request = _zone.Create();
        _zone.Bring(7);
        _zone.Commit();
        _zone.Report("ns1", TargetZoneState.Away);
        _zone.Feed(new DeadlineReached(request));
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[request]);
        _zone.Report("ns2", TargetZoneState.Refused);
        Assert.Equal(ZonePhase.Present, _zone.Machine.Phase);
    }

    [Fact]
    public void A_notify_during_a_pass_makes_exactly_one_more()
    {
        _zone.CreateAndServe(1);
        _zone.Notify();
        long pass = _zone.Pass!.Pass;
        _zone.Notify();
        _zone.Notify();
        Assert.Equal(pass, _zone.Pass!.Pass);
        _zone.Bring(2);
        _zone.Commit();
        Assert.Equal(pass + 1, _zone.Pass!.Pass);
        Assert.Equal(2u, _zone.Pass.HeldSerial);
        _zone.Feed(new PassFoundCurrent(_zone.Pass.Pass, 2));
        Assert.Null(_zone.Pass);
    }

    [Fact]
    public void Notifies_are_collected_for_the_configured_delay()
    {
        var zone = new ZoneMachineDriver(new ZonePolicy { NotifyDelay = TimeSpan.FromSeconds(1) });
        zone.CreateAndServe(1);
        long first = zone.Notify();
        long second = zone.Notify();
        Assert.Equal(ZoneOutcome.Done, zone.Requests[first]);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[second]);
        Assert.Null(zone.Pass);
        zone.Fire(ZoneTimer.NotifyDelay);
        Assert.NotNull(zone.Pass);
    }

    [Fact]
    public void Delete_beats_a_notify_that_waits()
    {
        var zone = new ZoneMachineDriver(new ZonePolicy { NotifyDelay = TimeSpan.FromSeconds(1) });
        zone.CreateAndServe(1);
        zone.Notify();
        long delete = zone.Delete();
        Assert.DoesNotContain(ZoneTimer.NotifyDelay, zone.Timers);
        zone.Commit();
        long late = zone.Notify();
        Assert.Equal(ZoneOutcome.Unknown, zone.Requests[late]);
        zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[delete]);
        zone.Commit();
        Assert.True(zone.Gone);
    }

    [Fact]
    public void Delete_during_a_creation_fails_the_creation()
    {
        long create = _zone.Create();
        long delete = _zone.Delete();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[create]);
        Assert.Null(_zone.Pass);
        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[delete]);
    }

    [Fact]
    public void Delete_while_content_is_written_never_reaches_a_target()
    {
        _zone.Create();
        _zone.Bring(1);
        long delete = _zone.Delete();
        _zone.Commit();
        Assert.Null(_zone.Present);
        _zone.Commit();
        Assert.NotNull(_zone.Absent);
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[delete]);
    }

    [Fact]
    public void Delete_of_an_unknown_zone_makes_sure_that_no_server_has_it()
    {
        long delete = _zone.Delete();
        _zone.Commit();
        Assert.NotNull(_zone.Absent);
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[delete]);
    }

    [Fact]
    public void Delete_that_a_server_refuses_fails_but_stays_wanted()
    {
        _zone.CreateAndServe(1);
        long delete = _zone.Delete();
        _zone.Commit();
        _zone.Report("ns1", TargetZoneState.Refused);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[delete]);
        Assert.Equal(ZonePhase.Deleting, _zone.Machine.Phase);
    }

    [Fact]
    public void Create_after_delete_wins()
    {
        _zone.CreateAndServe(5);
        long delete = _zone.Delete();
        _zone.Commit();
        long create = _zone.Create();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[delete]);
        _zone.Bring(3);
        _zone.Commit();
        Assert.Equal(3u, _zone.Present!.Content.Serial);
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[create]);
    }

    [Fact]
    public void A_failed_create_after_delete_leaves_the_deletion_in_force()
    {
        _zone.CreateAndServe(5);
        _zone.Delete();
        _zone.Commit();
        long create = _zone.Create();
        _zone.FailPass();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[create]);
        _zone.ReportAll(TargetZoneState.Verified);
        _zone.Commit();
        Assert.True(_zone.Gone);
    }

    [Theory]
    [InlineData(10u, 9u, false)]
    [InlineData(10u, 10u, false)]
    [InlineData(10u, 11u, true)]
    [InlineData(uint.MaxValue, 3u, true)]
    [InlineData(3u, uint.MaxValue, false)]
    public void Older_content_never_replaces_newer(uint held, uint brought, bool replaces)
    {
        _zone.CreateAndServe(held);
        _zone.Notify();
        _zone.Bring(brought);
        Assert.Equal(replaces, _zone.Write is not null);
    }

    [Fact]
    public void An_operator_can_force_older_content()
    {
        _zone.CreateAndServe(10);
        _zone.Refresh(force: true);
        Assert.True(_zone.Pass!.Force);
        _zone.Bring(9);
        _zone.Commit();
        Assert.Equal(9u, _zone.Present!.Content.Serial);
    }

    [Fact]
    public void Create_of_a_zone_that_is_there_is_answered_at_once_and_refreshes()
    {
        _zone.CreateAndServe(1);
        long again = _zone.Create();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[again]);
        Assert.Equal(1u, _zone.Pass!.HeldSerial);
    }

    [Fact]
    public void A_journal_that_refuses_fails_the_creation_and_leaves_nothing()
    {
        long create = _zone.Create();
        _zone.Bring(1);
        _zone.RefuseWrite();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[create]);
        Assert.True(_zone.Gone);
        Assert.Null(_zone.Present);
    }

    [Fact]
    public void A_journal_that_refuses_an_update_is_tried_again()
    {
        _zone.CreateAndServe(1);
        _zone.Notify();
        _zone.Bring(2);
        _zone.RefuseWrite();
        Assert.Equal(1u, _zone.Machine.Row!.Content!.Serial);
        _zone.Fire(ZoneTimer.Retry);
        _zone.Bring(2);
        _zone.Commit();
        Assert.Equal(2u, _zone.Present!.Content.Serial);
    }

    [Fact]
    public void A_journal_that_refuses_a_deletion_leaves_the_zone_served()
    {
        _zone.CreateAndServe(1);
        long delete = _zone.Delete();
        _zone.RefuseWrite();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[delete]);
        Assert.Equal(ZonePhase.Present, _zone.Machine.Phase);
    }

    [Fact]
    public void Retries_come_later_each_time_up_to_the_bound()
    {
        var policy = new ZonePolicy { RetryMinimum = TimeSpan.FromSeconds(2), RetryMaximum = TimeSpan.FromSeconds(10) };
        var machine = new ZoneMachine(DomainName.Parse("example.com."), Row(1), ZoneMachineDriver.TargetNames, policy);
        var delays = new List<double>();
        var effects = new List<ZoneEffect>();
        machine.Handle(new Loaded(true), default, effects);
        for (int i = 0; i < 5; i++)
        {
            long pass = effects.OfType<BeginPass>().Last().Pass;
            machine.Handle(new PassFailed(pass, ZoneMachineDriver.SomeReason), default, effects);
            delays.Add(effects.OfType<SetTimer>().Last(t => t.Timer == ZoneTimer.Retry).Delay.TotalSeconds);
            machine.Handle(new TimerFired(ZoneTimer.Retry), default, effects);
        }

        Assert.Equal([2, 4, 8, 10, 10], delays);
    }

    [Fact]
    public void A_storm_of_notifies_does_not_hurry_passes_that_keep_failing()
    {
        _zone.CreateAndServe(1);
        _zone.Feed(new PassFoundCurrent(_zone.Pass?.Pass ?? 0, 1));
        int passes = 0;
        long last = 0;
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(ZoneOutcome.Done, _zone.Requests[_zone.Notify()]);
            if (_zone.Pass is not { } pass) continue;
            if (pass.Pass != last) passes++;
            last = pass.Pass;
            _zone.Notify();
            _zone.FailPass();
        }

        Assert.InRange(passes, 1, 3);
        Assert.Contains(ZoneTimer.Retry, _zone.Timers);
        _zone.Fire(ZoneTimer.Retry);
        Assert.NotNull(_zone.Pass);
    }

    [Fact]
    public void A_notify_brings_a_late_retry_forward()
    {
        var policy = new ZonePolicy { RetryMinimum = TimeSpan.FromSeconds(2) };
        var machine = new ZoneMachine(DomainName.Parse("example.com."), Row(1), ZoneMachineDriver.TargetNames, policy);
        var effects = new List<ZoneEffect>();
        machine.Handle(new Loaded(true), default, effects);
        for (int i = 0; i < 8; i++)
        {
            machine.Handle(
                new PassFailed(effects.OfType<BeginPass>().Last().Pass, ZoneMachineDriver.SomeReason), default, effects);
            if (i < 7) machine.Handle(new TimerFired(ZoneTimer.Retry), default, effects);
        }

        Assert.Equal(256, effects.OfType<SetTimer>().Last().Delay.TotalSeconds);
        effects.Clear();
        machine.Handle(new NotifyAsked(1, null, ZoneMachineDriver.Origin), default, effects);
        machine.Handle(new NotifyAsked(2, null, ZoneMachineDriver.Origin), default, effects);
        Assert.Equal(2, Assert.Single(effects.OfType<SetTimer>()).Delay.TotalSeconds);
    }

    [Fact]
    public void A_journal_that_takes_nothing_is_tried_later_each_time()
    {
        var machine = new ZoneMachine(DomainName.Parse("example.com."), Row(1), ZoneMachineDriver.TargetNames, new ZonePolicy());
        var delays = new List<double>();
        var effects = new List<ZoneEffect>();
        machine.Handle(new Loaded(true), default, effects);
        for (uint i = 0; i < 4; i++)
        {
            long pass = effects.OfType<BeginPass>().Last().Pass;
            machine.Handle(new PassBrought(pass, SampleZones.Content("example.com.", 2 + i), "m1"), default, effects);
            long write = effects.OfType<WriteJournal>().Last(w => w.Write != 0).Write;
            machine.Handle(new JournalRefused(write, ZoneMachineDriver.SomeReason), default, effects);
            delays.Add(effects.OfType<SetTimer>().Last(t => t.Timer == ZoneTimer.Retry).Delay.TotalSeconds);
            machine.Handle(new TimerFired(ZoneTimer.Retry), default, effects);
        }

        Assert.Equal([2, 4, 8, 16], delays);
    }

    [Fact]
    public void A_create_behind_a_deletion_that_the_journal_does_not_take_is_answered_at_its_deadline()
    {
        _zone.CreateAndServe(1);
        _zone.Delete();
        long create = _zone.Create();
        _zone.Feed(new DeadlineReached(create));
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[create]);
        _zone.Commit();
        Assert.Equal(ZonePhase.Deleting, _zone.Machine.Phase);
        Assert.Null(_zone.Pass);
    }

    [Fact]
    public void A_retransfer_whose_pass_fails_is_tried_again_as_one()
    {
        _zone.CreateAndServe(1);
        _zone.Refresh(force: true);
        _zone.FailPass();
        _zone.Fire(ZoneTimer.Retry);
        Assert.True(_zone.Pass!.Force);
        _zone.Bring(1);
        _zone.Commit();
        Assert.Equal(2, _zone.Machine.Row!.Generation);
        _zone.Refresh();
        Assert.False(_zone.Pass!.Force);
    }

    [Fact]
    public void Waiting_requests_are_bounded()
    {
        var zone = new ZoneMachineDriver(new ZonePolicy { MaxWaitingRequests = 2 });
        zone.Create();
        zone.Create();
        Assert.Equal(ZoneOutcome.Failed, zone.Requests[zone.Create()]);
        Assert.Equal(2, zone.Machine.Waiting);
    }

    [Fact]
    public void A_report_of_an_older_generation_counts_for_nothing()
    {
        long create = _zone.Create();
        _zone.Bring(1);
        _zone.Commit();
        long old = _zone.Machine.Row!.Generation;
        _zone.Notify();
        _zone.Bring(2);
        _zone.Commit();
        foreach (string target in ZoneMachineDriver.TargetNames)
            _zone.Feed(new TargetReported(old, new TargetProgress(target, TargetZoneState.Verified, 1, null, null)));
        Assert.Null(_zone.Requests[create]);
    }

    [Fact]
    public void A_loaded_zone_is_wanted_again_and_its_masters_are_asked()
    {
        var zone = new ZoneMachineDriver(row: Row(4));
        zone.Feed(new Loaded(CheckMasters: true));
        Assert.True(zone.Present!.ObserveFirst);
        Assert.Equal(4u, zone.Pass!.HeldSerial);
    }

    [Fact]
    public void A_loaded_deletion_goes_on()
    {
        var zone = new ZoneMachineDriver(row: Row(4) with { Wish = ZoneWish.Absent });
        zone.Feed(new Loaded(CheckMasters: true));
        Assert.NotNull(zone.Absent);
        zone.ReportAll(TargetZoneState.Verified);
        zone.Commit();
        Assert.True(zone.Gone);
    }

    private static ZoneRow Row(uint serial) => new()
    {
        Name = DomainName.Parse("example.com."),
        Wish = ZoneWish.Present,
        Generation = 5,
        Content = SampleZones.Content("example.com.", serial),
        ChangedAt = default,
        Targets = [.. ZoneMachineDriver.TargetNames.Select(t => new TargetProgress(t, TargetZoneState.Verified, serial, null, null))],
    };
}
