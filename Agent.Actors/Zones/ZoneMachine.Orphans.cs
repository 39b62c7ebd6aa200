using Agent.Actors.Reasons;

namespace Agent.Actors.Zones;

/// <content>
/// Zones that the masters gave up and nobody deleted here. Only a pass in which every address of every master says that it does not have
/// the zone begins the time; one in which a master has it ends it; any other leaves it as it is, so that neither a silent master nor a
/// restart of ours makes or spares an orphan.
/// </content>
public sealed partial class ZoneMachine
{
    private static readonly Reason NotAnOrphan = new(ReasonCode.NothingWaits, "not every master has refused the zone for long enough");

    private bool _toldOrphan;

    private void NoteWhetherKnown(bool? toMasters)
    {
        if (_row is null || toMasters is not { } isKnown) return;
        if (isKnown)
        {
            _row = _row with { RefusedSince = null };
            _toldOrphan = false;
        }
        else if (_row.StandingRefusal is null)
        {
            _row = _row with { RefusedSince = _now };
        }
    }

    /// <summary>Why the zone counts as an orphan; null when it does not.</summary>
    private Reason? WhyOrphan()
    {
        if (_policy.OrphanAfter <= TimeSpan.Zero || _phase != ZonePhase.Present || _row?.StandingRefusal is not { } since
            || _now - since < _policy.OrphanAfter)
        {
            return null;
        }

        if (_policy is { OrphanAction: OrphanAction.Remove, OrphanHold: { } hold }) return hold;
        var reason = new Reason(
            ReasonCode.Orphan, $"since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC every master has said that it does not have the zone");
        if (!_toldOrphan && _row.Reason?.Code != ReasonCode.Orphan) AddEvent("orphan", reason.Text, _row.Content?.Serial);
        _toldOrphan = true;
        return reason;
    }

    /// <summary>An operator has looked: no brake holds it up, and what the last pass heard is not asked.</summary>
    private void OnOrphanRemoval(OrphanRemovalAsked input)
    {
        if (WhyOrphan() is null)
        {
            bool isKnown = _phase is ZonePhase.Creating or ZonePhase.Present;
            Answer(input.Requester, isKnown ? ZoneOutcome.Failed : ZoneOutcome.Unknown, isKnown ? NotAnOrphan : null);
            return;
        }

        OnDelete(new DeleteAsked(input.Requester, _targets, input.Origin) { Force = true });

        // Who removes many waits for the journal, not for servers: they are brought level in any case.
        OnDeadline(input.Requester);
    }

    /// <summary>
    /// Deletes the orphan where that is wished, as a DELETE would: so not what a catalog lists, which only its catalog takes away. Never on
    /// a pass that left it open whether a master has the zone, and never beside a write or a claim whose outcome could come between.
    /// </summary>
    private bool OrphanIsRemoved(Reason orphan, PassFailed failed)
    {
        if (_policy.OrphanAction != OrphanAction.Remove || failed.MastersHaveIt != false || _phase != ZonePhase.Present) return false;
        if (_policy.OrphanHold is not null || _write != 0 || _newOwner is not null || WhyOnlyItsCatalog() is not null) return false;
        AddEvent("orphan-removed", orphan.Text, _row!.Content?.Serial);
        AnswerAll(_creators, ZoneOutcome.Failed, orphan);
        DropWork();
        _phase = ZonePhase.Deleting;
        _wantDelete = true;
        return true;
    }
}
