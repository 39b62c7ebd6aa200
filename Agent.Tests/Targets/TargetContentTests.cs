using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;

namespace Agent.Tests.Targets;

/// <summary>Proof by content, and what becomes of content that somebody else has changed.</summary>
public sealed class TargetContentTests
{
    [Theory]
    [InlineData(ContentProof.Sample)]
    [InlineData(ContentProof.Digest)]
    public void Behind_a_change_the_content_is_compared_as_set_and_only_then_proven(ContentProof proof)
    {
        var target = new ScriptedTarget(new TargetRules { Verify = proof });
        target.Want(7);
        target.TakeAndServe(7);
        Assert.Empty(target.Reports());
        CheckContent check = target.Order<CheckContent>();
        Assert.Equal((proof, 7u), (check.Proof, check.Content.Serial));
        target.Compare(check, ContentVerdict.Same);
        Assert.Equal((TargetZoneState.Verified, null), (target.Last.State, target.Last.Reason));
    }

    [Fact]
    public void Other_records_behind_a_change_are_believed_the_second_time_and_go_up_the_ladder()
    {
        var target = new ScriptedTarget(new TargetRules { Verify = ContentProof.Digest, ReAdd = ReAddRule.Unserved });
        target.Want(7);
        target.TakeAndServe(7);
        Mismatch(target);
        Assert.Equal((TargetZoneState.Pending, ReasonCode.VerifyMismatch), (target.Last.State, target.Last.Reason!.Code));
        Assert.Contains("extra.example.com.", target.Last.Reason!.Text, StringComparison.Ordinal);
        Assert.Empty(target.Findings);
        target.RestIsOver();
        Assert.True(target.Order<ApplyZone>().IsRepeated);
        target.TakeAndServe(7);
        Mismatch(target);

        // It is served, so it is not taken away.
        Assert.Equal([Rung.ApplyAgain, Rung.Exhausted], target.Rungs);
        target.RestIsOver();
        target.TakeAndServe(7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Same);
        Assert.Equal(TargetZoneState.Verified, target.Last.State);
    }

    [Fact]
    public void One_comparison_that_differs_may_have_met_an_old_process_of_the_server()
    {
        var target = new ScriptedTarget(new TargetRules { Verify = ContentProof.Sample });
        target.Want(7);
        target.TakeAndServe(7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Differs);
        target.Advance(TimeSpan.FromSeconds(1));
        target.See(target.Order<ObserveZone>(), 7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Same);
        Assert.Equal((TargetZoneState.Verified, 0), (target.Last.State, target.Rungs.Count));
    }

    [Fact]
    public void What_cannot_be_compared_is_proven_by_its_serial_and_the_report_says_so()
    {
        var target = new ScriptedTarget(new TargetRules { Verify = ContentProof.Digest });
        target.Want(7);
        target.TakeAndServe(7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.CannotTell);
        Assert.Equal((TargetZoneState.Verified, ReasonCode.VerifyUnchecked), (target.Last.State, target.Last.Reason!.Code));
    }

    [Fact]
    public void Each_look_names_the_serial_that_proves_the_newest_wish()
    {
        var target = new ScriptedTarget(new TargetRules());
        target.Look(7, LookDepth.Serial);
        ObserveZone first = target.Order<ObserveZone>();
        Assert.Equal(7u, first.WantedSerial);
        target.Want(8, generation: 2);
        target.See(first, 8);
        target.Finish(target.Order<ApplyZone>(), OrderOutcome.Done);
        Assert.Equal(8u, target.Order<ObserveZone>().WantedSerial);
    }

    [Fact]
    public void What_a_look_shows_that_the_server_cannot_hold_is_refused_when_its_time_is_over()
    {
        var target = new ScriptedTarget(new TargetRules());
        target.Want(7);
        target.Finish(target.Order<ApplyZone>(), OrderOutcome.Done);
        target.SeeThatItCannotHold(target.Order<ObserveZone>());
        Assert.Empty(target.Reports());
        target.Advance(TimeSpan.FromSeconds(2));
        target.SeeThatItCannotHold(target.Order<ObserveZone>());
        Assert.Equal((TargetZoneState.Refused, ReasonCode.TargetCannotHold), (target.Last.State, target.Last.Reason!.Code));
        Assert.Empty(target.Orders().OfType<ProbeServer>());
        target.RestIsOver();
        target.TakeAndServe(7);
        Assert.Equal(TargetZoneState.Verified, target.Last.State);
    }

    [Fact]
    public void One_whole_zone_is_compared_at_a_time_and_changes_do_not_wait_for_it()
    {
        var target = new ScriptedTarget(new TargetRules { Verify = ContentProof.Digest });
        string[] zones = ["a.example.", "b.example.", "c.example."];
        foreach (string zone in zones) target.Want(7, zone: zone);
        for (int i = 0; i < 3; i++)
        {
            target.Finish(target.Orders().OfType<ApplyZone>().First(), OrderOutcome.Done);
            target.See(target.Orders().OfType<ObserveZone>().First(), 7);
        }

        CheckContent first = target.Order<CheckContent>();
        target.Want(8, zone: "d.example.");
        Assert.IsType<ApplyZone>(target.Orders()[^1]);
        target.Compare(first, ContentVerdict.Same);
        Assert.Equal("b.example.", target.Order<CheckContent>().Zone.ToString());
    }

    [Fact]
    public void A_change_that_comes_during_a_comparison_replaces_it()
    {
        var target = new ScriptedTarget(new TargetRules { Verify = ContentProof.Digest });
        target.Want(7);
        target.TakeAndServe(7);
        CheckContent old = target.Order<CheckContent>();
        target.Want(8, generation: 2);
        target.Compare(old, ContentVerdict.Differs);
        Assert.Equal(8u, target.Order<ApplyZone>().Content.Serial);
        Assert.Empty(target.Reports());
    }

    [Theory]
    [InlineData(7u, DriftKind.Content)]
    [InlineData(9u, DriftKind.Newer)]
    public void A_hand_edit_is_reported_record_by_record_and_left_alone(uint served, DriftKind kind)
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Report });
        Look(target, LookDepth.Content, served);
        DriftFinding finding = Assert.Single(target.Findings);
        Assert.Equal((kind, 7u, served, false), (finding.Kind, finding.WantedSerial, finding.ServedSerial, finding.IsRepairing));
        Assert.Contains("extra.example.com.", Assert.Single(finding.Difference!.Foreign), StringComparison.Ordinal);
        Assert.Equal((TargetZoneState.Verified, ReasonCode.Drift), (target.Last.State, target.Last.Reason!.Code));
        Assert.Empty(target.Orders());
        Assert.Equal(0, target.Machine.Behind);
    }

    [Theory]
    [InlineData(DriftRule.Repair, LookDepth.Content, 7u)]
    [InlineData(DriftRule.Adopt, LookDepth.Content, 9u)]
    [InlineData(DriftRule.Report, LookDepth.Repair, 7u)]
    [InlineData(DriftRule.Off, LookDepth.Repair, 9u)]
    public void A_hand_edit_is_repaired_by_rule_or_by_order_and_the_repair_proven_by_content(DriftRule rule, LookDepth depth, uint served)
    {
        var target = new ScriptedTarget(new TargetRules { Drift = rule });
        Look(target, depth, served);
        Assert.True(Assert.Single(target.Findings).IsRepairing);
        target.TakeAndServe(7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Same);
        Assert.Equal((TargetZoneState.Verified, null), (target.Last.State, target.Last.Reason));
        Assert.Equal(1, target.DriftsOver);
    }

    /// <summary>A record too many stays unseen where a server gives no transfer.</summary>
    [Theory]
    [InlineData(LookDepth.Repair)]
    [InlineData(LookDepth.Content)]
    public void Where_only_a_sample_was_compared_a_repair_gives_the_whole_content_anew_and_a_look_does_not(LookDepth depth)
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Report });
        target.Look(7, depth);
        target.See(target.Order<ObserveZone>(), 7);
        target.CompareOnlySample(target.Order<CheckContent>());
        if (depth == LookDepth.Repair)
        {
            Assert.True(target.Order<ApplyZone>().IsRepeated);
            target.TakeAndServe(7);
            target.CompareOnlySample(target.Order<CheckContent>());
        }

        Assert.Empty(target.Orders());
        Assert.Equal((TargetZoneState.Verified, 0), (target.Last.State, target.Machine.Behind));
        Assert.Contains(target.Checks, check => check.Reason is { Code: ReasonCode.VerifyUnchecked });
    }

    [Fact]
    public void A_server_that_cannot_be_given_the_content_anew_is_left_as_it_is()
    {
        var target = new ScriptedTarget(new TargetRules());
        target.Look(7, LookDepth.Repair);
        target.See(target.Order<ObserveZone>(), 7);
        target.CompareOnlySample(target.Order<CheckContent>());
        target.Finish(target.Order<ApplyZone>(), OrderOutcome.Refused);
        Assert.Equal((TargetZoneState.Verified, ReasonCode.VerifyUnchecked), (target.Last.State, target.Last.Reason!.Code));
        Assert.Equal(0, target.Machine.Behind);
    }

    [Theory]
    [InlineData(null, DriftKind.Missing)]
    [InlineData(6u, DriftKind.Older)]
    public void What_a_server_lost_or_set_back_is_put_right_whatever_the_rule(uint? served, DriftKind kind)
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Report });
        target.Look(7, LookDepth.Content);
        target.See(target.Order<ObserveZone>(), served);
        Assert.Equal((kind, true), (Assert.Single(target.Findings).Kind, target.Findings[0].IsRepairing));
        target.TakeAndServe(7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Same);
        Assert.Equal(TargetZoneState.Verified, target.Last.State);
    }

    [Fact]
    public void Where_nobody_looks_for_drift_a_newer_serial_is_brought_level_and_the_content_not_compared()
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Off });
        target.Look(7, LookDepth.Content);
        target.See(target.Order<ObserveZone>(), 7);
        Assert.Equal(TargetZoneState.Verified, target.Last.State);
        target.Look(7, LookDepth.Content);
        target.See(target.Order<ObserveZone>(), 9);
        Assert.IsType<ApplyZone>(Assert.Single(target.Orders()));
        Assert.Empty(target.Findings);
    }

    [Theory]
    [InlineData(DriftRule.Report, LookDepth.Content, false)]
    [InlineData(DriftRule.Report, LookDepth.Repair, true)]
    [InlineData(DriftRule.Repair, LookDepth.Content, true)]
    public void Other_settings_of_a_zone_are_told_or_put_right_as_other_records_are(DriftRule rule, LookDepth depth, bool isRepaired)
    {
        var target = new ScriptedTarget(new TargetRules { Drift = rule });
        target.Look(7, depth);
        Assert.True(target.Order<ObserveZone>().WithSettings);
        target.SeeOtherSettings(target.Order<ObserveZone>(), 7, "has the pattern a instead of b");
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Same);
        DriftFinding finding = Assert.Single(target.Findings);
        Assert.Equal((DriftKind.Settings, isRepaired), (finding.Kind, finding.IsRepairing));
        Assert.Equal("has the pattern a instead of b", finding.Settings);
        if (!isRepaired)
        {
            Assert.Equal((TargetZoneState.Verified, ReasonCode.Drift), (target.Last.State, target.Last.Reason!.Code));
            Assert.Contains("the pattern a instead of b", target.Last.Reason.Text, StringComparison.Ordinal);
            Assert.Empty(target.Orders());
            return;
        }

        target.TakeAndServe(7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Same);
        Assert.Equal((TargetZoneState.Verified, null), (target.Last.State, target.Last.Reason));
        Assert.Equal(1, target.DriftsOver);
    }

    [Fact]
    public void Settings_are_asked_for_only_by_a_look_that_goes_deep_and_looks_for_drift()
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Off });
        target.Look(7, LookDepth.Content);
        Assert.False(target.Order<ObserveZone>().WithSettings);
        var shallow = new ScriptedTarget(new TargetRules { Drift = DriftRule.Repair });
        shallow.Look(7, LookDepth.Serial);
        Assert.False(shallow.Order<ObserveZone>().WithSettings);
    }

    [Fact]
    public void Where_nobody_can_compare_a_newer_serial_is_told_without_records()
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Report }, canCheck: false);
        target.Look(7, LookDepth.Content);
        target.See(target.Order<ObserveZone>(), 9);
        Assert.Equal((DriftKind.Newer, null), (Assert.Single(target.Findings).Kind, target.Findings[0].Difference));
        Assert.Empty(target.Orders());
    }

    [Fact]
    public void A_look_that_gets_no_answer_changes_nothing_and_is_made_again()
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Repair });
        target.Look(7, LookDepth.Content);
        target.CannotSee(target.Order<ObserveZone>());
        target.Finish(target.Order<ProbeServer>(), OrderOutcome.Done);
        Assert.Empty(target.Orders());
        target.RestIsOver();
        target.See(target.Order<ObserveZone>(), 7);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.CannotTell);
        Assert.Equal((TargetZoneState.Verified, null, 0), (target.Last.State, target.Last.Reason, target.Machine.Behind));
    }

    [Fact]
    public void A_repair_asked_for_while_a_look_is_under_way_is_not_lost()
    {
        var target = new ScriptedTarget(new TargetRules { Drift = DriftRule.Report });
        target.Look(7, LookDepth.Content);
        target.See(target.Order<ObserveZone>(), 7);
        target.Look(7, LookDepth.Repair);
        target.Look(7, LookDepth.Serial);
        Mismatch(target);
        Assert.True(Assert.Single(target.Findings).IsRepairing);
        Assert.IsType<ApplyZone>(Assert.Single(target.Orders()));
    }

    private static void Look(ScriptedTarget target, LookDepth depth, uint served)
    {
        target.Look(7, depth);
        target.See(target.Order<ObserveZone>(), served);
        Mismatch(target, served);
    }

    /// <summary>Two comparisons that differ.</summary>
    private static void Mismatch(ScriptedTarget target, uint served = 7)
    {
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Differs);
        target.Advance(TimeSpan.FromSeconds(1));
        target.See(target.Order<ObserveZone>(), served);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Differs);
    }
}
