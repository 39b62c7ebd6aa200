using System.Net;
using System.Numerics;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <content>Passes over the masters, their results, and the timers that begin them.</content>
public sealed partial class ZoneMachine
{
    private const double RetryJitter = 0.25;
    private const double RefreshJitter = 0.1;

    /// <summary>So many failures in a row may be followed by another pass at once when somebody asks for it.</summary>
    private const int FailuresUntilPatient = 2;

    private long _passCounter;
    private long _pass;
    private bool _passMoving;
    private bool _passForce;
    private int _failures;

    /// <summary>Why the last pass failed, so that repeats are told of ever more rarely, also while another reason stands.</summary>
    private string? _failedWith;
    private bool _due;
    private bool _force;
    private bool _delaying;
    private bool _retrying;
    private bool _retrySoon;
    private IPAddress? _notifier;
    private uint? _serialHint;
    private ZoneContent? _newContent;

    // What a master named, where the content that is on its way to the journal is older than that.
    private uint? _behind;
    private bool _urgent;

    /// <summary>A pass is due. While one runs, the wish stands for exactly one more after it, however often it is made.</summary>
    private void AskMasters()
    {
        _due = true;
        _urgent = true;
        StopRetry();
    }

    private bool IsPatient => _retrying && _failures > FailuresUntilPatient;

    /// <summary>
    /// The same for requests that anybody on the network may repeat. When pass after pass fails they only bring the next one
    /// forward to the shortest delay: a storm of them must not make a storm of questions to masters in trouble.
    /// </summary>
    private void AskMastersPatiently()
    {
        if (!IsPatient) AskMasters();
        else if (!_retrySoon) RetryIn(_policy.RetryMinimum, soon: true);
    }

    private void StartPass()
    {
        _due = false;
        _pass = ++_passCounter;
        _passMoving = false;
        _passForce = _force;
        _force = false;
        StopRetry();
        uint? held = _phase == ZonePhase.Present ? _row!.Content?.Serial : null;
        bool isUrgent = _urgent || _phase == ZonePhase.Creating || held is null;
        _effects.Add(new BeginPass(_pass, held, _passForce, _notifier) 
        {
            AcceptOlder = AcceptsOlder,
            IsUrgent = isUrgent,
            Pinned = _row?.Candidate?.Serial,
            SerialHint = IsLifeOfMaster ? null : _serialHint,
        });
        _notifier = null;
        _serialHint = null;
        _urgent = false;
    }

    private void OnBrought(PassBrought input)
    {
        if (input.Stopped is { } unfit && _phase != ZonePhase.Present)
        {
            // Nothing is served yet that could be kept: the creation goes as if the master had not given anything.
            OnPassFailed(new PassFailed(input.Pass, unfit));
            return;
        }

        if (!EndPass(input.Pass)) return;
        NoteWhetherKnown(true);
        uint? held = _phase == ZonePhase.Present ? _row!.Content?.Serial : null;
        bool isTaken = held is null || _passForce || SerialNumber.IsNewer(input.Content.Serial, held.Value)
            || (AcceptsOlder && (IsExpired || input.Content.Serial != held));
        if (isTaken && input.Stopped is { } why)
        {
            OnStopped(input, why);
            return;
        }

        if (isTaken && !_passForce && IsOnTrial && _row!.Candidate!.Content!.Hash == input.Content.Hash)
        {
            StillStopped(_row.Candidate, input.Expire);
            return;
        }

        if (isTaken)
        {
            _goesOn = false;
            // The failures are over when the content is durable: a journal that takes nothing must not make us transfer again and again.
            _newContent = input.Content;
            _newExpire = input.Expire;
            _behind = input.Behind;
            AddEvent("transferred", HowBrought(input), input.Content.Serial);
            return;
        }

        _failures = 0;
        if (input.Content.Serial == held!.Value)
        {
            Confirmed(input.Expire);
            return;
        }

        var reason = new Reason(
            ReasonCode.SerialWentBack, $"{input.Source} offers serial {input.Content.Serial}, which is older than {held.Value}");
        SetReason(reason);
        AddEvent("serial-went-back", reason.Text, input.Content.Serial);
        ScheduleRefresh();
    }

    private static string HowBrought(PassBrought input)
    {
        if (input.Statistics is not { } moved) return $"{input.Content.RecordCount} records from {input.Source}";
        string size = moved.Kind == TransferKind.Ixfr
            ? $"{moved.Records} records of differences, the zone has {input.Content.RecordCount}"
            : $"{input.Content.RecordCount} records";
        string after = moved.FellBackFrom is { } why ? $"; before it: {why}" : "";
        return $"{moved.Kind.Text()} from {input.Source}: {size}, {moved.Bytes} octets in {moved.Duration.TotalMilliseconds:0} ms, "
            + $"{moved.DroppedRecords} records left out{after}";
    }

    private void OnCurrent(PassFoundCurrent input)
    {
        if (_phase == ZonePhase.Present && _row!.Candidate is { } candidate && candidate.Serial == input.Serial)
        {
            if (!EndPass(input.Pass)) return;
            NoteWhetherKnown(true);
            _failures = _row.Content is null ? _failures : 0;
            StillStopped(candidate, input.Expire);
            return;
        }

        if (_phase != ZonePhase.Present || _row!.Content is null)
        {
            // With nothing held nothing can be current: such a pass brought nothing.
            OnPassFailed(new PassFailed(input.Pass, new Reason(ReasonCode.TransferBroken, "nothing is held, yet nothing was brought")));
            return;
        }

        if (!EndPass(input.Pass)) return;
        NoteWhetherKnown(true);
        _failures = 0;
        Confirmed(input.Expire);
    }

    private void Confirmed(TimeSpan? expire)
    {
        _wantExpiry = false;
        RenewLife(expire);
        if (IsExpired)
        {
            _wantRevival = true;
            ScheduleRefresh();
            return;
        }

        if (_row is { Reason: not null }) AddEvent("refreshed", "a master answers again; the content is current", _row.Content?.Serial);
        SetReason(_row?.Candidate?.Reason);
        ScheduleRefresh();
    }

    private void OnPassFailed(PassFailed input)
    {
        if (!EndPass(input.Pass)) return;
        _failures++;
        NoteWhetherKnown(input.MastersHaveIt);
        Reason? orphan = WhyOrphan();
        Reason reason = orphan ?? input.Reason;
        bool worthTelling = _failedWith != reason.Code || BitOperations.IsPow2(_failures);
        _failedWith = reason.Code;
        if (worthTelling) AddEvent("transfer-failed", input.Reason.ToString());
        // What is being written may be durable already: whether the creation came to nothing, that decides.
        if (_phase == ZonePhase.Present || _writePurpose is WritePurpose.Accept or WritePurpose.Content or WritePurpose.Trial)
        {
            if (orphan is not null && OrphanIsRemoved(orphan, input)) return;
            if (NotifyIsGivenUp(input.Reason)) return;
            _force |= _passForce;
            SetReason(orphan ?? WhyBlockedBeside(input.Reason) ?? reason);
            ExpireWhenOverdue(input);
            Retry();
            return;
        }

        // Somebody may have asked again while the pass ran, so a NOTIFY-made zone gets its further passes; a CREATE gets one.
        _wantAccept = false;
        AnswerAll(_creators, ZoneOutcome.Failed, input.Reason);
        _notifyPasses = Math.Max(0, _notifyPasses - 1);
        if (_notifyPasses > 0) Retry();
        else AbandonCreation();
    }

    /// <summary>What waits for an operator is why the zone is blocked, whatever else its masters are in.</summary>
    private Reason? WhyBlockedBeside(Reason trouble) => _row?.Candidate is { IsWaiting: true } candidate
        ? candidate.Reason with { Text = $"{candidate.Reason.Text}; meanwhile {trouble}" }
        : null;

    /// <summary>A zone that nobody but a NOTIFY has named goes again when no pass brings anything.</summary>
    private bool NotifyIsGivenUp(Reason reason)
    {
        if (_notifyPasses == 0 || _row?.Content is not null) return false;
        AnswerAll(_creators, ZoneOutcome.Failed, reason);
        if (_write != 0 || --_notifyPasses > 0) return false;
        UndoCreation($"a NOTIFY named the zone, and no master brings it: {reason}");
        return true;
    }

    /// <summary>True when the number is that of the running pass, which is then over.</summary>
    private bool EndPass(long pass)
    {
        if (pass != _pass || pass == 0) return false;
        _pass = 0;
        return true;
    }

    private void OnTimer(ZoneTimer timer)
    {
        switch (timer)
        {
            case ZoneTimer.NotifyDelay:
                _delaying = false;
                break;
            case ZoneTimer.Retry:
                _retrying = false;
                _retrySoon = false;
                _wasNotTaken = false;
                if (_phase is ZonePhase.Creating or ZonePhase.Present) _due = true;
                break;
            case ZoneTimer.Rollout:
                TrialTimerFired();
                break;
            default:
                if (_phase == ZonePhase.Present) _due = true;
                break;
        }
    }

    /// <summary>
    /// Tries again after a delay that doubles with each failure up to what the SOA asks for, and when the content expires if that is
    /// sooner.
    /// </summary>
    private void Retry()
    {
        bool asked = _due;
        if (asked && _failures <= FailuresUntilPatient) return;
        _due = false;
        double factor = Math.Pow(2, Math.Clamp(_failures - 1, 0, 30));
        TimeSpan longest = _row?.Content is { } content ? _policy.RetryOf(content.Soa) : _policy.RetryMaximum;
        TimeSpan delay = TimeSpan.FromTicks((long)Math.Min(_policy.RetryMinimum.Ticks * factor, longest.Ticks));
        TimeSpan left = IsExpired || _row is null || ExpiresAt(_row, _policy) is not { } at ? TimeSpan.Zero : at - _now;
        if (asked) RetryIn(_policy.RetryMinimum, soon: true);
        else if (left > TimeSpan.Zero && left < delay) RetryIn(left, soon: false, jitter: 0);
        else RetryIn(delay, soon: false);
    }

    /// <summary>A pass that is due has to wait, so it cannot stand for the next try.</summary>
    private void RetryWithoutPass()
    {
        bool isDue = _due;
        _due = false;
        Retry();
        _due = isDue;
    }

    private void RetryIn(TimeSpan delay, bool soon, double jitter = RetryJitter)
    {
        _retrying = true;
        _retrySoon = soon;
        _effects.Add(new SetTimer(ZoneTimer.Retry, delay, jitter));
    }

    private void StopRetry()
    {
        _wasNotTaken = false;
        if (!_retrying) return;
        _retrying = false;
        _retrySoon = false;
        _effects.Add(new ClearTimer(ZoneTimer.Retry));
    }

    /// <summary>
    /// New content is held: the masters are asked again when its SOA says so, and soon where one of them named something newer.
    /// </summary>
    private void ScheduleNext()
    {
        if (_behind is not { } named)
        {
            ScheduleRefresh();
            return;
        }

        _behind = null;
        uint serial = _row!.Content!.Serial;
        var reason = new Reason(
            ReasonCode.SerialBehind, $"a master named serial {named}, and what came has {serial}; it is asked for again");
        SetReason(reason);
        AddEvent(ReasonCode.SerialBehind, reason.Text, serial);
        Retry();
    }

    private void ScheduleRefresh()
    {
        if (_row is not { Content: { } content }) return;
        TimeSpan interval = _policy.RefreshOf(content.Soa);
        // A master that may not serve it much longer itself is asked again well before that.
        TimeSpan half = ExpiresAt(_row, _policy) is { } at ? (at - _now) / 2 : interval;
        if (half < _policy.RetryMinimum) half = _policy.RetryMinimum;
        _effects.Add(new SetTimer(ZoneTimer.Refresh, half < interval ? half : interval, RefreshJitter));
    }

    /// <summary>Forgets all work that serves the present wish; whatever still comes back of it is dropped by its number.</summary>
    private void DropWork()
    {
        if (_pass != 0) _effects.Add(new CancelPass(_pass));
        _pass = 0;
        _passMoving = false;
        _due = false;
        _force = false;
        _newContent = null;
        _behind = null;
        _wantAccept = false;
        _wantExpiry = false;
        _wantRevival = false;
        _newCandidate = null;
        EndTrial();
        AnswerAll(_deciders, ZoneOutcome.Failed, DeletedMeanwhile);
        DropClaim(DeletedMeanwhile);
        _urgent = false;
        _notifyPasses = 0;
        _failures = 0;
        StopRetry();
        if (_delaying) _effects.Add(new ClearTimer(ZoneTimer.NotifyDelay));
        _delaying = false;
        _effects.Add(new ClearTimer(ZoneTimer.Refresh));
    }
}
