using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Zones;

/// <content>Requests: CREATE, DELETE, NOTIFY, refresh, and what becomes of those who wait.</content>
public sealed partial class ZoneMachine
{
    private static readonly Reason DeletedMeanwhile = new(ReasonCode.Superseded, "a DELETE for the zone came after this request");
    private static readonly Reason TooManyWait = new(ReasonCode.Overload, "too many requests wait for this zone");
    private static readonly Reason DecisionLate = new(ReasonCode.JournalAway, "the decision is not durable yet; look at the zone again");
    private static readonly Reason NothingMoved = new(ReasonCode.NoMaster, "no master delivered the zone in time");

    /// <summary>A CREATE came while the deletion still runs.</summary>
    private bool _recreate;

    /// <summary>No target had heard of the zone before the content that it has: those that took nothing of it have nothing of
    /// ours.</summary>
    private bool _isNew;

    /// <summary>The zone is being deleted because its creation came to nothing, and was new.</summary>
    private bool _undoes;

    /// <summary>A NOTIFY made the zone known; so many passes are left before it is dropped.</summary>
    private int _notifyPasses;

    /// <summary>Somebody was told that the zone exists; a refusing server can no longer undo the creation.</summary>
    private bool _promised;

    private bool _wantDelete;
    private bool _wantAccept;

    private void OnLoaded(Loaded input)
    {
        _promised = true;
        if (_phase == ZonePhase.Present)
        {
            TellPresent(observeFirst: true);
            EndTrial();
            _due |= input.CheckMasters || _row!.Content is null;
            if (!_due) ScheduleRefresh();
        }
        else if (_phase == ZonePhase.Deleting)
        {
            _row = _row! with { Targets = AllPending() };
            TellAbsent();
        }
    }

    private void OnCreate(CreateAsked input)
    {
        if (Waiting >= _policy.MaxWaitingRequests)
        {
            Answer(input.Requester, ZoneOutcome.Failed, TooManyWait);
            return;
        }

        if (_writeDelay is { } away && _phase != ZonePhase.Present)
        {
            Answer(input.Requester, ZoneOutcome.Failed, away);
            return;
        }

        if (WhyNotOf(input.Origin) is { } why)
        {
            Refuse(input.Requester, input.Origin, "CREATE", why);
            return;
        }

        switch (_phase)
        {
            case ZonePhase.Unknown:
                _phase = ZonePhase.Creating;
                _creator = SetOf(input.Origin);
                _promised = false;
                _due = true;
                Join(_creators, input.Requester, input.CountedTargets);
                break;
            case ZonePhase.Deleting:
                if (!_recreate) _creator = SetOf(input.Origin);
                _recreate = true;
                _promised = _claim is not null;
                Join(_creators, input.Requester, input.CountedTargets);
                break;
            case ZonePhase.Creating:
            case ZonePhase.Present when _creators.Count > 0 || _notifyPasses > 0:
                Join(_creators, input.Requester, input.CountedTargets);
                break;
            default:
                Answer(input.Requester, ZoneOutcome.Done, null);
                TakeForSet(input.Origin);
                _serialHint = null;
                AskMastersPatiently();
                return;
        }

        AddEvent("create-asked", $"CREATE from {input.Origin.Client}", traceId: input.Origin.TraceId);
    }

    private void OnDelete(DeleteAsked input)
    {
        if (Waiting >= _policy.MaxWaitingRequests)
        {
            Answer(input.Requester, ZoneOutcome.Failed, TooManyWait);
            return;
        }

        if (WhyNotDeleted(input) is { } why)
        {
            Refuse(input.Requester, input.Origin, "DELETE", why);
            return;
        }

        Delete(input);
    }

    private void Delete(DeleteAsked input)
    {
        if (_writeDelay is { } away && _writePurpose != WritePurpose.Forget)
        {
            Answer(input.Requester, ZoneOutcome.Failed, away);
            return;
        }

        AddEvent("delete-asked", $"DELETE from {input.Origin.Client}", traceId: input.Origin.TraceId);
        Join(_deleters, input.Requester, input.CountedTargets);
        AnswerAll(_creators, ZoneOutcome.Failed, DeletedMeanwhile);
        DropUndeletion(DeletedMeanwhile);
        _recreate = false;
        _undoes = false;
        if (_phase == ZonePhase.Deleting)
        {
            DropRecreation(DeletedMeanwhile);
            SettleDeleters();
            return;
        }

        // A row that already says "absent" (a CREATE tried to bring the zone back) needs no second write.
        bool alreadyDurable = _row is { Wish: ZoneWish.Absent } && _write == 0;
        DropWork();
        _phase = ZonePhase.Deleting;
        _wantDelete = !alreadyDurable;
        if (alreadyDurable) SettleDeleters();
    }

    private void OnNotify(NotifyAsked input)
    {
        bool coming = _phase == ZonePhase.Deleting && _recreate;
        if (_phase == ZonePhase.Deleting && _writeDelay is { } unknown)
        {
            // Whether the zone is deleted only the journal can say.
            Answer(input.Requester, ZoneOutcome.Failed, unknown);
            return;
        }

        if (_phase is ZonePhase.Creating or ZonePhase.Present || coming)
        {
            if (_phase == ZonePhase.Creating && _notifyPasses > 0) JoinLate(input.Requester);
            else Answer(input.Requester, ZoneOutcome.Done, null);
            if (input.Notifier is not null) (_notifier, _serialHint) = (input.Notifier, input.SerialHint);
            if (coming) return;
            if (_policy.NotifyDelay <= TimeSpan.Zero || _pass != 0 || IsPatient)
            {
                AskMastersPatiently();
            }
            else if (!_delaying)
            {
                _delaying = true;
                _due = true;
                _urgent = true;
                _effects.Add(new SetTimer(ZoneTimer.NotifyDelay, _policy.NotifyDelay, 0));
            }

            return;
        }

        switch (_policy.OnUnknownNotify)
        {
            // A zone that is being deleted is never brought back by a NOTIFY that was still on its way.
            case UnknownNotify.Create when _phase == ZonePhase.Unknown:
                // The master takes the answer for a promise and does not come again, so the zone is durable before it.
                _phase = ZonePhase.Creating;
                _creator = SetOf(input.Origin);
                _promised = true;
                _wantAccept = true;
                JoinLate(input.Requester);
                _notifyPasses = _policy.NotifyCreatePasses;
                _notifier = input.Notifier;
                _due = true;
                AddEvent("create-asked", $"NOTIFY from {input.Origin.Client}", traceId: input.Origin.TraceId);
                break;
            case UnknownNotify.Ignore:
                Answer(input.Requester, ZoneOutcome.Ignored, null);
                break;
            default:
                Answer(input.Requester, ZoneOutcome.Unknown, null);
                break;
        }
    }

    private void OnRefresh(RefreshAsked input)
    {
        if (_phase is not (ZonePhase.Creating or ZonePhase.Present))
        {
            Answer(input.Requester, ZoneOutcome.Unknown, null);
            return;
        }

        Answer(input.Requester, ZoneOutcome.Done, null);
        AddEvent(input.Force ? "retransfer-asked" : "refresh-asked", $"by {input.Origin.Client}", traceId: input.Origin.TraceId);
        _force |= input.Force;
        _serialHint = null;
        AskMasters();
    }

    private void OnDeadline(long requester)
    {
        if (_deleters.Find(w => w.Requester == requester) is { } deleter)
        {
            deleter.Late = true;
            bool durable = _row is { Wish: ZoneWish.Absent } && !_wantDelete;
            CodeProbe.Reached("zone.deleter-late");
            if (durable) AnswerLate(_deleters, ZoneOutcome.Done, null);
            return;
        }

        if (IsLateUndeleter(requester)) return;
        if (_claimers.RemoveAll(w => w.Requester == requester) > 0)
        {
            Answer(requester, ZoneOutcome.Failed, ClaimLate);
            return;
        }

        if (_deciders.RemoveAll(w => w.Requester == requester) > 0)
        {
            Answer(requester, ZoneOutcome.Failed, DecisionLate);
            return;
        }

        if (_creators.Find(w => w.Requester == requester) is not { } creator) return;
        creator.Late = true;
        if (_phase == ZonePhase.Present)
        {
            _promised |= AnswerLate(_creators, ZoneOutcome.Done, null);
        }
        else if (_passMoving && _pass != 0)
        {
            CodeProbe.Reached("zone.accepted-at-deadline");
            _wantAccept = true;
        }
        else if (_phase == ZonePhase.Deleting || (_write == 0 && _newContent is null))
        {
            // Behind a deletion that the journal has not taken yet the creation has not even begun.
            _creators.Remove(creator);
            Answer(requester, ZoneOutcome.Failed, NothingMoved);
            if (_creators.Count > 0 || _undeleters.Count > 0 || _claim is not null) return;
            _recreate = false;
            if (_phase == ZonePhase.Creating && _notifyPasses == 0) AbandonCreation();
        }
    }

    /// <summary>A creation came to nothing: back to what was durable before it.</summary>
    private void AbandonCreation()
    {
        DropWork();
        _recreate = false;
        CodeProbe.Reached("zone.creation-abandoned");
        _phase = _row is null ? ZonePhase.Unknown : ZonePhase.Deleting;
        if (_row is null) _effects.Add(new ZoneIsGone());
    }

    /// <summary>Answered as soon as the wish is durable.</summary>
    private void JoinLate(long requester)
    {
        if (Waiting < _policy.MaxWaitingRequests) _creators.Add(new Waiter(requester, _targets) { Late = true });
        else Answer(requester, ZoneOutcome.Failed, TooManyWait);
    }

    private void Join(List<Waiter> waiters, long requester, System.Collections.Immutable.ImmutableArray<string> counted)
    {
        var waiter = new Waiter(requester, counted.IsDefaultOrEmpty ? _targets : counted);
        waiter.CountOnly(_targets);
        waiters.Add(waiter);
    }
}
