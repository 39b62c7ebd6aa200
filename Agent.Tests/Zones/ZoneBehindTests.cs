using Agent.Actors.Reasons;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>Content that is older than the serial that a master named beside it.</summary>
public sealed class ZoneBehindTests
{
    private readonly ZoneMachineDriver _zone = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_is_used_and_what_was_named_is_asked_for_again_soon(bool isFirst)
    {
        if (!isFirst) _zone.CreateAndServe(1);
        if (isFirst) _zone.Create();
        else _zone.Notify();
        Bring(8, behind: 10);
        _zone.Commit();
        Assert.Equal(8u, _zone.HeldSerial);
        Assert.Equal(8u, _zone.ServedBy("ns1"));
        Reason reason = _zone.Machine.Row!.Reason!;
        Assert.Equal(
            (ReasonCode.SerialBehind, "a master named serial 10, and what came has 8; it is asked for again"), (reason.Code, reason.Text));
        Assert.Contains(_zone.Events, line => line.Code == ReasonCode.SerialBehind);
        Assert.False(_zone.Machine.IsQuiet);

        _zone.Fire(ZoneTimer.Retry);
        Bring(10, behind: null);
        _zone.Commit();
        Assert.Null(_zone.Machine.Row!.Reason);
        Assert.Contains(ZoneTimer.Refresh, _zone.Timers);
        Assert.DoesNotContain(ZoneTimer.Retry, _zone.Timers);
    }

    [Fact]
    public void A_master_that_takes_back_what_it_named_ends_it()
    {
        _zone.CreateAndServe(1);
        _zone.Notify();
        Bring(8, behind: 10);
        _zone.Commit();
        _zone.ReportAll(Agent.Actors.Journal.TargetZoneState.Verified);
        _zone.Fire(ZoneTimer.Retry);
        _zone.Feed(new PassFoundCurrent(_zone.Pass!.Pass, 8));
        Assert.Null(_zone.Machine.Row!.Reason);
        Assert.DoesNotContain(ZoneTimer.Retry, _zone.Timers);
    }

    [Fact]
    public void What_the_journal_did_not_take_leaves_nothing_behind()
    {
        _zone.CreateAndServe(1);
        _zone.Notify();
        Bring(8, behind: 10);
        _zone.RefuseWrite();
        _zone.Fire(ZoneTimer.Retry);
        Bring(10, behind: null);
        _zone.Commit();
        Assert.Null(_zone.Machine.Row!.Reason);
    }

    private void Bring(uint serial, uint? behind) => _zone.Feed(
        new PassBrought(_zone.Pass!.Pass, SampleZones.Content("example.com.", serial), "192.0.2.1:5354") { Behind = behind });
}
