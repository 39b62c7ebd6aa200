using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;

namespace Agent.Tests.Targets;

/// <summary>What is tried with a server that takes a change and does not serve it, rung by rung.</summary>
public sealed class TargetLadderTests
{
    [Fact]
    public void Each_rung_is_tried_once_and_the_zone_taken_away_where_the_server_does_not_answer_for_it()
    {
        var target = new ScriptedTarget(new TargetRules { ReAdd = ReAddRule.Unserved });
        target.Want(7);
        Assert.False(target.Order<ApplyZone>().IsRepeated);
        target.TakeAndServe(null);
        Assert.Equal((TargetZoneState.Pending, ReasonCode.VerifyStale), (target.Last.State, target.Last.Reason!.Code));
        Assert.Equal((1, 0), (target.Machine.Escalated, target.Machine.Exhausted));
        target.RestIsOver();
        Assert.True(target.Order<ApplyZone>().IsRepeated);
        target.TakeAndServe(null);
        target.RestIsOver();
        target.Finish(target.Order<RemoveZone>(), OrderOutcome.Done);
        Assert.True(target.Order<ApplyZone>().IsRepeated);
        target.TakeAndServe(null);
        Assert.Contains("taking the zone away", target.Last.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal((1, 1), (target.Machine.Escalated, target.Machine.Exhausted));

        // Nothing else is left: not taken away a second time, and tried on with growing delay.
        for (int round = 0; round < 3; round++)
        {
            target.RestIsOver();
            Assert.Single(target.Orders());
            target.TakeAndServe(null);
        }

        Assert.Equal([Rung.ApplyAgain, Rung.ReAdd, Rung.Exhausted], target.Rungs);
        target.RestIsOver();
        target.TakeAndServe(7);
        Assert.Equal(TargetZoneState.Verified, target.Last.State);
        Assert.Equal((0, 0, 0), (target.Machine.Escalated, target.Machine.Exhausted, target.Machine.Behind));
    }

    [Theory]
    [InlineData(ReAddRule.Never, true, false)]
    [InlineData(ReAddRule.Unserved, true, false)]
    [InlineData(ReAddRule.Always, true, true)]
    [InlineData(ReAddRule.Always, false, false)]
    public void What_is_served_in_an_older_state_is_taken_away_only_where_that_is_allowed_and_safe(
        ReAddRule rule, bool canReAdd, bool isTakenAway)
    {
        var target = new ScriptedTarget(new TargetRules { ReAdd = rule }, canReAdd);
        target.Want(7);
        for (int round = 0; round < 2; round++)
        {
            target.TakeAndServe(6);
            target.RestIsOver();
        }

        Assert.Equal(isTakenAway, target.Orders()[0] is RemoveZone);
        Assert.Equal(isTakenAway ? Rung.ReAdd : Rung.Exhausted, target.Rungs[^1]);
    }

    [Fact]
    public void A_new_wish_and_the_return_of_the_server_begin_anew()
    {
        var target = new ScriptedTarget(new TargetRules());
        target.Want(7);
        target.TakeAndServe(6);
        target.RestIsOver();
        target.TakeAndServe(6);
        Assert.Equal(1, target.Machine.Exhausted);
        target.Want(8, generation: 2);
        Assert.Equal(0, target.Machine.Escalated);
        Assert.False(target.Order<ApplyZone>().IsRepeated);
        target.TakeAndServe(6);
        Assert.Equal(1, target.Machine.Escalated);
        target.GoAndReturn();
        Assert.Equal(0, target.Machine.Escalated);
        target.See(target.Order<ObserveZone>(), 6);
        Assert.False(target.Order<ApplyZone>().IsRepeated);
    }

    [Fact]
    public void A_server_that_lets_nothing_be_taken_away_is_given_the_content_again()
    {
        var target = new ScriptedTarget(new TargetRules { ReAdd = ReAddRule.Always });
        target.Want(7);
        target.TakeAndServe(6);
        target.RestIsOver();
        target.TakeAndServe(6);
        target.RestIsOver();
        target.Finish(target.Order<RemoveZone>(), OrderOutcome.Refused);
        target.TakeAndServe(7);
        Assert.Equal(TargetZoneState.Verified, target.Last.State);
    }

    [Fact]
    public void A_removal_that_does_not_take_effect_is_repeated_and_nothing_added()
    {
        var target = new ScriptedTarget(new TargetRules { ReAdd = ReAddRule.Always });
        target.WantAbsent();
        for (int round = 0; round < 4; round++)
        {
            target.Finish(target.Order<RemoveZone>(), OrderOutcome.Done);
            target.PatienceIsOver(6);
            target.RestIsOver();
        }

        Assert.Equal([Rung.ApplyAgain, Rung.Exhausted], target.Rungs);
        target.Finish(target.Order<RemoveZone>(), OrderOutcome.Done);
        target.See(target.Order<ObserveZone>(), null);
        Assert.Equal((TargetZoneState.Verified, 0), (target.Last.State, target.Machine.Escalated));
    }

    [Fact]
    public void A_server_that_cannot_be_asked_is_nothing_to_take_zones_away_from()
    {
        var target = new ScriptedTarget(new TargetRules { ReAdd = ReAddRule.Always });
        target.Want(7);
        for (int round = 0; round < 3; round++)
        {
            target.Finish(target.Order<ApplyZone>(), OrderOutcome.Done);
            target.Advance(TimeSpan.FromSeconds(2));
            target.CannotSee(target.Order<ObserveZone>());
            target.Finish(target.Order<ProbeServer>(), OrderOutcome.Done);
            target.RestIsOver();
        }

        Assert.Empty(target.Rungs);
    }
}
