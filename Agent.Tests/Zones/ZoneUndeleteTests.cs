using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Zones;

/// <summary>Deleted zones that an operator brings back.</summary>
public sealed class ZoneUndeleteTests
{
    private static readonly ZonePolicy WithSet = new() { MasterSets = ["blue"] };

    [Fact]
    public void A_zone_comes_back_with_what_the_journal_has_kept_and_its_masters_are_asked_behind_that()
    {
        var zone = new ZoneMachineDriver();
        long request = zone.Undelete();
        Assert.Equal((true, ZonePhase.Creating), (zone.KeptIsAsked, zone.Machine.Phase));
        zone.Notify();
        long create = zone.Create();
        Assert.Null(zone.Pass);
        zone.Keep(7);
        Assert.Null(zone.Requests[request]);
        zone.Commit();
        Assert.Equal(7u, zone.Present!.Content.Serial);
        Assert.Equal(7u, zone.Pass!.HeldSerial);
        zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal((ZoneOutcome.Done, ZoneOutcome.Done), (zone.Requests[request], zone.Requests[create]));
        Assert.Contains(zone.Events, e => e is { Code: "undeleted", Serial: 7 });
    }

    [Fact]
    public void Masters_that_do_not_have_it_any_more_do_not_take_it_away()
    {
        ZoneMachineDriver zone = Undeleted(7);
        zone.FailPass();
        Assert.Equal((ZonePhase.Present, 7u), (zone.Machine.Phase, zone.Machine.Row!.Content!.Serial));
        Assert.NotNull(zone.Machine.Row.RefreshedAt);
        Assert.Equal(ZoneMachineDriver.SomeReason, zone.Machine.Row.Reason);
    }

    [Fact]
    public void Of_what_nothing_is_kept_nothing_comes_back()
    {
        var zone = new ZoneMachineDriver();
        long request = zone.Undelete();
        zone.Keep(null);
        Assert.Equal(ZoneOutcome.Failed, zone.Requests[request]);
        Assert.Equal(ZoneMachineDriver.SomeReason, zone.LastReason);
        Assert.Equal((true, ZonePhase.Unknown), (zone.Gone, zone.Machine.Phase));
    }

    [Fact]
    public void Who_creates_the_zone_meanwhile_gets_it_from_its_masters_when_nothing_is_kept()
    {
        var zone = new ZoneMachineDriver();
        long request = zone.Undelete();
        long create = zone.Create();
        zone.Keep(null);
        Assert.Equal((ZoneOutcome.Failed, null), (zone.Requests[request], zone.Requests[create]));
        zone.Bring(3);
        zone.Commit();
        zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[create]);
    }

    [Fact]
    public void A_deletion_that_is_still_going_on_is_turned_round_with_what_the_row_has()
    {
        ZoneMachineDriver zone = Served(5);
        long delete = zone.Delete();
        long request = zone.Undelete();
        Assert.Equal(ZonePhase.Deleting, zone.Machine.Phase);
        zone.Commit();
        Assert.Equal((ZoneOutcome.Done, false), (zone.Requests[delete], zone.KeptIsAsked));
        zone.Commit();
        Assert.Equal((5u, 3L), (zone.Present!.Content.Serial, zone.Machine.Row!.Generation));
        zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[request]);
    }

    [Fact]
    public void Behind_the_last_word_of_a_deletion_the_journal_is_asked()
    {
        ZoneMachineDriver zone = Served(5);
        zone.Delete();
        zone.Commit();
        zone.ReportAll(TargetZoneState.Verified);
        Assert.IsType<ForgetZone>(zone.Write!.Entries[0]);
        long request = zone.Undelete();
        zone.Commit();
        Assert.True(zone.KeptIsAsked);
        zone.Keep(5);
        zone.Commit();
        zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[request]);
    }

    [Fact]
    public void A_zone_that_is_there_is_left_alone()
    {
        ZoneMachineDriver zone = Served(5);
        Refused(zone, zone.Undelete(), ReasonCode.ZoneExists);
        var creating = new ZoneMachineDriver();
        creating.Create();
        Refused(creating, creating.Undelete(), ReasonCode.ZoneExists);
        ZoneMachineDriver again = Served(5);
        again.Delete();
        again.Create();
        Refused(again, again.Undelete(), ReasonCode.ZoneExists);
    }

    [Fact]
    public void A_DELETE_that_comes_later_wins()
    {
        var zone = new ZoneMachineDriver();
        long request = zone.Undelete();
        long delete = zone.Delete();
        Refused(zone, request, ReasonCode.Superseded);
        zone.Keep(7);
        ZoneMachineSettling.Settle(zone);
        Assert.Equal((ZoneOutcome.Done, ZonePhase.Unknown), (zone.Requests[delete], zone.Machine.Phase));
    }

    [Fact]
    public void A_journal_that_does_not_answer_in_time_ends_it()
    {
        var zone = new ZoneMachineDriver();
        long request = zone.Undelete();
        zone.Feed(new DeadlineReached(request));
        Refused(zone, request, ReasonCode.JournalAway);
        Assert.True(zone.Gone);

        ZoneMachineDriver deleting = Served(5);
        deleting.Delete();
        request = deleting.Undelete();
        deleting.Feed(new DeadlineReached(request));
        Refused(deleting, request, ReasonCode.JournalAway);
        ZoneMachineSettling.Settle(deleting);
        Assert.Equal(ZonePhase.Unknown, deleting.Machine.Phase);
    }

    [Fact]
    public void One_of_two_who_want_it_may_give_up()
    {
        var zone = new ZoneMachineDriver();
        long first = zone.Undelete();
        long second = zone.Undelete();
        zone.Feed(new DeadlineReached(first));
        zone.Keep(7);
        ZoneMachineSettling.Settle(zone, 7);
        Assert.Equal((ZoneOutcome.Failed, ZoneOutcome.Done), (zone.Requests[first], zone.Requests[second]));
    }

    [Fact]
    public void A_CREATE_that_is_late_does_not_end_it()
    {
        var zone = new ZoneMachineDriver();
        long request = zone.Undelete();
        zone.Feed(new DeadlineReached(zone.Create()));
        zone.Keep(7);
        ZoneMachineSettling.Settle(zone, 7);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[request]);
    }

    [Fact]
    public void A_deletion_that_the_journal_refuses_leaves_the_zone_as_wished()
    {
        ZoneMachineDriver zone = Served(5);
        zone.Delete();
        long request = zone.Undelete();
        zone.RefuseWrite();
        Assert.Equal((ZoneOutcome.Done, ZonePhase.Present), (zone.Requests[request], zone.Machine.Phase));
        ZoneMachineSettling.Settle(zone, 6);
        Assert.Equal(6u, zone.Machine.Row!.Content!.Serial);
    }

    [Fact]
    public void A_journal_that_refuses_the_content_leaves_nothing()
    {
        var zone = new ZoneMachineDriver();
        long request = zone.Undelete();
        zone.Keep(7);
        zone.RefuseWrite();
        Assert.Equal((ZoneOutcome.Failed, ZonePhase.Unknown), (zone.Requests[request], zone.Machine.Phase));
    }

    [Fact]
    public void A_journal_that_is_away_in_the_middle_of_the_deletion_ends_it()
    {
        ZoneMachineDriver zone = Served(5);
        zone.Delete();
        long request = zone.Undelete();
        zone.DelayWrite();
        Refused(zone, request, ZoneMachineDriver.SomeReason.Code);
        Refused(zone, zone.Undelete(), ZoneMachineDriver.SomeReason.Code);
        ZoneMachineSettling.Settle(zone);
        Assert.Equal(ZonePhase.Unknown, zone.Machine.Phase);
    }

    [Fact]
    public void A_catalog_does_not_take_it_meanwhile()
    {
        var zone = new ZoneMachineDriver();
        zone.Undelete();
        Refused(zone, zone.Claim(new ZoneOwner(DomainName.Parse("catalog.example."), "one")), ReasonCode.OwnedElsewhere);
        Assert.Null(zone.Write);
        zone.Keep(7);
        zone.Commit();
        Assert.Null(zone.Machine.Row!.Owner);
    }

    [Fact]
    public void It_belongs_to_the_master_set_that_is_named_or_that_had_it()
    {
        var named = new ZoneMachineDriver(WithSet);
        named.Undelete("blue");
        named.Keep(7);
        named.Commit();
        Assert.Equal("blue", named.Machine.Row!.Owner!.MasterSet);

        var turned = new ZoneMachineDriver(WithSet);
        turned.CreateFor("blue");
        turned.Bring(1);
        turned.Commit();
        turned.DeleteFor("blue");
        turned.Undelete();
        turned.Commit();
        turned.Commit();
        Assert.Equal("blue", turned.Machine.Row!.Owner!.MasterSet);

        var unknown = new ZoneMachineDriver(WithSet);
        Refused(unknown, unknown.Undelete("red"), ReasonCode.UnknownMasterSet);
    }

    private static void Refused(ZoneMachineDriver zone, long request, string code)
    {
        Assert.Equal(ZoneOutcome.Failed, zone.Requests[request]);
        Assert.Equal(code, zone.LastReason?.Code);
    }

    private static ZoneMachineDriver Served(uint serial)
    {
        var zone = new ZoneMachineDriver();
        zone.CreateAndServe(serial);
        return zone;
    }

    private static ZoneMachineDriver Undeleted(uint serial)
    {
        var zone = new ZoneMachineDriver();
        zone.Undelete();
        zone.Keep(serial);
        zone.Commit();
        zone.ReportAll(TargetZoneState.Verified);
        return zone;
    }
}
