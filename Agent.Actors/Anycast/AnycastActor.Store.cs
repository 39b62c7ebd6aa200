using Agent.Actors.Cluster;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Anycast;

/// <content>
/// The node's key among the announcers, and the leave to go. One request at a time, each from what the view shows: what became of a request
/// whose outcome is unknown is seen there too, so the key is simply brought in line again.
/// </content>
public sealed partial class AnycastActor
{
    private NodeJoined? _membership;
    private long _request;
    private bool _isPending;
    private bool _isLeave;
    private long _writtenRevision;

    private void AskStore(AnycastCluster own)
    {
        if (_isPending || _cluster is not { IsCurrent: true } state || state.View.Revision < _writtenRevision) return;
        if (_machine.Leave != LeaveBasis.None) AskLeave(own, state.View);
        else KeepKey(own, state.View);
    }

    /// <summary>
    /// Holds when those that are counted on announce as they did: another that counts on this node in the same moment is refused, for this
    /// node's key says otherwise then.
    /// </summary>
    private void AskLeave(AnycastCluster own, ClusterView view)
    {
        StoreCompare[] basis =
        [
            .. OtherRecords(own, view)
                .Where(held => held.Record.IsFit || _machine.Leave == LeaveBasis.Announcing)
                .OrderBy(held => held.ModRevision)
                .Take(_settings.Policy.MinimumAnnouncers)
                .Select(held => new StoreCompare(own.Keys.Announcer(held.Record.Node), StoreField.ModRevision, held.ModRevision)),
        ];
        if (basis.Length < _settings.Policy.MinimumAnnouncers) return;
        _isLeave = true;
        Write(own, view, isAnnounced: false, PlantedBug.Is(PlantedBug.LeaveUnasked) ? [] : basis);
    }

    /// <summary>Nobody is told of an announcement that has not spread yet, but one that was told of stays: it is there.</summary>
    private void KeepKey(AnycastCluster own, ClusterView view)
    {
        AnnouncerRecord? shown = view.Announcers.GetValueOrDefault(own.Node)?.Record;
        bool isSettled = Clock.Monotonic - _shownAt >= _settings.Policy.Settle;
        if (_machine.IsAnnounced ? !isSettled || _membership is null : shown is not { IsAnnounced: true }) return;
        bool isSame = shown is not null && shown.IsAnnounced == _machine.IsAnnounced && shown.Instance == _membership?.Instance
            && (shown.IsFit == _machine.IsFit || !_machine.IsAnnounced);
        if (isSame) return;
        _isLeave = false;
        Write(own, view, _machine.IsAnnounced, []);
    }

    /// <summary>Behind the last write that is known, and on the lease of the node; one that is no member has no key to write.</summary>
    private void Write(AnycastCluster own, ClusterView view, bool isAnnounced, StoreCompare[] basis)
    {
        string key = own.Keys.Announcer(own.Node);
        var record = new AnnouncerRecord(own.Node, _membership?.Instance ?? Guid.Empty, isAnnounced, isAnnounced && _machine.IsFit);
        var write = new StoreWrite(key, _membership is null ? null : ClusterRecords.Write(record), _membership?.Lease ?? 0);
        var last = new StoreCompare(key, StoreField.ModRevision, view.Announcers.GetValueOrDefault(own.Node)?.ModRevision ?? 0);
        Commit(own, new StoreTransaction([last, .. basis], [write]));
    }

    private void Commit(AnycastCluster own, StoreTransaction transaction)
    {
        _isPending = true;
        own.Store.Commit(++_request, transaction, Context.ReplyTo());
    }

    private void Committed(StoreCommitted answer)
    {
        if (!_isPending || answer.Request != _request) return;
        _isPending = false;
        if (answer.Succeeded) _writtenRevision = answer.Revision;
        if (!_isLeave) return;
        if (!answer.Succeeded)
        {
            CodeProbe.Reached("anycast.leave-refused");
            return;
        }

        bool wasAnnounced = _machine.IsAnnounced;
        _machine.Left(Clock.Monotonic);
        Carry(wasAnnounced, Facts());
    }

    private void CommitFailed(StoreFailed answer)
    {
        if (_isPending && answer.Request == _request) _isPending = false;
    }
}
