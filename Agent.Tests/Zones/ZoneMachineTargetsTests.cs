using Agent.Actors.Journal;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>Targets that come and go while a zone lives.</summary>
public sealed class ZoneMachineTargetsTests
{
    [Fact]
    public void A_new_target_is_told_alone_and_the_zone_is_not_quiet_before_it_proves()
    {
        var zone = new ZoneMachineDriver();
        zone.CreateAndServe(7);
        Assert.True(zone.Machine.IsQuiet);
        long generation = zone.Machine.Row!.Generation;
        WantPresent before = zone.Present!;
        zone.ChangeTargets("ns1", "ns2", "ns3");
        Assert.Same(before, zone.Present);
        Assert.Equal((generation, true), zone.Told["ns3"]);
        Assert.Equal(TargetZoneState.Pending, zone.Machine.Row.Targets.Single(t => t.Target == "ns3").State);
        Assert.False(zone.Machine.IsQuiet);
        zone.Report("ns3", TargetZoneState.Verified);
        Assert.True(zone.Machine.IsQuiet);
    }

    [Fact]
    public void A_target_that_is_gone_leaves_the_row_and_its_late_report_does_not_bring_it_back()
    {
        var zone = new ZoneMachineDriver();
        zone.Create();
        zone.Bring(7);
        zone.Commit();
        zone.Report("ns1", TargetZoneState.Verified);
        Assert.False(zone.Machine.IsQuiet);
        zone.ChangeTargets("ns1");
        Assert.True(zone.Machine.IsQuiet);
        zone.Report("ns2", TargetZoneState.Refused);
        Assert.Equal("ns1", Assert.Single(zone.Machine.Row!.Targets).Target);
    }

    [Fact]
    public void Who_waits_is_judged_on_the_targets_that_remain()
    {
        var zone = new ZoneMachineDriver();
        long create = zone.Create();
        zone.Bring(7);
        zone.Commit();
        zone.Report("ns1", TargetZoneState.Verified);
        Assert.Null(zone.Requests[create]);
        zone.ChangeTargets("ns1", "ns3");
        Assert.Equal(ZoneOutcome.Done, zone.Requests[create]);
    }

    [Fact]
    public void Who_waits_for_targets_that_are_all_gone_waits_for_those_there_are()
    {
        var zone = new ZoneMachineDriver();
        long create = zone.Create();
        zone.Bring(7);
        zone.Commit();
        zone.ChangeTargets("ns3");
        Assert.Null(zone.Requests[create]);
        zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[create]);
    }

    [Fact]
    public void Without_any_target_nobody_is_told_that_all_have_refused()
    {
        var zone = new ZoneMachineDriver();
        long create = zone.Create();
        zone.Bring(7);
        zone.Commit();
        zone.ChangeTargets();
        Assert.Null(zone.Requests[create]);
        zone.Feed(new DeadlineReached(create));
        Assert.Equal(ZoneOutcome.Done, zone.Requests[create]);
    }

    [Fact]
    public void A_deleted_zone_is_forgotten_when_the_last_target_that_has_it_is_gone()
    {
        var zone = new ZoneMachineDriver();
        zone.CreateAndServe(7);
        long delete = zone.Delete();
        zone.Commit();
        zone.Report("ns1", TargetZoneState.Verified);
        zone.ChangeTargets("ns1");
        Assert.Equal(ZoneOutcome.Done, zone.Requests[delete]);
        zone.Commit();
        Assert.True(zone.Gone);
    }

    [Fact]
    public void A_deleted_zone_is_not_forgotten_before_a_new_target_was_seen_without_it()
    {
        var zone = new ZoneMachineDriver();
        zone.CreateAndServe(7);
        zone.Delete();
        zone.Commit();
        zone.Report("ns1", TargetZoneState.Verified);
        zone.ChangeTargets("ns1", "ns2", "ns3");
        Assert.Equal((zone.Machine.Row!.Generation, false), zone.Told["ns3"]);
        zone.Report("ns2", TargetZoneState.Verified);
        Assert.Null(zone.Write);
        zone.Report("ns3", TargetZoneState.Verified);
        zone.Commit();
        Assert.True(zone.Gone);
    }

    [Fact]
    public void A_write_that_is_under_way_comes_back_with_the_targets_there_are_then()
    {
        var zone = new ZoneMachineDriver();
        zone.CreateAndServe(7);
        zone.Notify();
        zone.Bring(8);
        zone.ChangeTargets("ns2", "ns3");
        Assert.Equal((zone.Machine.Row!.Generation, true), zone.Told["ns3"]);
        zone.Commit();
        Assert.Equal(["ns2", "ns3"], zone.Machine.Row.Targets.Select(t => t.Target));
        Assert.Equal((zone.Machine.Row.Generation, true), zone.Told["ns3"]);
        zone.ReportAll(TargetZoneState.Verified);
        Assert.True(zone.Machine.IsQuiet);
    }

    [Fact]
    public void Of_a_deletion_that_is_not_durable_a_new_target_hears_with_the_others()
    {
        var zone = new ZoneMachineDriver();
        zone.CreateAndServe(7);
        zone.Delete();
        zone.ChangeTargets("ns1", "ns2", "ns3");
        Assert.False(zone.Told.ContainsKey("ns3"));
        zone.Commit();
        Assert.Equal((zone.Machine.Row!.Generation, false), zone.Told["ns3"]);
    }
}
