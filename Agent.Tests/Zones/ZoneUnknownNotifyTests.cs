using Agent.Actors.Journal;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Zones;

/// <summary>NOTIFY for a zone that nobody created, or of which nobody knows whether it is still there.</summary>
public sealed class ZoneUnknownNotifyTests
{
    [Theory]
    [InlineData(UnknownNotify.Refuse, ZoneOutcome.Unknown, false)]
    [InlineData(UnknownNotify.Ignore, ZoneOutcome.Ignored, false)]
    [InlineData(UnknownNotify.Create, ZoneOutcome.Done, true)]
    public void A_notify_for_an_unknown_zone_does_as_configured(UnknownNotify rule, ZoneOutcome outcome, bool creates)
    {
        var zone = new ZoneMachineDriver(new ZonePolicy { OnUnknownNotify = rule });
        long notify = zone.Notify();
        Assert.Equal(creates, zone.Pass is not null);
        Assert.Equal(creates ? null : outcome, zone.Requests[notify]);
        if (!creates) return;
        long second = zone.Notify();
        Assert.Null(zone.Requests[second]);
        zone.Commit();
        Assert.Equal((outcome, outcome), (zone.Requests[notify], zone.Requests[second]));
        ZoneMachineSettling.Settle(zone, 1);
        Assert.True(zone.Machine.IsQuiet);
        Assert.Equal(1u, zone.Machine.Row!.Content!.Serial);
    }

    [Fact]
    public void A_zone_made_by_notify_is_given_up_after_some_passes()
    {
        var zone = new ZoneMachineDriver(new ZonePolicy { OnUnknownNotify = UnknownNotify.Create, NotifyCreatePasses = 3 });
        zone.Notify();
        zone.Commit();
        zone.FailPass();
        zone.Fire(ZoneTimer.Retry);
        long create = zone.Create();
        Assert.Null(zone.Requests[create]);
        zone.FailPass();
        Assert.Equal(ZoneOutcome.Failed, zone.Requests[create]);
        zone.Fire(ZoneTimer.Retry);
        zone.FailPass();
        Assert.Equal(ZonePhase.Deleting, zone.Machine.Phase);
        ZoneMachineSettling.Settle(zone);
        Assert.True(zone.Gone);
    }

    [Fact]
    public void A_zone_made_by_notify_that_the_journal_does_not_take_is_not_answered_for()
    {
        var zone = new ZoneMachineDriver(new ZonePolicy { OnUnknownNotify = UnknownNotify.Create });
        long notify = zone.Notify();
        zone.RefuseWrite();
        Assert.Equal(ZoneOutcome.Failed, zone.Requests[notify]);
        var accepted = new ZoneRow
        {
            Name = DomainName.Parse("example.com."),
            Wish = ZoneWish.Present,
            Generation = 4,
            ChangedAt = default,
        };
        var loaded = new ZoneMachineDriver(row: accepted);
        loaded.Feed(new Loaded(CheckMasters: false));
        Assert.NotNull(loaded.Pass);
    }

    [Fact]
    public void Whether_a_zone_is_deleted_whose_deletion_is_in_doubt_a_notify_is_not_told()
    {
        var zone = new ZoneMachineDriver();
        zone.CreateAndServe(1);
        zone.Delete();
        zone.DelayWrite();
        long notify = zone.Notify();
        Assert.Equal((ZoneOutcome.Failed, ZoneMachineDriver.SomeReason), (zone.Requests[notify], zone.LastReason));
        zone.RefuseWrite();
        Assert.Equal(ZoneOutcome.Done, zone.Requests[zone.Notify()]);
    }
}
