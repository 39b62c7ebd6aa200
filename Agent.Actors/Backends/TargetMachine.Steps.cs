using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <content>What each answer of the server means for the zone, and what a probe means for the server.</content>
public sealed partial class TargetMachine
{
    private void Acted(Work work, OrderFinished answer)
    {
        switch (answer.Outcome)
        {
            // Taken away: whether that was so, and even whether it was allowed, the next step will show.
            case OrderOutcome.Done or OrderOutcome.Refused when work.Stage == Stage.TakingAway:
                work.Stage = Stage.Acting;
                MakeReady(work);
                break;
            case OrderOutcome.Done:
                work.Looks = 0;
                work.Mismatches = 0;
                work.MustAct = false;
                Owes(work);
                work.TakenAt = work.UnseenAt = _now.Monotonic;
                work.VerifyUntil = _now.Monotonic + _traits.VerifyPatience;
                BeginVerifying(work);
                break;
            case OrderOutcome.Refused when work.IsGivenAnew:
                // It serves the serial, as before: a driver that cannot give it a second time makes the zone no worse.
                Proven(work, work.SeenSerial, UncheckedBecause(answer.Reason), wasCompared: false);
                break;
            case OrderOutcome.Refused:
                Refuse(work, answer.Reason);
                break;
            default:
                FoundAway(work, answer.Reason);
                break;
        }
    }

    /// <summary>Where the server comes to its changes late, the first look is better made later.</summary>
    private void BeginVerifying(Work work)
    {
        TimeSpan rest = _pace.BeforeFirst(_works.Count);
        work.Stage = Stage.Verifying;
        Taken(work);
        if (rest > TimeSpan.Zero)
        {
            Late(work);
            RestThen(work, Stage.Verifying, rest);
        }
        else
        {
            MakeReady(work);
        }
    }

    private void Looked(Work work, ZoneObserved answer)
    {
        uint? seen = answer.Observation == Observation.Present ? answer.Serial : null;
        bool asWanted = work.Wish.Content is { } content
            ? answer.Observation == Observation.Present && answer.Serial == content.Serial
            : answer.Observation == Observation.Absent;
        if (answer.Observation != Observation.CannotTell) work.SeenSerial = seen;
        work.OtherSettings = answer.SettingsDifference;
        if (work.MayHaveOther && work.Stage == Stage.Observing)
        {
            LeaveOther(work, answer);
            return;
        }

        // A zone whose records were found to differ has been served for a while.
        if (asWanted && work.Stage == Stage.Verifying && work.Mismatches == 0) LearnFrom(work);
        if (asWanted && ProofFor(work) is var proof and not ContentProof.Serial)
        {
            BeginCheck(work, proof);
        }
        else if (asWanted)
        {
            Proven(work, seen, null, wasCompared: false);
        }
        else if (work.Stage == Stage.Observing && answer.Observation == Observation.CannotTell && LooksDeep(work) && !work.HasOrdered)
        {
            // It was proven once, and one that looks again is not to change anything for want of an answer.
            CodeProbe.Reached("target.deep-look-unanswered");
            Rest(work, Stage.Observing);
            StartProbe();
        }
        else if (work.Stage == Stage.Observing)
        {
            if (answer.Observation != Observation.CannotTell && ComparesFirst(work))
            {
                if (!work.Done && work.Stage == Stage.Observing) BeginCheck(work, ContentProof.Digest);
                return;
            }

            Owes(work);
            work.Stage = Stage.Acting;
            MakeReady(work);
        }
        else if (_now.Monotonic < work.VerifyUntil)
        {
            work.Looks++;
            work.UnseenAt = _now.Monotonic;
            TimeSpan passed = _now.Monotonic - work.TakenAt;
            if (passed >= LookPace.SlowMin) Late(work);
            RestThen(work, Stage.Verifying, _pace.Pause(work.Looks, _works.Count, passed));
        }
        else if (answer is { Observation: Observation.CannotTell, Reason.Code: ReasonCode.TargetCannotHold })
        {
            // It took the zone, and what it serves shows that it should not have.
            Refuse(work, answer.Reason);
        }
        else if (answer.Observation == Observation.CannotTell)
        {
            FoundAway(work, answer.Reason);
        }
        else
        {
            CodeProbe.Reached("target.verify-stale");
            string wanted = work.Wish.Content is { } c ? $"serial {c.Serial}" : "no zone";
            string served = seen is { } s ? $"serial {s}" : "no zone";
            string why = answer.Reason is { } known ? $": {known.Text}" : "";
            Climb(work, seen, new Reason(ReasonCode.VerifyStale, $"{Name} took the change but serves {served} instead of {wanted}{why}"));
        }
    }

    /// <summary>What stood there before a creation that came to nothing goes on being served; all else of it is removed.</summary>
    private void LeaveOther(Work work, ZoneObserved answer)
    {
        if (answer.Observation != Observation.Present)
        {
            work.Stage = Stage.Acting;
            MakeReady(work);
            return;
        }

        string text = $"{Name} goes on serving serial {answer.Serial}, which it has from elsewhere: it took nothing of what was undone";
        Proven(work, null, new Reason(ReasonCode.ZoneFromElsewhere, text), wasCompared: false);
    }

    private void Refuse(Work work, Reason? reason)
    {
        Refused(work);
        Report(work, TargetZoneState.Refused, work.SeenSerial, reason);
        Rest(work);
    }

    /// <summary>The zone is tried again from the start, later each time.</summary>
    private void Rest(Work work, Stage stage = Stage.Acting)
    {
        double factor = Math.Pow(2, Math.Min(work.Attempts++, 20));
        double ticks = Math.Min(RestMinimum.Ticks * factor, RestMaximum.Ticks);
        TimeSpan delay = TimeSpan.FromTicks((long)(ticks * (0.75 + (0.5 * _random.NextDouble()))));
        RestThen(work, stage, delay);
    }

    /// <summary>One order did not get through. Whether the whole server is away is for a probe to say.</summary>
    private void FoundAway(Work work, Reason? reason)
    {
        Report(work, TargetZoneState.Away, work.SeenSerial, reason);
        Rest(work);
        StartProbe();
    }

    private void StartProbe()
    {
        if (_probe != 0) return;
        _probe = ++_orderCounter;
        _effects.Add(new IssueOrder(new ProbeServer(_probe), Shard: 0, Epoch: 0));
    }

    private void Probed(OrderFinished answer)
    {
        _probe = 0;
        // One that refuses to be worked with (another server behind the socket, a version that is too old) is no more use than none.
        bool healthy = answer.Outcome == OrderOutcome.Done;
        AwayReason = healthy ? null : answer.Reason;
        bool startedAnew = healthy && answer.ServerRun is not null && _serverRun is not null && answer.ServerRun != _serverRun;
        bool holdsOther = healthy && answer.Limits is not null && _foundLimits is not null && answer.Limits != _foundLimits;
        bool isOther = healthy && IsOtherVersion(ref _controlledVersion, answer.Control?.Version);
        if (healthy) (_serverRun, _foundLimits) = (answer.ServerRun ?? _serverRun, answer.Limits ?? _foundLimits);
        if (healthy == Healthy && !startedAnew && !holdsOther && !isOther) return;
        if (healthy == Healthy) CodeProbe.Reached("target.server-started-anew");
        Turned(healthy);
    }

    /// <summary>
    /// The server told its software by DNS. Another one than before may hold what the former could not, and the driver may have no control
    /// channel over which a probe would find that out.
    /// </summary>
    public void Runs(string version, KernelInstant now, List<TargetEffect> effects)
    {
        Enter(now, effects);
        if (IsOtherVersion(ref _namedVersion, version) && Healthy) Turned(healthy: true);
        Issue();
    }

    private static bool IsOtherVersion(ref string? known, string? told)
    {
        string? before = known;
        known = told ?? known;
        return before is not null && before != known;
    }

    private void Turned(bool healthy)
    {

        // A server that went and came between two probes may have lost what it had, and another version of it may hold what the former one
        // could not: it counts as returned like any other.
        Healthy = healthy;
        _effects.Add(new ReportHealth(new TargetHealthChanged(Name, healthy, Returned: healthy, AwayReason)));
        if (!healthy)
        {
            foreach (Work work in _works.Values) Report(work, TargetZoneState.Away, work.SeenSerial, AwayReason);
            return;
        }

        // Nobody rests from the time of the absence: the server is there, so everything in work goes on at once.
        foreach (Work work in _works.Values)
        {
            work.Attempts = 0;
            StepDown(work);
            if (work.OrderUnderWay) continue;
            Queue(work, observeFirst: true);
        }
    }
}
