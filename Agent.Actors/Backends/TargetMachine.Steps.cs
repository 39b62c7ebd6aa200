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
            case OrderOutcome.Done:
                work.Looks = 0;
                work.MustAct = false;
                Owes(work);
                work.TakenAt = _now.Monotonic;
                work.VerifyUntil = _now.Monotonic + _traits.VerifyPatience;
                work.Stage = Stage.Verifying;
                MakeReady(work);
                break;
            case OrderOutcome.Refused:
                Refused(work);
                Report(work, TargetZoneState.Refused, work.SeenSerial, answer.Reason);
                Rest(work);
                break;
            default:
                FoundAway(work, answer.Reason);
                break;
        }
    }

    private void Looked(Work work, ZoneObserved answer)
    {
        uint? seen = answer.Observation == Observation.Present ? answer.Serial : null;
        bool asWanted = work.Wish.Content is { } content
            ? answer.Observation == Observation.Present && answer.Serial == content.Serial
            : answer.Observation == Observation.Absent;
        if (asWanted)
        {
            Report(work, TargetZoneState.Verified, seen, null);
            Leave(work);
        }
        else if (work.Stage == Stage.Observing)
        {
            Owes(work);
            if (answer.Observation != Observation.CannotTell) work.SeenSerial = seen;
            work.Stage = Stage.Acting;
            MakeReady(work);
        }
        else if (_now.Monotonic < work.VerifyUntil)
        {
            work.Looks++;
            TimeSpan delay = FirstLook * Math.Pow(2, Math.Min(work.Looks - 1, 10));
            RestThen(work, Stage.Verifying, delay < SlowestLook ? delay : SlowestLook);
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
            var reason = new Reason(ReasonCode.VerifyStale, $"{Name} took the change but serves {served} instead of {wanted}{why}");
            Report(work, TargetZoneState.Pending, seen, reason);
            Rest(work);
        }
    }

    /// <summary>The zone is tried again from the start, later each time.</summary>
    private void Rest(Work work)
    {
        double factor = Math.Pow(2, Math.Min(work.Attempts++, 20));
        double ticks = Math.Min(RestMinimum.Ticks * factor, RestMaximum.Ticks);
        TimeSpan delay = TimeSpan.FromTicks((long)(ticks * (0.75 + (0.5 * _random.NextDouble()))));
        RestThen(work, Stage.Acting, delay);
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
        bool healthy = answer.Outcome != OrderOutcome.Away;
        AwayReason = healthy ? null : answer.Reason;
        bool startedAnew = healthy && answer.ServerRun is not null && _serverRun is not null && answer.ServerRun != _serverRun;
        if (healthy) _serverRun = answer.ServerRun ?? _serverRun;
        if (healthy == Healthy && !startedAnew) return;
        if (healthy == Healthy) CodeProbe.Reached("target.server-started-anew");

        // A server that went and came between two probes may have lost what it had: it counts as returned like any other.
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
            if (work.OrderUnderWay) continue;
            Queue(work, observeFirst: true);
        }
    }
}
