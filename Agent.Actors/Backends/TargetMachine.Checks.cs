using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <content>
/// Comparisons of content: behind a change where the target's rules ask for it, and where a look is to go deeper than the serial. They
/// have bounds of their own, so that changes do not wait behind a large transfer: one whole zone at a time, and few samples.
/// <para>That the content differs is believed when two comparisons, a while apart, say so: a server with several processes may answer the
/// first from the old one. What differs behind a change of ours goes up the ladder; what differs otherwise, others have changed.</para>
/// </content>
public sealed partial class TargetMachine
{
    private const int SamplesMax = 4;
    private const int MismatchesMax = 2;
    private static readonly TimeSpan CheckAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, (Work Work, ContentProof Proof)> _checks = [];
    private readonly Queue<(Work Work, long Step)> _digests = new();
    private readonly Queue<(Work Work, long Step)> _samples = new();
    private int _digestsUnderWay;

    /// <summary>Comparisons under way, and those that wait; a few of these may be superfluous by now.</summary>
    public int Comparisons => _checks.Count + _digests.Count + _samples.Count;

    /// <summary>A comparison ended.</summary>
    public void Checked(ContentChecked answer, KernelInstant now, List<TargetEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Enter(now, effects);
        if (_checks.Remove(answer.Id, out (Work Work, ContentProof Proof) check))
        {
            if (check.Proof == ContentProof.Digest) _digestsUnderWay--;
            _effects.Add(new CountCheck(answer.Verdict, answer.Reason));
            check.Work.OrderUnderWay = false;
            if (check.Work.Renewed) Again(check.Work);
            else Compared(check.Work, answer);
        }

        Issue();
    }

    /// <summary>By what this zone is to be proven now.</summary>
    private ContentProof ProofFor(Work work)
    {
        if (work.Wish.Content is null || !CanCheck) return ContentProof.Serial;
        if (LooksDeep(work)) return ContentProof.Digest;
        return work.HasOrdered ? _rules.Verify : ContentProof.Serial;
    }

    private bool LooksDeep(Work work) =>
        work.Wish.Depth == LookDepth.Repair || (work.Wish.Depth == LookDepth.Content && _rules.Drift != DriftRule.Off);

    private void BeginCheck(Work work, ContentProof proof)
    {
        work.Stage = Stage.Checking;
        NextStep(work);
        (proof == ContentProof.Digest ? _digests : _samples).Enqueue((work, work.Step));
    }

    private void IssueChecks()
    {
        while (Healthy && _digestsUnderWay == 0 && TryTakeCheck(_digests, out Work? work)) Issue(work, ContentProof.Digest);
        while (Healthy && _checks.Count - _digestsUnderWay < SamplesMax && TryTakeCheck(_samples, out Work? work))
            Issue(work, ContentProof.Sample);
    }

    private static bool TryTakeCheck(Queue<(Work Work, long Step)> queue, [NotNullWhen(true)] out Work? work)
    {
        while (queue.TryDequeue(out (Work Work, long Step) next))
        {
            work = next.Work;
            if (!work.Done && work.Step == next.Step && work.Stage == Stage.Checking) return true;
        }

        work = null;
        return false;
    }

    private void Issue(Work work, ContentProof proof)
    {
        work.OrderUnderWay = true;
        long id = ++_orderCounter;
        _checks.Add(id, (work, proof));
        if (proof == ContentProof.Digest) _digestsUnderWay++;
        var order = new CheckContent(id, work.Wish.Zone, work.Wish.Content!, proof);
        _effects.Add(new IssueOrder(order, work.Wish.Shard, work.Wish.Epoch));
    }

    private void Compared(Work work, ContentChecked answer)
    {
        if (answer is { Verdict: ContentVerdict.Same, IsOnlySampled: true } && work is { Wish.Depth: LookDepth.Repair, HasOrdered: false })
        {
            // Whoever asks for a repair knows of something that the sample need not meet.
            Owes(work);
            work.IsGivenAnew = true;
            work.Stage = Stage.Acting;
            MakeReady(work);
        }
        else if (answer.Verdict == ContentVerdict.Same)
        {
            Proven(work, work.Wish.Content!.Serial, null, wasCompared: true);
        }
        else if (answer.Verdict == ContentVerdict.CannotTell)
        {
            // The serial is proven, or the look of no use: neither is worth a change.
            Unproven(work, answer.Reason);
        }
        else if (++work.Mismatches < MismatchesMax)
        {
            RestThen(work, work.HasOrdered ? Stage.Verifying : Stage.Observing, CheckAgainAfter);
        }
        else if (work.HasOrdered)
        {
            CodeProbe.Reached("target.verify-mismatch");
            work.Mismatches = 0;
            string text = $"{Name} took the change and has its serial {work.Wish.Content!.Serial}, but other records: {answer.Difference}";
            Climb(work, work.SeenSerial, new Reason(ReasonCode.VerifyMismatch, text));
        }
        else
        {
            work.Mismatches = 0;
            Drifted(work, KindOf(work), answer.Difference);
        }
    }

    private void Unproven(Work work, Reason? why)
    {
        bool hasSerial = work.SeenSerial == work.Wish.Content!.Serial;
        if (!work.HasOrdered && !hasSerial) Drifted(work, DriftKind.Newer, null);
        else Proven(work, work.SeenSerial, work.HasOrdered ? UncheckedBecause(why) : null, wasCompared: false);
    }

    private Reason UncheckedBecause(Reason? why) => new(
        ReasonCode.VerifyUnchecked, $"{Name} has the serial; its records could not be compared: {why?.Text ?? "no answer"}");

    private void Proven(Work work, uint? serial, Reason? reason, bool wasCompared)
    {
        if (work.OtherSettings is not null && !work.HasOrdered)
        {
            Drifted(work, DriftKind.Settings, null);
            return;
        }

        if (work.HasOrdered || wasCompared) _effects.Add(new DriftOver(work.Wish.Zone));
        Report(work, TargetZoneState.Verified, serial, reason);
        Leave(work);
    }
}
