using System.Collections.Immutable;
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
    /// node's key is gone then.
    /// </summary>
    private void AskLeave(AnycastCluster own, ClusterView view)
    {
        StoreCompare[] basis =
        [
            .. view.Announcers
                .Where(entry => entry.Key != own.Node && (entry.Value.Record.IsFit || _machine.Leave == LeaveBasis.Announcing))
                .OrderBy(entry => entry.Value.ModRevision)
                .Take(_settings.Policy.MinimumAnnouncers)
                .Select(entry => new StoreCompare(own.Keys.Announcer(entry.Key), StoreField.ModRevision, entry.Value.ModRevision)),
        ];
        if (basis.Length < _settings.Policy.MinimumAnnouncers) return;
        _isLeave = true;
        if (PlantedBug.Is(PlantedBug.LeaveUnasked)) basis = [];
        Commit(own, new StoreTransaction([.. basis], [new StoreWrite(own.Keys.Announcer(own.Node), null)]));
    }

    private void KeepKey(AnycastCluster own, ClusterView view)
    {
        AnnouncerRecord? shown = view.Announcers.GetValueOrDefault(own.Node)?.Record;
        bool isSettled = _machine.IsAnnounced && Clock.Monotonic - _shownAt >= _settings.Policy.Settle;
        AnnouncerRecord? wanted = isSettled && _membership is { } member
            ? new AnnouncerRecord(own.Node, member.Instance, _machine.IsFit)
            : null;
        // Nobody is told of an announcement that has not spread yet, but one that was told of stays: it is there.
        if (wanted == shown || (wanted is null && _machine.IsAnnounced)) return;
        _isLeave = false;
        ImmutableArray<byte>? value = wanted is null ? null : ClusterRecords.Write(wanted);
        Commit(own, new StoreTransaction([], [new StoreWrite(own.Keys.Announcer(own.Node), value, value is null ? 0 : _membership!.Lease)]));
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
