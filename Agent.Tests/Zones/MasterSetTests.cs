using Agent.Actors.Journal;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Zones;

/// <summary>Zones that belong to the master set that created them: who may take them away.</summary>
public sealed class MasterSetTests
{
    private static readonly DomainName Catalog = DomainName.Parse("catalog.example.");
    private static readonly ZonePolicy Policy = new() { MasterSets = ["blue", "green"], Catalogs = [Catalog] };

    private readonly ZoneMachineDriver _zone = new(Policy);

    [Fact]
    public void Another_set_and_a_sender_of_none_cannot_delete_or_create_what_a_set_created()
    {
        Serve("blue");
        Assert.Equal("blue", _zone.Machine.Row!.Owner!.MasterSet);
        foreach (string? sender in (string?[])["green", null])
        {
            Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.DeleteFor(sender)]);
            Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.CreateFor(sender)]);
            Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.DeleteFor(sender)]);
        }

        Assert.Null(_zone.Pass);
        Assert.Equal(ZonePhase.Present, _zone.Machine.Phase);

        // The history tells of each once, however often they come.
        Assert.Equal(6, _zone.Events.Count(e => e.Code == "not-owner"));
        _zone.DeleteFor(null);
        Assert.Equal(6, _zone.Events.Count(e => e.Code == "not-owner"));
    }

    [Fact]
    public void Every_sender_of_the_set_deletes_it_and_then_it_is_anybodys()
    {
        Serve("blue");
        _zone.DeleteFor("blue");
        _zone.Commit();
        Assert.NotNull(_zone.Absent);
        Assert.Null(_zone.Requests[_zone.CreateFor("green")]);
        Assert.Equal("green", _zone.Machine.Owner!.MasterSet);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.DeleteFor("blue")]);
    }

    [Fact]
    public void An_operator_forces_it()
    {
        Serve("blue");
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.DeleteFor(null)]);
        _zone.DeleteFor(null, force: true);
        _zone.Commit();
        Assert.NotNull(_zone.Absent);
    }

    [Fact]
    public void A_creation_under_way_is_its_sets_too()
    {
        _zone.CreateFor("blue");
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.CreateFor("green")]);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.DeleteFor("green")]);
        Assert.Null(_zone.Requests[_zone.CreateFor("blue")]);
        _zone.Bring(1);
        _zone.Commit();
        Assert.Equal("blue", _zone.Machine.Row!.Owner!.MasterSet);
    }

    [Fact]
    public void What_nobody_owns_anybody_deletes_until_a_set_creates_it_once_more()
    {
        _zone.CreateAndServe(3);
        Assert.Null(_zone.Machine.Row!.Owner);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[_zone.CreateFor("green")]);
        _zone.Commit();
        Assert.Equal("green", _zone.Machine.Row.Owner!.MasterSet);
        Assert.Contains(_zone.Events, e => e.Code == "claimed" && e.Text.Contains("green", StringComparison.Ordinal));
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.DeleteFor(null)]);
    }

    [Fact]
    public void A_set_that_is_no_longer_configured_owns_nothing()
    {
        Serve("blue");
        _zone.Machine.ChangePolicy(Policy with { MasterSets = ["green"] });
        _zone.CreateFor("green");
        _zone.Commit();
        Assert.Equal("green", _zone.Machine.Row!.Owner!.MasterSet);
        _zone.Machine.ChangePolicy(Policy with { MasterSets = [] });
        Assert.Null(_zone.Requests[_zone.DeleteFor("blue")]);
    }

    [Fact]
    public void A_catalog_takes_it_only_where_it_may_adopt()
    {
        Serve("blue");
        var claim = new ZoneOwner(Catalog, "a");
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Claim(claim)]);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Release(Catalog)]);
        _zone.Claim(claim, adopts: true);
        _zone.Commit();
        Assert.Equal(claim, _zone.Machine.Row!.Owner);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.DeleteFor("blue", force: true)]);
    }

    [Fact]
    public void A_deletion_that_is_not_durable_leaves_the_zone_to_its_set()
    {
        Serve("blue");
        _zone.DeleteFor("blue");
        long creation = _zone.CreateFor("green");
        _zone.RefuseWrite();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[creation]);
        Assert.Equal(("blue", ZonePhase.Present), (_zone.Machine.Owner!.MasterSet, _zone.Machine.Phase));
    }

    private void Serve(string masterSet)
    {
        _zone.CreateFor(masterSet);
        _zone.Bring(4);
        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.True(_zone.Machine.IsQuiet);
    }
}
