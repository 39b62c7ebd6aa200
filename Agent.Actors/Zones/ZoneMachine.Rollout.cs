using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <content>
/// Staged rollout: new content is written down as a candidate, beside what is served, and told to the canaries only. When they have proven
/// it, it becomes the zone's content and everybody is told.
/// </content>
/// <remarks>
/// <code>
///   brought --> on trial --all canaries serve it--> observed --still--> content of the zone
///                 |  ^  \--a canary cannot be reached--> waits ---returns, or is skipped---^
///     refused, or |  | served after all                                approved at any time ^
///     not served  v  |
///                stopped ----newer content: on trial; rejected: canaries go back to what the others serve
/// </code>
/// While it is on trial no pass begins, or content that changes often would never come farther than the canaries; once it is stopped or
/// waits, newer content takes its place. A guard's candidate that is approved goes on trial like any other content.
/// </remarks>
public sealed partial class ZoneMachine
{
    /// <summary>What the next content is the operator, or the canaries, have agreed to: it goes to everybody.</summary>
    private bool _goesOn;

    /// <summary>The canaries have served it for the time that was set, and were looked at once more since.</summary>
    private bool _isObserved;

    /// <summary>A canary that cannot be reached was waited for long enough.</summary>
    private bool _isImpatient;

    /// <summary>The journal did not take it as the zone's content; it is tried again with the next retry.</summary>
    private bool _wasNotTaken;

    private TrialTimer _trialTimer;

    private enum TrialTimer
    {
        None = 0,
        Observing = 1,
        Patience = 2,
    }

    private bool IsOnTrial => _phase == ZonePhase.Present && RolloutPolicy.IsOnTrial(_row);

    /// <summary>Neither stopped nor waiting.</summary>
    private bool IsTrialMoving => IsOnTrial && _row!.Candidate!.Reason.Code == ReasonCode.RolloutTrial;

    /// <summary>Nothing is to be done for it before something happens.</summary>
    private bool IsTrialAtRest => !IsTrialMoving && _trialTimer == TrialTimer.None;

    private bool IsStaged => !_goesOn && _targets.Any(IsCanary) && !_targets.All(IsCanary);

    private bool IsCanary(string target) => _policy.Rollout.Canaries.Contains(target);

    private bool IsTried(TargetProgress entry) => !entry.IsLeaving && IsCanary(entry.Target) && _targets.Contains(entry.Target);

    private void WriteTrial()
    {
        ZoneContent content = _newContent!;
        var reason = new Reason(
            ReasonCode.RolloutTrial, $"serial {content.Serial} is on trial at {string.Join(", ", _targets.Where(IsCanary))}");
        ZoneRow next = NextRow(ZoneWish.Present, _phase == ZonePhase.Present ? _row!.Content : null);
        RenewLife(_newExpire);
        Write(WritePurpose.Trial, next with
        {
            Candidate = new ZoneCandidate(content.Serial, content, reason, _now, IsRejected: false),
            Reason = IsExpired ? _row!.Reason : reason,
            ReasonSince = IsExpired ? _row!.ReasonSince : _now,
            RefreshedAt = _phase == ZonePhase.Present ? _row!.RefreshedAt : null,
            Lifetime = _phase == ZonePhase.Present ? _row!.Lifetime : null,
            ChangedAt = _row?.ChangedAt ?? _now,
            Targets = OnlyCanariesPending(),
        });
    }

    /// <summary>The others go on with what they were told before.</summary>
    private ImmutableArray<TargetProgress> OnlyCanariesPending() =>
    [
        .. Fit(_row?.Targets ?? []).Select(t => IsTried(t) || _phase != ZonePhase.Present
            ? t with { State = TargetZoneState.Pending, Reason = null }
            : t),
    ];

    /// <summary>Beside the write the zone's other targets have gone on.</summary>
    private ZoneRow AfterTrialWritten(ZoneRow written) => _phase != ZonePhase.Present || _row is null
        ? written
        : _row with
        {
            Generation = written.Generation,
            Candidate = written.Candidate,
            Reason = written.Reason,
            ReasonSince = written.ReasonSince,
            Targets = OnlyCanariesPending(),
        };

    private void TrialIsDurable(ZoneRow? before)
    {
        CodeProbe.Reached("zone.on-trial");
        _isNew = before is null;
        _newContent = null;
        _notifyPasses = 0;
        _failures = 0;
        AnswerAll(_deciders, ZoneOutcome.Done, null);
        EndTrial();
        if (_phase == ZonePhase.Deleting) return;
        if (_row!.Content is null) _noted = _notedNext;
        _phase = ZonePhase.Present;
        ClaimIsDurable();
        AddEvent(ReasonCode.RolloutTrial, _row.Candidate!.Reason.Text, _row.Candidate.Serial);
        foreach (TargetProgress entry in _row.Targets.Where(IsTried)) Tell(entry, observeFirst: false);
        TellLeaving();
        _promised |= AnswerLate(_creators, ZoneOutcome.Done, null);
        ScheduleRefresh();
    }

    /// <summary>Looks what the canaries say by now. Called after every input.</summary>
    private void JudgeTrial()
    {
        if (_write != 0 || _newContent is not null || _newCandidate is not null || _wasNotTaken) return;
        ZoneCandidate candidate = _row!.Candidate!;
        TargetProgress[] canaries = [.. _row.Targets.Where(IsTried)];
        TargetProgress? refusing = canaries.FirstOrDefault(static t => t.State == TargetZoneState.Refused
            || t is { State: TargetZoneState.Pending, Reason: not null } or { Reason.Code: ReasonCode.Drift });
        TargetProgress? away = canaries.FirstOrDefault(t => t.State == TargetZoneState.Away);
        bool isSkipped = away is not null && _isImpatient && _policy.Rollout.Away == CanaryAway.Skip;
        if (refusing is not null)
        {
            StopTrial(new Reason(
                ReasonCode.RolloutStopped, $"serial {candidate.Serial} stops at {refusing.Target}: {refusing.Reason}"));
        }
        else if (away is not null && !isSkipped)
        {
            WaitForCanary(new Reason(
                ReasonCode.RolloutWaits, $"serial {candidate.Serial} waits for {away.Target}: {away.Reason}"));
        }
        else if (canaries.Any(t => t.State == TargetZoneState.Pending))
        {
            SetTrial(new Reason(
                ReasonCode.RolloutTrial, $"serial {candidate.Serial} is on trial at {string.Join(", ", canaries.Select(t => t.Target))}"));
        }
        else if (_isObserved || canaries.Length == 0 || _policy.Rollout.Observe <= TimeSpan.Zero)
        {
            if (isSkipped) CodeProbe.Reached("zone.canary-skipped");
            GoOn(isSkipped ? $"without {away!.Target}, which cannot be reached" : "the canaries serve it");
        }
        else if (_trialTimer != TrialTimer.Observing)
        {
            StartTrialTimer(TrialTimer.Observing, _policy.Rollout.Observe);
        }
    }

    private void StopTrial(Reason reason)
    {
        StopTrialTimer();
        _isObserved = false;
        if (_row!.Content is null && !_promised && _creators.Count > 0)
        {
            AnswerAll(_creators, ZoneOutcome.Failed, reason);
            UndoCreation(reason.ToString());
            return;
        }

        if (!SetTrial(reason)) return;
        CodeProbe.Reached("zone.trial-stopped");
        WaitWithoutContent();
    }

    private void WaitForCanary(Reason reason)
    {
        _isObserved = false;
        if (!_isImpatient && _trialTimer != TrialTimer.Patience) StartTrialTimer(TrialTimer.Patience, _policy.Rollout.Patience);
        if (SetTrial(reason)) WaitWithoutContent();
    }

    /// <summary>Puts into words how the trial stands; true when that is another state than before.</summary>
    private bool SetTrial(Reason reason)
    {
        ZoneCandidate candidate = _row!.Candidate!;
        if (candidate.Reason == reason) return false;
        bool isOther = candidate.Reason.Code != reason.Code;
        _row = _row with { Candidate = candidate with { Reason = reason } };
        SetReason(reason);
        if (isOther) AddEvent(reason.Code, reason.Text, candidate.Serial);
        return isOther;
    }

    private void GoOn(string why)
    {
        AddEvent("rollout-goes-on", why, _row!.Candidate!.Serial);
        UseCandidate(_row.Candidate);
        _goesOn = true;
    }

    /// <summary>What a pass brings now would be compared with content that is about to be replaced: it begins anew behind that.</summary>
    private void UseCandidate(ZoneCandidate candidate)
    {
        if (_pass != 0)
        {
            CodeProbe.Reached("zone.approved-during-pass");
            _effects.Add(new CancelPass(_pass));
            _pass = 0;
            _passMoving = false;
            _due = true;
        }

        _newContent = candidate.Content;
        _newExpire = null;
        _behind = null;
    }

    private void TrialTimerFired()
    {
        TrialTimer fired = _trialTimer;
        _trialTimer = TrialTimer.None;
        if (!IsOnTrial) return;
        if (fired == TrialTimer.Patience)
        {
            _isImpatient = true;
            return;
        }

        _isObserved = true;
        _row = _row! with { Targets = OnlyCanariesPending() };
        foreach (TargetProgress entry in _row.Targets.Where(IsTried)) Tell(entry, observeFirst: true);
    }

    /// <summary>What was on trial is wanted no more: the canaries get what the others have.</summary>
    private void CanariesGoBack()
    {
        CodeProbe.Reached("zone.canaries-go-back");
        EndTrial();
        if (_phase != ZonePhase.Present) return;
        _row = _row! with { Targets = OnlyCanariesPending() };
        foreach (TargetProgress entry in _row.Targets.Where(IsTried)) Tell(entry, observeFirst: true);
    }

    private void EndTrial()
    {
        StopTrialTimer();
        _goesOn = false;
        _isObserved = false;
        _isImpatient = false;
        _wasNotTaken = false;
    }

    private void StartTrialTimer(TrialTimer timer, TimeSpan delay)
    {
        _trialTimer = timer;
        _effects.Add(new SetTimer(ZoneTimer.Rollout, delay, 0));
    }

    private void StopTrialTimer()
    {
        if (_trialTimer == TrialTimer.None) return;
        _trialTimer = TrialTimer.None;
        _effects.Add(new ClearTimer(ZoneTimer.Rollout));
    }
}
