using Agent.Actors.Guards;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Zones;

/// <content>
/// Content that a guard stopped: it is written down beside what is served, and waits for an operator. Meanwhile its serial is not fetched
/// again, and what is served does not expire as long as a master answers with that serial: it stays because we want it so.
/// </content>
public sealed partial class ZoneMachine
{
    private static readonly Reason NothingWaits = new(ReasonCode.NothingWaits, "no content waits for a decision");

    private readonly List<Waiter> _deciders = [];

    /// <summary>What is to be written in the place of the candidate that the row has.</summary>
    private ZoneCandidate? _newCandidate;

    /// <summary>A master's older serial will do.</summary>
    private bool AcceptsOlder => _policy.OlderSerial switch
    {
        OlderSerial.Accept => true,
        OlderSerial.AfterExpiry => IsExpired,
        _ => false,
    };

    private void OnStopped(PassBrought input, Reason why)
    {
        _failures = 0;
        StaysAlive(input.Expire);
        SetReason(why);
        ScheduleRefresh();
        if (_row!.Candidate is { IsWaiting: true } waiting && waiting.Content!.Hash == input.Content.Hash)
        {
            // Somebody had it transferred once more.
            WaitWithoutContent();
            return;
        }

        _newCandidate = new ZoneCandidate(input.Content.Serial, input.Content, why, _now, IsRejected: false);
        AddEvent("blocked", why.ToString(), input.Content.Serial);
        _effects.Add(new ContentStopped(why.Code));
    }

    private void OnDecision(DecisionAsked input)
    {
        if (_phase is not (ZonePhase.Creating or ZonePhase.Present))
        {
            Answer(input.Requester, ZoneOutcome.Unknown, null);
            return;
        }

        if (WhyNotDecided(input) is { } why)
        {
            CodeProbe.Reached("zone.decision-refused");
            Answer(input.Requester, ZoneOutcome.Failed, why);
            return;
        }

        ZoneCandidate candidate = _row!.Candidate!;
        _deciders.Add(new Waiter(input.Requester, _targets));
        AddEvent(input.Approve ? "approved" : "rejected", $"by {input.Origin.Client}", candidate.Serial, traceId: input.Origin.TraceId);
        if (!input.Approve)
        {
            Reason reason = candidate.Reason with { Text = $"{candidate.Reason.Text}; rejected by {input.Origin.Client}" };
            _newCandidate = candidate with { Content = null, IsRejected = true, Reason = reason };
            SetReason(reason);
            return;
        }

        UseCandidate(candidate);
        _goesOn = IsOnTrial;
    }

    /// <summary>A decision is about exactly one content, which the operator has seen.</summary>
    private Reason? WhyNotDecided(DecisionAsked input)
    {
        if (_writeDelay is { } away) return away;
        if (_newContent is not null || _newCandidate is not null)
            return new Reason(ReasonCode.CandidateChanged, "other content has just come; look at the zone again");
        if (_row?.Candidate is not { IsWaiting: true } candidate) return NothingWaits;
        bool isSame = candidate.Serial == input.Serial && (input.Hash is null || input.Hash == candidate.Content!.Hash);
        return isSame
            ? null
            : new Reason(
                ReasonCode.CandidateChanged, $"serial {candidate.Serial} waits now, not what was decided about (serial {input.Serial})");
    }

    /// <summary>A master still has what a guard stopped, and nothing else that is newer.</summary>
    private void StillStopped(ZoneCandidate candidate, TimeSpan? expire)
    {
        _wantExpiry = false;
        StaysAlive(expire);
        SetReason(candidate.Reason);
        ScheduleRefresh();
        WaitWithoutContent();
    }

    /// <summary>What is served stays because we want it so; had it expired while no master answered, it comes back.</summary>
    private void StaysAlive(TimeSpan? expire)
    {
        RenewLife(expire);
        _wantRevival |= IsExpired;
    }

    /// <summary>A zone that has nothing to serve has no SOA that says when to ask again.</summary>
    private void WaitWithoutContent()
    {
        if (_row!.Content is not null) return;
        _failures++;
        Retry();
    }

    private void WriteCandidate() => Write(WritePurpose.Candidate, _row! with { Candidate = _newCandidate });

    private void CandidateIsDurable(bool wasOnTrial)
    {
        _newCandidate = null;
        AnswerAll(_deciders, ZoneOutcome.Done, null);
        if (wasOnTrial) CanariesGoBack();
        if (_phase == ZonePhase.Present) WaitWithoutContent();
    }

    private void CandidateNotDurable(Reason reason)
    {
        CodeProbe.Reached("zone.candidate-not-durable");
        _newCandidate = null;
        AnswerAll(_deciders, ZoneOutcome.Failed, reason);
        if (_phase != ZonePhase.Present) return;
        SetReason(reason);
        _failures++;
        Retry();
    }
}
