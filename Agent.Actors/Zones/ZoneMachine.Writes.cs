using System.Collections.Immutable;
using System.Diagnostics;
using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Zones;

/// <content>Journal writes that change the row, and what the targets prove afterwards.</content>
public sealed partial class ZoneMachine
{
    private long _writeCounter;
    private long _write;
    private WritePurpose _writePurpose;
    private ZoneRow? _writtenRow;

    /// <summary>Why nobody knows yet whether the write under way happened; null when it simply takes its time.</summary>
    private Reason? _writeDelay;

    /// <summary>What a write that is under way will have made durable.</summary>
    private enum WritePurpose
    {
        None = 0,
        Content = 1,
        Accept = 2,
        Delete = 3,
        Forget = 4,
        Standing = 5,
        Candidate = 6,
        Owner = 7,
        Trial = 8,
    }

    private void Write(WritePurpose purpose, ZoneRow? row)
    {
        _write = ++_writeCounter;
        _writePurpose = purpose;
        _writtenRow = row;
        _notedNext = row?.Targets ?? [];
        if (purpose == WritePurpose.Delete) _wantDelete = false;
        if (purpose == WritePurpose.Accept) _wantAccept = false;
        DateTimeOffset? keepUntil = _policy.UndeleteWindow > TimeSpan.Zero ? _now + _policy.UndeleteWindow : null;
        JournalEntry entry = row is null ? new ForgetZone(_name, keepUntil) : new PutZone(row);
        _effects.Add(new WriteJournal(_write, [entry, .. _events]));
        _events.Clear();
    }

    private void OnWritten(long write)
    {
        if (write != _write || write == 0) return;
        bool wasDelayed = _writeDelay is not null;
        WritePurpose purpose = EndWrite();
        ZoneRow? before = _row;
        // Beside a candidate or an owner that is written the row goes on changing.
        _row = purpose switch
        {
            WritePurpose.Candidate => _row! with { Candidate = _writtenRow!.Candidate },
            WritePurpose.Owner => _row! with { Owner = _writtenRow!.Owner },
            WritePurpose.Trial => AfterTrialWritten(_writtenRow!),
            _ => _writtenRow,
        };
        if (purpose is WritePurpose.Content or WritePurpose.Standing) _noted = _notedNext;
        _standing = _writtenRow is null ? null : PutStanding.Of(_writtenRow);
        bool isOfCreation = purpose is WritePurpose.Content or WritePurpose.Accept or WritePurpose.Trial;
        if (wasDelayed && _phase == ZonePhase.Creating && !_promised && isOfCreation)
        {
            UndoCreation("the journal took the zone after its CREATE was answered with a failure");
            return;
        }

        switch (purpose)
        {
            case WritePurpose.Content: ContentIsDurable(before); break;
            case WritePurpose.Accept: AcceptIsDurable(); break;
            case WritePurpose.Delete: DeleteIsDurable(); break;
            case WritePurpose.Forget: ForgetIsDurable(); break;
            case WritePurpose.Standing: StandingIsDurable(); break;
            case WritePurpose.Candidate: CandidateIsDurable(RolloutPolicy.IsOnTrial(before)); break;
            case WritePurpose.Trial: TrialIsDurable(before); break;
            case WritePurpose.Owner: OwnerIsDurable(before?.Owner); break;
            default: throw new UnreachableException($"write {write} without a purpose");
        }
    }

    private void ContentIsDurable(ZoneRow? before)
    {
        _newContent = null;
        _wantExpiry = false;
        _wantRevival = false;
        _notifyPasses = 0;
        _failures = 0;
        AnswerAll(_deciders, ZoneOutcome.Done, null);
        _isNew = before is null;

        CodeProbe.Reached("zone.deleted-while-written");
        // A DELETE came while the write was under way: it follows at once, and no target hears of the content.
        if (_phase == ZonePhase.Deleting)
        {
            EndTrial();
            return;
        }

        _phase = ZonePhase.Present;
        ClaimIsDurable();
        AddEvent(
            before is { Wish: ZoneWish.Present, Content: not null } ? "changed" : "created", "content is durable", _row!.Content!.Serial);
        TellPresent(observeFirst: false);
        EndTrial();
        _promised |= AnswerLate(_creators, ZoneOutcome.Done, null);
        ScheduleNext();
    }

    private void AcceptIsDurable()
    {
        if (_phase == ZonePhase.Deleting) return;
        _phase = ZonePhase.Present;
        ClaimIsDurable();
        AddEvent("accepted", "the zone is wanted; its first transfer goes on");
        _promised |= AnswerLate(_creators, ZoneOutcome.Done, null);
    }

    private void DeleteIsDurable()
    {
        TellAbsent();
        AnswerLate(_deleters, ZoneOutcome.Done, null);
    }

    private void ForgetIsDurable()
    {
        AnswerAll(_deleters, ZoneOutcome.Done, null);
        if (_creators.Count > 0 || _undeleters.Count > 0 || _claim is not null)
        {
            BeginAgain();
            return;
        }

        _phase = ZonePhase.Unknown;
        _effects.Add(new ZoneIsGone());
    }

    private void OnWriteRefused(JournalRefused input)
    {
        if (input.Write != _write || input.Write == 0) return;
        bool wasDelayed = _writeDelay is not null;
        WritePurpose purpose = EndWrite();
        switch (purpose)
        {
            case WritePurpose.Content or WritePurpose.Trial: ContentNotDurable(input.Reason); break;
            case WritePurpose.Accept:
                AnswerLate(_creators, ZoneOutcome.Failed, input.Reason);
                AnswerAll(_claimers, ZoneOutcome.Failed, input.Reason);
                bool isForNobody = _creators.Count == 0 && (_pass == 0 || (wasDelayed && !_promised));
                if (isForNobody && _phase == ZonePhase.Creating) AbandonCreation();
                break;
            case WritePurpose.Delete: DeleteNotDurable(input.Reason); break;
            case WritePurpose.Standing: StandingNotDurable(); break;
            case WritePurpose.Candidate: CandidateNotDurable(input.Reason); break;
            case WritePurpose.Owner: OwnerNotDurable(input.Reason); break;
            default:
                // The zone is off every server already; only the row lingers until the journal takes the last word.
                _failures++;
                Retry();
                break;
        }
    }

    private void ContentNotDurable(Reason reason)
    {
        CodeProbe.Reached("zone.content-not-durable");
        _newContent = null;
        _behind = null;
        _wasNotTaken = _goesOn;
        _goesOn = false;
        AnswerAll(_deciders, ZoneOutcome.Failed, reason);
        if (_phase == ZonePhase.Deleting) return;
        AnswerAll(_creators, ZoneOutcome.Failed, reason);
        if (_phase == ZonePhase.Creating && _notifyPasses == 0)
        {
            AbandonCreation();
            return;
        }

        SetReason(reason);
        _failures++;
        if (_wasNotTaken) RetryWithoutPass();
        else Retry();
    }

    /// <summary>The deletion was not accepted, so the zone is wanted as before.</summary>
    private void DeleteNotDurable(Reason reason)
    {
        CodeProbe.Reached("zone.delete-not-durable");
        bool wasAsked = _deleters.Count > 0;
        DropRecreation(reason);
        AnswerAll(_deleters, ZoneOutcome.Failed, reason);
        if (_row is { Wish: ZoneWish.Absent }) return;
        if (_row is null)
        {
            _phase = ZonePhase.Unknown;
            if (_creators.Count > 0 || _undeleters.Count > 0)
            {
                BeginAgain();
            }
            else
            {
                _effects.Add(new ZoneIsGone());
            }

            return;
        }

        _phase = ZonePhase.Present;
        _recreate = false;

        // Who wanted to create it behind the deletion finds it still there, and perhaps another's.
        Reason? why = IsAnothers(_creator?.MasterSet) ? BelongsTo(_row.Owner!) : null;
        AnswerAll(_creators, why is null ? ZoneOutcome.Done : ZoneOutcome.Failed, why);
        AnswerAll(_undeleters, ZoneOutcome.Done, null);
        _restoring = false;
        if (wasAsked)
        {
            _due = true;
        }
        else
        {
            // What the agent itself wanted deleted it would want again at once.
            _failures++;
            Retry();
        }

        TellPresent(observeFirst: true);
    }

    /// <summary>
    /// Nobody is kept waiting for a store that is away. The machine waits: the write may have happened, and a second one in its place
    /// could put an older state over a newer.
    /// </summary>
    private void OnWriteDelayed(JournalDelayed input)
    {
        if (input.Write != _write || input.Write == 0) return;
        _writeDelay = input.Reason;
        SetReason(input.Reason);
        AnswerAll(_deciders, ZoneOutcome.Failed, input.Reason);
        AnswerAll(_claimers, ZoneOutcome.Failed, input.Reason);
        if (_phase == ZonePhase.Deleting) DropRecreation(input.Reason);
        if (_phase is ZonePhase.Creating or ZonePhase.Deleting) AnswerAll(_creators, ZoneOutcome.Failed, input.Reason);
        if (_writePurpose != WritePurpose.Forget) AnswerAll(_deleters, ZoneOutcome.Failed, input.Reason);
        DropUndeletion(input.Reason);
        _recreate = false;
    }

    private void UndoCreation(string why)
    {
        AddEvent("create-undone", why);
        DropWork();
        _undoes = _isNew;
        _phase = ZonePhase.Deleting;
        _wantDelete = true;
    }

    private WritePurpose EndWrite()
    {
        _writeDelay = null;
        _write = 0;
        WritePurpose purpose = _writePurpose;
        _writePurpose = WritePurpose.None;
        return purpose;
    }

    private void OnTarget(TargetReported input)
    {
        if (_row is null || input.Generation > _row.Generation) return;
        int index = _row.Targets.IndexOf(input.Progress, TargetByName.Instance);
        if (index < 0) return;
        TargetProgress before = _row.Targets[index];

        // Of a trial the others have not been told.
        bool isOfBefore = IsOnTrial && !IsTried(before) && !before.IsLeaving;
        if (input.Generation < _row.Generation && !isOfBefore) return;
        TargetProgress now = input.Progress with { IsLeaving = before.IsLeaving, IsReleased = before.IsReleased };
        if (before == now || ZoneWishes.IsOutdated(_row, now, _policy)) return;
        bool hasLeft = _phase == ZonePhase.Present && now.IsLeaving && ZoneWishes.IsGone(now);
        _row = _row with { Targets = hasLeft ? _row.Targets.RemoveAt(index) : _row.Targets.SetItem(index, now) };
        _events.Add(new PutProgress(_name, now));
        if (before.State != now.State || before.Reason?.Code != now.Reason?.Code) TellProgress(now);
        Release();
        if (_phase == ZonePhase.Present) SettleCreators();
        else if (_phase == ZonePhase.Deleting) SettleDeleters();
    }

    private void TellProgress(TargetProgress progress)
    {
        string text = progress switch
        {
            { State: TargetZoneState.Verified, Serial: { } serial } => $"{progress.Target} serves {serial}",
            { State: TargetZoneState.Verified, Reason: null } => $"{progress.Target} does not have the zone",
            { Reason: { } reason } => reason.ToString(),
            _ => $"work at {progress.Target}",
        };
        AddEvent($"target-{progress.State.ToString().ToLowerInvariant()}", text, progress.Serial, progress.Target);
    }

    private void SettleCreators()
    {
        if (_row!.Content is null) return;
        foreach (Waiter creator in _creators.ToArray())
        {
            switch (Judge(creator.Counted))
            {
                case Verdict.Proven:
                    _promised = true;
                    _creators.Remove(creator);
                    Answer(creator.Requester, ZoneOutcome.Done, null);
                    break;
                case Verdict.Refused when !_promised:
                    Reason reason = FirstRefusal(creator.Counted);
                    AnswerAll(_creators, ZoneOutcome.Failed, reason);
                    UndoCreation(reason.ToString());
                    return;
                default:
                    break;
            }
        }
    }

    private void SettleDeleters()
    {
        if (_row is not { Wish: ZoneWish.Absent } || _wantDelete) return;
        foreach (Waiter deleter in _deleters.ToArray())
        {
            Verdict verdict = Judge(deleter.Counted);
            if (verdict == Verdict.Open) continue;
            _deleters.Remove(deleter);
            if (verdict == Verdict.Proven) Answer(deleter.Requester, ZoneOutcome.Done, null);
            else Answer(deleter.Requester, ZoneOutcome.Failed, FirstRefusal(deleter.Counted));
        }
    }

    private enum Verdict
    {
        Open = 0,
        Proven = 1,
        Refused = 2,
    }

    private Verdict Judge(ImmutableArray<string> counted)
    {
        if (counted.IsEmpty) return Verdict.Open;
        int needed = _policy.Quorum.Needed(counted.Length);
        int verified = _row!.Targets.Count(t => t.State == TargetZoneState.Verified && counted.Contains(t.Target));
        int refused = _row.Targets.Count(t => t.State == TargetZoneState.Refused && counted.Contains(t.Target));
        return verified >= needed ? Verdict.Proven : counted.Length - refused < needed ? Verdict.Refused : Verdict.Open;
    }

    private Reason FirstRefusal(ImmutableArray<string> counted) =>
        _row!.Targets.First(t => t.State == TargetZoneState.Refused && counted.Contains(t.Target)).Reason
        ?? new Reason(ReasonCode.TargetRefused, "a server refused the zone");

    private sealed class TargetByName : IEqualityComparer<TargetProgress>
    {
        public static readonly TargetByName Instance = new();

        public bool Equals(TargetProgress? x, TargetProgress? y) => x?.Target == y?.Target;

        public int GetHashCode(TargetProgress obj) => StringComparer.Ordinal.GetHashCode(obj.Target);
    }
}
