using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <content>
/// A deletion is undone: a creation whose first content is what the zone had when it was deleted. It stands in the row while servers are
/// still to be seen without the zone, and in the journal for the undelete window behind that. The masters are asked as soon as it is
/// durable; until then an operator's word counts as theirs, also when none of them has the zone any more.
/// </content>
public sealed partial class ZoneMachine
{
    private static readonly Reason StillThere = new(ReasonCode.ZoneExists, "the zone is there; retransfer brings its content anew");
    private static readonly Reason UndeleteLate = new(ReasonCode.JournalAway, "the journal has not given the kept content back in time");

    private readonly List<Waiter> _undeleters = [];

    /// <summary>The first content is to be the deleted one, and no master is asked before it is here.</summary>
    private bool _restoring;

    private void OnUndelete(UndeleteAsked input)
    {
        bool isGone = _phase is ZonePhase.Unknown or ZonePhase.Deleting && !_recreate;
        Reason? why = Waiting >= _policy.MaxWaitingRequests ? TooManyWait
            : !isGone && !_restoring ? StillThere
            : input.Origin.MasterSet is { } set && !_policy.MasterSets.Contains(set) ? NoSuchSet(set)
            : _writeDelay;
        if (why is not null)
        {
            Answer(input.Requester, ZoneOutcome.Failed, why);
            return;
        }

        AddEvent("undelete-asked", $"by {input.Origin.Client}", traceId: input.Origin.TraceId);
        Join(_undeleters, input.Requester, input.CountedTargets);
        if (_restoring) return;
        _restoring = true;
        _promised = false;
        _creator = SetOf(input.Origin) ?? (_row?.Owner is { MasterSet: not null } owner ? owner : null);
        if (_phase == ZonePhase.Deleting)
        {
            _recreate = true;
            return;
        }

        _phase = ZonePhase.Creating;
        Restore();
    }

    private static Reason NoSuchSet(string set) => new(ReasonCode.UnknownMasterSet, $"no master set {set} is configured");

    /// <summary>The deletion is durable: its content comes back.</summary>
    private void Restore()
    {
        if (_row?.Content is { } content) Restored(content);
        else _effects.Add(new ReadKept());
    }

    private void OnKeptRead(KeptFound input)
    {
        if (!_restoring || _phase != ZonePhase.Creating) return;
        if (input.Content is { } content)
        {
            Restored(content);
            return;
        }

        _restoring = false;
        AnswerAll(_undeleters, ZoneOutcome.Failed, input.Reason);
        BeginWithoutKept();
    }

    private void Restored(ZoneContent content)
    {
        CodeProbe.Reached("zone.undeleted");
        _restoring = false;
        _creators.AddRange(_undeleters);
        _undeleters.Clear();
        _newContent = content;
        _newExpire = null;
        _due = true;
        AddEvent("undeleted", $"{content.RecordCount} records, as they were when the zone was deleted", content.Serial);
    }

    /// <summary>Somebody else may want the zone whatever was kept of it.</summary>
    private void BeginWithoutKept()
    {
        if (_creators.Count > 0 || _claim is not null) _due = true;
        else AbandonCreation();
    }

    /// <summary>True when the requester waited for the journal's word; without it nothing is undeleted.</summary>
    private bool IsLateUndeleter(long requester)
    {
        if (_undeleters.RemoveAll(w => w.Requester == requester) == 0) return false;
        Answer(requester, ZoneOutcome.Failed, UndeleteLate);
        if (_undeleters.Count > 0) return true;
        _restoring = false;
        if (_phase == ZonePhase.Creating) BeginWithoutKept();
        else if (_creators.Count == 0 && _claim is null) _recreate = false;
        return true;
    }

    private void DropUndeletion(Reason reason)
    {
        _restoring = false;
        AnswerAll(_undeleters, ZoneOutcome.Failed, reason);
    }
}
