using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;

namespace Agent.Tests.Targets;

/// <summary>A creation that came to nothing is taken back; what a server had under the name before is not ours to take.</summary>
public sealed class TargetUndoTests
{
    private readonly ScriptedTarget _target = new(new TargetRules());

    [Fact]
    public void What_a_server_that_refused_the_zone_serves_stays()
    {
        _target.Want(1);
        _target.RefuseUntouched(_target.Order<ApplyZone>());
        _target.WantUndone();
        _target.See(_target.Order<ObserveZone>(), 77);
        Assert.Empty(_target.Orders());
        Assert.True(_target.Last is { State: TargetZoneState.Verified, Serial: null, Reason.Code: ReasonCode.ZoneFromElsewhere });
        Assert.Contains("serial 77", _target.Last.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(0, _target.Machine.Behind);
    }

    /// <summary>An order that was refused may have left files that nobody serves.</summary>
    [Fact]
    public void Where_it_serves_nothing_the_zone_is_removed_as_ever()
    {
        _target.Want(1);
        _target.RefuseUntouched(_target.Order<ApplyZone>());
        _target.WantUndone();
        _target.See(_target.Order<ObserveZone>(), null);
        _target.Finish(_target.Order<RemoveZone>(), OrderOutcome.Done);
        _target.See(_target.Order<ObserveZone>(), null);
        Assert.True(_target.Last is { State: TargetZoneState.Verified, Reason: null });
    }

    [Theory]
    [InlineData(OrderOutcome.Refused)]
    [InlineData(OrderOutcome.Done)]
    [InlineData(OrderOutcome.Away)]
    public void What_a_server_took_or_may_have_taken_is_removed(OrderOutcome outcome)
    {
        _target.Want(1);
        _target.Finish(_target.Order<ApplyZone>(), outcome);
        if (outcome == OrderOutcome.Done) _target.SeeThatItCannotHold(_target.OrderBehindPatience());
        _target.WantUndone();
        _target.Order<RemoveZone>();
    }

    [Fact]
    public void The_same_where_the_order_was_still_under_way()
    {
        _target.Want(1);
        ApplyZone apply = _target.Order<ApplyZone>();
        _target.WantUndone();
        _target.Finish(apply, OrderOutcome.Done);
        _target.Order<RemoveZone>();
    }

    /// <summary>It may have been served the zone by us, and lost or kept it.</summary>
    [Fact]
    public void Of_a_zone_whose_work_began_with_a_look_nothing_is_certain()
    {
        _target.Look(1, LookDepth.Serial);
        _target.See(_target.Order<ObserveZone>(), 9);
        _target.RefuseUntouched(_target.Order<ApplyZone>());
        _target.WantUndone();
        _target.Order<RemoveZone>();
    }

    [Fact]
    public void A_zone_that_is_deleted_is_removed_whoever_gave_it()
    {
        _target.Want(1);
        _target.RefuseUntouched(_target.Order<ApplyZone>());
        _target.WantAbsent(generation: 2);
        _target.Order<RemoveZone>();
    }

    /// <summary>The owner says again what it wants when the server returns, without saying why.</summary>
    [Fact]
    public void Being_told_again_changes_nothing()
    {
        _target.Want(1);
        _target.RefuseUntouched(_target.Order<ApplyZone>());
        _target.WantUndone();
        _target.WantAbsent(generation: 2);
        _target.See(_target.Order<ObserveZone>(), 77);
        Assert.Empty(_target.Orders());
    }
}
