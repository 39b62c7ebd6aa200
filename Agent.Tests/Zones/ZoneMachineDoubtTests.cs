using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>Writes of which nobody knows for a while whether they happened.</summary>
public sealed class ZoneMachineDoubtTests
{
    private readonly ZoneMachineDriver _zone = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_creation_in_doubt_is_answered_at_once_and_leaves_nothing_either_way(bool wasWritten)
    {
        long create = _zone.Create();
        _zone.Bring(1);
        _zone.DelayWrite();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[create]);
        long again = _zone.Create();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[again]);
        if (wasWritten) _zone.Commit();
        else _zone.RefuseWrite();
        ZoneMachineSettling.Settle(_zone);
        Assert.True(_zone.Gone);
        Assert.Null(_zone.Present);
        Assert.Equal(ZonePhase.Unknown, _zone.Machine.Phase);
    }

    [Theory]
    [InlineData(true, ZonePhase.Deleting)]
    [InlineData(false, ZonePhase.Present)]
    public void A_deletion_in_doubt_is_answered_at_once_and_follows_the_journal(bool wasWritten, ZonePhase after)
    {
        _zone.CreateAndServe(1);
        long delete = _zone.Delete();
        _zone.DelayWrite();
        Assert.Equal(ZoneOutcome.Failed, _zone.Requests[delete]);
        Assert.Null(_zone.Absent);
        if (wasWritten) _zone.Commit();
        else _zone.RefuseWrite();
        Assert.Equal(after, _zone.Machine.Phase);
    }

    [Fact]
    public void A_change_in_doubt_is_served_once_the_journal_says_that_it_has_it()
    {
        _zone.CreateAndServe(1);
        _zone.Notify();
        _zone.Bring(2);
        _zone.DelayWrite();
        Assert.Equal(1u, _zone.Present!.Content.Serial);
        _zone.Commit();
        Assert.Equal(2u, _zone.Present!.Content.Serial);
        Assert.Null(_zone.Machine.Row!.Reason);
    }
}
