using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Zones;

/// <summary>Zones that belong to a catalog: who may take them, and take them away.</summary>
public sealed class ZoneOwnershipTests
{
    private const int Seeds = 2000;
    private static readonly DomainName North = DomainName.Parse("north.example.");
    private static readonly DomainName South = DomainName.Parse("south.example.");
    private static readonly ZonePolicy Policy = new() { Catalogs = [North, South] };
    private static readonly ZoneOwner OfNorth = new(North, "a");

    private readonly ZoneMachineDriver _zone = new(Policy);

    [Fact]
    public void A_claim_is_answered_when_it_is_durable_and_masters_take_their_time()
    {
        long claim = _zone.Claim(OfNorth);
        Assert.Null(_zone.Requests[claim]);
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[claim]);
        Assert.Equal(OfNorth, _zone.Machine.Row!.Owner);
        _zone.FailPass();
        Assert.Equal(ZonePhase.Present, _zone.Machine.Phase);
        _zone.Fire(ZoneTimer.Retry);
        _zone.Bring(4);
        _zone.Commit();
        Assert.Equal(4u, _zone.Present!.Content.Serial);
        Assert.Equal(OfNorth, _zone.Machine.Row.Owner);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[_zone.Claim(OfNorth)]);
    }

    [Fact]
    public void Servers_that_refuse_a_member_do_not_undo_it()
    {
        Serve(OfNorth);
        _zone.ReportAll(TargetZoneState.Refused);
        Assert.Equal(ZonePhase.Present, _zone.Machine.Phase);
    }

    [Fact]
    public void A_control_message_cannot_delete_a_member_and_its_catalog_can()
    {
        Serve(OfNorth);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Delete()]);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Release(South)]);
        Assert.Null(_zone.Write);
        long release = _zone.Release(North);
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[release]);
        Assert.NotNull(_zone.Absent);
        Assert.Null(_zone.Requests[_zone.Delete()]);
    }

    [Fact]
    public void A_catalog_cannot_take_or_delete_what_a_control_message_created()
    {
        _zone.CreateAndServe(3);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Claim(OfNorth)]);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Release(North)]);
        Assert.Null(_zone.Write);
        long adoption = _zone.Claim(OfNorth, adopts: true);
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[adoption]);
        Assert.Equal(OfNorth, _zone.Machine.Row!.Owner);
        AsksMastersAndKeeps();
    }

    [Fact]
    public void A_creation_under_way_is_not_claimed()
    {
        _zone.Create();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Claim(OfNorth, adopts: true)]);
    }

    [Fact]
    public void Another_catalog_takes_a_member_over_only_when_the_first_lets_it()
    {
        var ofSouth = new ZoneOwner(South, "a");
        Serve(OfNorth);
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Claim(ofSouth)]);
        _zone.Claim(OfNorth with { NextOwner = South });
        _zone.Commit();
        long takeover = _zone.Claim(ofSouth);
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[takeover]);
        AsksMastersAndKeeps();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[_zone.Release(North)]);
    }

    [Fact]
    public void Another_label_has_the_zone_transferred_from_scratch()
    {
        Serve(OfNorth);
        _zone.Claim(OfNorth with { Label = "b" });
        _zone.Commit();
        Assert.True(_zone.Pass!.Force);
        Assert.Equal("b", _zone.Machine.Row!.Owner!.Label);
        _zone.Bring(1);
        _zone.Commit();
        Assert.Equal(1u, _zone.Present!.Content.Serial);
    }

    [Fact]
    public void Another_group_has_its_masters_asked_at_once()
    {
        Serve(OfNorth);
        _zone.Claim(OfNorth with { Group = "fast" });
        _zone.Commit();
        Assert.Equal("fast", _zone.Machine.Row!.Owner!.Group);
        AsksMastersAndKeeps();
        _zone.Claim(OfNorth with { Group = "fast", NextOwner = South });
        _zone.Commit();
        Assert.Null(_zone.Pass);
    }

    [Fact]
    public void What_a_catalog_left_that_is_no_longer_configured_is_cleared_up_by_hand()
    {
        Serve(new ZoneOwner(DomainName.Parse("former.example."), "a"));
        long deletion = _zone.Delete();
        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[deletion]);
    }

    [Fact]
    public void A_member_that_comes_back_while_it_is_deleted_is_wanted()
    {
        Serve(OfNorth);
        _zone.Release(North);
        long claim = _zone.Claim(OfNorth);
        _zone.Commit();
        _zone.Commit();
        Assert.Equal(ZoneOutcome.Done, _zone.Requests[claim]);
        Assert.Equal((ZonePhase.Present, OfNorth), (_zone.Machine.Phase, _zone.Machine.Row!.Owner));
    }

    [Fact]
    public void A_pass_that_fails_while_content_is_written_undoes_nothing()
    {
        long claim = _zone.Claim(OfNorth);
        _zone.Bring(4);
        _zone.Notify();
        Assert.NotNull(_zone.Pass);
        _zone.RefuseWrite();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[claim]);
        _zone.FailPass();
        _zone.Commit();
        Assert.Equal(ZonePhase.Present, _zone.Machine.Phase);
        Assert.Equal(4u, _zone.Present!.Content.Serial);
    }

    [Fact]
    public void Random_lives_end_with_the_last_wish_of_the_owner() =>
        SimSeeds.ForEach(Seeds, seed => Live(new KernelRandom(seed)));

    private static void Live(KernelRandom random)
    {
        var zone = new ZoneMachineDriver(Policy with { MaxWaitingRequests = 3 + random.Next(10) });
        uint serial = 1;
        for (int step = 0; step < 60; step++)
        {
            DomainName catalog = random.Chance(0.5) ? North : South;
            switch (random.Next(6))
            {
                case 0:
                    DomainName? next = random.Chance(0.3) ? South : null;
                    zone.Claim(new ZoneOwner(catalog, random.Chance(0.5) ? "a" : "b", "", next), random.Chance(0.2));
                    break;
                case 1:
                    zone.Release(catalog);
                    break;
                default:
                    ZoneMachinePropertyTests.Act(zone, random, ref serial);
                    break;
            }
        }

        ZoneMachineSettling.Settle(zone, serial + 1);
        if (zone.Machine.Phase == ZonePhase.Present)
        {
            ZoneOwner? owner = zone.Machine.Row!.Owner;
            long end = owner is null ? zone.Delete() : zone.Release(owner.Catalog);
            ZoneMachineSettling.Settle(zone, serial + 2);
            Assert.True(zone.Requests[end] == ZoneOutcome.Done, $"{zone.LastReason}");
        }

        Assert.Equal(ZonePhase.Unknown, zone.Machine.Phase);
        long last = zone.Claim(OfNorth);
        ZoneMachineSettling.Settle(zone, serial + 3);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[last]);
        Assert.DoesNotContain(zone.Requests, r => r.Value is null);
        Assert.Equal(OfNorth, zone.Machine.Row!.Owner);
        Assert.True(zone.Machine.IsQuiet);
        Assert.Equal(ZoneOutcome.Failed, zone.Requests[zone.Delete()]);
    }

    /// <summary>The masters may be others: whether they have something newer is asked, and nothing that is held is given up.</summary>
    private void AsksMastersAndKeeps()
    {
        Assert.False(_zone.Pass!.Force);
        Assert.NotNull(_zone.Pass.HeldSerial);
        _zone.Feed(new PassFoundCurrent(_zone.Pass.Pass, _zone.Pass.HeldSerial.Value));
        Assert.Null(_zone.Pass);
    }

    private void Serve(ZoneOwner owner)
    {
        _zone.Claim(owner);
        _zone.Commit();
        _zone.Bring(4);
        _zone.Commit();
        _zone.ReportAll(TargetZoneState.Verified);
        Assert.True(_zone.Machine.IsQuiet);
    }
}
