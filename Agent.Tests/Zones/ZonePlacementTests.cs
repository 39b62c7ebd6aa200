using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>Zones that belong to some of the targets only, and that move between them.</summary>
public sealed class ZonePlacementTests
{
    private readonly ZoneMachineDriver _zone = new();

    [Fact]
    public void A_target_that_the_zone_leaves_is_pending_until_it_was_seen_without_the_zone()
    {
        _zone.CreateAndServe(7);
        _zone.Place("ns1");
        Assert.True(_zone.Told["ns2"].Present);
        _zone.Commit();
        Assert.True(_zone.Told["ns2"].Present);
        _zone.Report("ns1", TargetZoneState.Verified);
        Assert.Equal((_zone.Machine.Row!.Generation, false), _zone.Told["ns2"]);
        Assert.True(_zone.Machine.Row.Targets[1] is { Target: "ns2", IsLeaving: true, State: TargetZoneState.Pending });
        Assert.False(_zone.Machine.IsQuiet);
        _zone.Report("ns2", TargetZoneState.Verified);
        Assert.Equal(["ns1"], _zone.Machine.Row.Targets.Select(t => t.Target));
        Assert.True(_zone.Machine.IsQuiet);
    }

    /// <summary>Else a slip in a pattern, or a server that is away, would take the zone off the net.</summary>
    [Theory]
    [InlineData(TargetZoneState.Away)]
    [InlineData(TargetZoneState.Refused)]
    public void As_long_as_it_is_not_served_where_it_belongs_it_stays_where_it_was_and_gets_what_is_new(TargetZoneState state)
    {
        _zone.Place("ns1");
        _zone.Create();
        _zone.Bring(7);
        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        _zone.Place("ns2");
        _zone.Commit();
        _zone.Report("ns2", state);
        Assert.True(_zone.Told["ns1"].Present);
        Assert.True(_zone.Machine.IsQuiet);
        _zone.Notify();
        _zone.Bring(8);
        _zone.Commit();
        long generation = _zone.Machine.Row!.Generation;
        Assert.Equal((generation, true), _zone.Told["ns1"]);
        _zone.Feed(new TargetReported(generation, new TargetProgress("ns1", TargetZoneState.Verified, 8, null, null)));
        _zone.Report("ns1", TargetZoneState.Away);
        Assert.Equal((generation, true), _zone.Told["ns1"]);
        _zone.Report("ns2", TargetZoneState.Verified);
        Assert.Equal((generation, false), _zone.Told["ns1"]);
        Assert.True(_zone.Machine.Row.Targets[0] is { Target: "ns1", State: TargetZoneState.Pending, Reason: null });
        _zone.Report("ns1", TargetZoneState.Verified);
        Assert.Equal(["ns2"], _zone.Machine.Row.Targets.Select(t => t.Target));
    }

    [Fact]
    public void As_many_serve_it_as_the_quorum_asks()
    {
        _zone.ChangeTargets("ns1", "ns2", "ns3");
        _zone.CreateAndServe(7);
        _zone.Feed(new TargetsChanged(["ns2", "ns3"]) { Others = ["ns1"] });
        _zone.Commit();
        _zone.Report("ns2", TargetZoneState.Verified);
        Assert.True(_zone.Told["ns1"].Present);
        _zone.Report("ns3", TargetZoneState.Verified);
        Assert.False(_zone.Told["ns1"].Present);
    }

    /// <summary>It would be given the zone again, and an older word that it is gone would then be taken for the last.</summary>
    [Fact]
    public void Who_was_told_to_do_without_it_is_not_told_otherwise_when_it_stops_being_served()
    {
        _zone.CreateAndServe(7);
        _zone.Place("ns1");
        _zone.Commit();
        _zone.Report("ns1", TargetZoneState.Verified);
        _zone.Report("ns1", TargetZoneState.Away);
        _zone.Notify();
        _zone.Bring(8);
        _zone.Commit();
        Assert.Equal((_zone.Machine.Row!.Generation, false), _zone.Told["ns2"]);
    }

    [Fact]
    public void A_proof_of_the_wish_before_does_not_count()
    {
        _zone.CreateAndServe(7);
        long before = _zone.Machine.Row!.Generation;
        _zone.Place("ns1");
        _zone.Commit();
        Late("ns2", null, _zone.Machine.Row.Generation);
        _zone.Report("ns1", TargetZoneState.Verified);
        Late("ns2", null, before);
        Late("ns2", 7, _zone.Machine.Row.Generation);
        Assert.True(_zone.Machine.Row.Targets[1].IsLeaving);
    }

    [Fact]
    public void What_somebody_else_has_changed_there_is_a_word_about_the_present_wish()
    {
        _zone.CreateAndServe(7);
        var drift = new Reason(ReasonCode.Drift, "serial 9 instead of 7");
        _zone.Feed(new TargetReported(
            _zone.Machine.Row!.Generation, new TargetProgress("ns2", TargetZoneState.Verified, 9, null, drift)));
        Assert.Equal(drift, _zone.Machine.Row.Targets[1].Reason);
    }

    [Fact]
    public void A_target_that_the_zone_comes_to_is_told_behind_the_row()
    {
        _zone.Place("ns1");
        _zone.Create();
        _zone.Bring(7);
        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        _zone.Place("ns1", "ns2");
        Assert.False(_zone.Told.ContainsKey("ns2"));
        Assert.Equal(["ns1", "ns2"], Assert.IsType<PutZone>(_zone.Write!.Entries[0]).Row.Targets.Select(t => t.Target));
        _zone.RefuseWrite();
        Assert.False(_zone.Told.ContainsKey("ns2"));
        _zone.Fire(ZoneTimer.Retry);
        _zone.Commit();
        Assert.Equal((_zone.Machine.Row!.Generation, true), _zone.Told["ns2"]);
    }

    [Fact]
    public void Only_the_targets_of_the_zone_count_for_who_waits()
    {
        _zone.Place("ns2");
        long create = _zone.Create();
        _zone.Bring(7);
        _zone.Commit();
        Assert.False(_zone.Told.ContainsKey("ns1"));
        _zone.Report("ns2", TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[create]);
    }

    [Fact]
    public void New_content_is_told_to_the_zones_targets_and_the_removal_once_more_to_the_one_it_leaves()
    {
        _zone.CreateAndServe(7);
        _zone.Place("ns1");
        _zone.Commit();
        _zone.Report("ns1", TargetZoneState.Verified);
        _zone.Report("ns2", TargetZoneState.Away);
        _zone.Notify();
        _zone.Bring(8);
        _zone.Commit();
        long generation = _zone.Machine.Row!.Generation;
        Assert.Equal((generation, true), _zone.Told["ns1"]);
        Assert.Equal((generation, false), _zone.Told["ns2"]);
        _zone.ReportAll(TargetZoneState.Verified);
        _zone.Report("ns2", TargetZoneState.Verified);
        Assert.True(_zone.Machine.IsQuiet);
    }

    [Fact]
    public void A_deleted_zone_is_not_forgotten_before_the_target_it_was_leaving_was_seen_without_it()
    {
        _zone.CreateAndServe(7);
        _zone.Place("ns1");
        _zone.Commit();
        _zone.Delete();
        _zone.Commit();
        Assert.Equal((_zone.Machine.Row!.Generation, false), _zone.Told["ns2"]);
        _zone.Report("ns1", TargetZoneState.Verified);
        Assert.Null(_zone.Write);
        _zone.Report("ns2", TargetZoneState.Verified);
        _zone.Commit();
        Assert.True(_zone.Gone);
    }

    [Fact]
    public void While_none_of_its_targets_exists_the_zone_stays_where_it_is()
    {
        _zone.CreateAndServe(7);
        _zone.Place();
        Assert.Equal(["ns1", "ns2"], _zone.Machine.Row!.Targets.Select(t => t.Target));
        Assert.All(_zone.Told.Values, told => Assert.True(told.Present));
        Assert.Null(_zone.Write);
        _zone.Place("ns2");
        _zone.Commit();
        _zone.Report("ns2", TargetZoneState.Verified);
        Assert.False(_zone.Told["ns1"].Present);
    }

    [Fact]
    public void A_zone_that_wakes_under_another_placement_has_it_written_first()
    {
        _zone.CreateAndServe(7);
        ZoneRow row = _zone.Machine.Row!;
        var again = new ZoneMachine(row.Name, row, ["ns1"], new ZonePolicy(), ["ns2"]);
        Assert.False(again.IsQuiet);
        var effects = new List<ZoneEffect>();
        again.Handle(new TargetsChanged(["ns1"]) { Others = ["ns2"] }, DateTimeOffset.UnixEpoch, effects);
        Assert.Empty(effects.OfType<WantAt>());
        again.Handle(new JournalWritten(effects.OfType<WriteJournal>().First().Write), DateTimeOffset.UnixEpoch, effects);
        Assert.True(Assert.Single(effects.OfType<WantAt>()) is { Target: "ns2", Content: not null });
        var served = new TargetProgress("ns1", TargetZoneState.Verified, 7, null, null);
        again.Handle(new TargetReported(again.Row!.Generation, served), DateTimeOffset.UnixEpoch, effects);
        Assert.True(effects.OfType<WantAt>().Last() is { Target: "ns2", Content: null });
        var never = new ZoneMachine(row.Name, row with { Targets = [row.Targets[0]] }, ["ns1"], new ZonePolicy(), ["ns2"]);
        Assert.True(never.IsQuiet);
    }

    [Theory]
    [InlineData("ns1", true)]
    [InlineData("ns1@node-a", true)]
    [InlineData("ns10", false)]
    [InlineData("ns2", false)]
    [InlineData("ns2@node-a", true)]
    [InlineData("ns2@node-b", false)]
    public void A_name_means_the_target_of_every_node(string target, bool isSelected) =>
        Assert.Equal(isSelected, new TargetSelection(["ns1", "ns2@node-a"]).Contains(target));

    private void Late(string target, uint? serial, long generation) => _zone.Feed(new TargetReported(
        generation, new TargetProgress(target, TargetZoneState.Verified, serial, null, null)));
}
