using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Backends;

/// <content>
/// Wishes from other nodes, and the last gate before a server is changed: while the node's permit is closed, each change waits until the
/// journal has said that its owner's epoch stands, and for a target of the whole farm that this node's does.
/// </content>
public sealed partial class BackendActor
{
    private static readonly object FenceTimer = new();
    private static readonly TimeSpan AskFenceAgain = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, HeldOrder> _held = [];
    private readonly Dictionary<long, HeldOrder> _asked = [];
    private long _questionCounter;

    /// <summary>Whoever told it hears that it is here even when it is not taken: telling it again would change nothing.</summary>
    private void Take(WishForTarget told, KernelInstant now)
    {
        if (_settings.Fence.Admit(told.Shard, told.Epoch, told.Wish.Zone, told.Request))
            _machine.Want(AsSet(told.Wish) with { Shard = told.Shard, Epoch = told.Epoch }, Sender, now, _effects);
        else CodeProbe.Reached("target.wish-overtaken");
        Sender.Tell(new WishTaken(told.Request), Self);
    }

    /// <summary>An expired zone is as good as none where the target is set to withdraw it.</summary>
    private WantZone AsSet(WantZone wish) =>
        wish.IsExpired && _settings.OnExpire == OnExpire.Withdraw ? wish with { Content = null } : wish;

    private void Issue(IssueOrder issue)
    {
        if (issue.Order is not (ApplyZone or RemoveZone))
        {
            GiveOrder(issue.Order);
        }
        else if (_settings.Permit.IsOpen && IsHolder)
        {
            GiveChange(issue.Order);
        }
        else
        {
            CodeProbe.Reached("target.order-held");
            if (!IsHolder) CodeProbe.Reached("target.not-holder");
            var held = new HeldOrder(issue, _settings.Holder);
            _held.Add(issue.Order.Id, held);
            if (IsHolder) AskFence(held);
            if (_held.Count == 1) Timers.StartSingleTimer(FenceTimer, FenceTimer, AskFenceAgain);
        }
    }

    /// <summary>
    /// A holder that gives its target up orders nothing any more, whatever its lease: another may have begun. And one that has just become
    /// it does not begin before its predecessor is shut out.
    /// </summary>
    private bool IsHolder => _settings.Holder is not { } hold || _settings.Permit.Holds(hold);

    private void GiveChange(BackendOrder order)
    {
        _started[order.Id] = (order, Clock.Monotonic);
        FaultPoint.Pass("target.ordered");
        GiveOrder(order);
    }

    private void GiveOrder(BackendOrder order)
    {
        switch (order)
        {
            case ApplyZone apply:
                bool withHistory = _settings.History is not null && !apply.IsRepeated && _settings.Backend.Traits.TakesDifferences;
                _settings.Backend.Apply(withHistory ? apply with { History = _settings.History } : apply, Context.ReplyTo());
                break;
            case RemoveZone remove: _settings.Backend.Remove(remove, Context.ReplyTo()); break;
            case ObserveZone observe: _settings.Backend.Observe(observe, Context.ReplyTo()); break;
            case CheckContent check: _settings.Check!.Check(check, Context.ReplyTo()); break;
            case ProbeServer probe: _settings.Backend.Probe(probe, Context.ReplyTo()); break;
        }
    }

    private void LogOrder(OrderFinished finished, BackendOrder order, string operation, TimeSpan took)
    {
        if (!_logger.IsEnabled(LogLevel.Debug)) return;
        double milliseconds = Math.Round(took.TotalMilliseconds, 1);
        uint? serial = (order as ApplyZone)?.Content.Serial;
        LogOrderEnded(
            _logger, _settings.Name, ChangeOf(order).Zone, operation, serial, Words.Of(finished.Outcome), milliseconds, finished.Reason);
    }

    [LoggerMessage(EventId = 304, EventName = "order", Level = LogLevel.Debug,
        Message = "{Target} {Zone} {Order} {Serial}: {Outcome} after {Milliseconds} ms {Reason}")]
    private static partial void LogOrderEnded(
        ILogger logger, string target, DomainName zone, string order, uint? serial, string outcome, double milliseconds, Reason? reason);

    /// <summary>Each question has a number of its own, so that a late answer to an earlier one says nothing.</summary>
    private void AskFence(HeldOrder held)
    {
        if (_settings.FenceCheck is not { } check) return;
        _asked.Remove(held.Question);
        held.Question = ++_questionCounter;
        _asked.Add(held.Question, held);
        (int shard, long epoch) = held.Holder is { } holder ? (holder.Shard, holder.Epoch) : (held.Issue.Shard, held.Issue.Epoch);
        check.Check(new FenceQuestion(held.Question, shard, epoch), Context.ReplyTo());
    }

    /// <summary>Also when an answer is late or was lost: a permit that is open again makes it superfluous.</summary>
    private void AskAgain()
    {
        foreach (HeldOrder held in _held.Values.OrderBy(h => h.Issue.Order.Id).ToArray())
        {
            if (!IsHolder) continue;
            if (_settings.Permit.IsOpen) Release(held);
            else AskFence(held);
        }

        if (_held.Count > 0) Timers.StartSingleTimer(FenceTimer, FenceTimer, AskFenceAgain);
    }

    private void Fenced(FenceAnswer answer, KernelInstant now)
    {
        if (!IsHolder || !_asked.TryGetValue(answer.Id, out HeldOrder? held)) return;
        switch (answer.State)
        {
            case FenceState.Held when held.Holder is not null:
                held.Holder = null;
                AskFence(held);
                break;
            case FenceState.Held:
                Release(held);
                break;
            case FenceState.Lost:
                CodeProbe.Reached("target.order-withdrawn");
                // When it was asked for the target, not the zone's owner but this node is over: the target's new holder does the work.
                if (held.Holder is null) _settings.Fence.Close(held.Issue.Shard, held.Issue.Epoch);
                Forget(held);
                _machine.Withdrawn(held.Issue, now, _effects);
                break;
            default:
                break;
        }
    }

    private void Release(HeldOrder held)
    {
        Forget(held);
        GiveChange(held.Issue.Order);
    }

    private void Forget(HeldOrder held)
    {
        _held.Remove(held.Issue.Order.Id);
        _asked.Remove(held.Question);
    }

    /// <summary>A change that waits, and by what this node holds the target as long as that has to be asked about first.</summary>
    private sealed class HeldOrder(IssueOrder issue, TargetHold? holder)
    {
        public IssueOrder Issue { get; } = issue;

        public TargetHold? Holder { get; set; } = holder;

        public long Question { get; set; }
    }
}
