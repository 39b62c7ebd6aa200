using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Actors.Transfers;

/// <content>Passes that wait for leave to ask their masters: one queue for each set of masters that zones have.</content>
public sealed partial class MasterDirectoryActor
{
    private readonly Dictionary<IActorRef, Waiter> _waiters = [];
    private readonly List<MasterQueue> _queues = [];

    /// <summary>Who asks again keeps its turn.</summary>
    private void Enqueue(GetMasters get, IActorRef asker)
    {
        if (_waiters.TryGetValue(asker, out Waiter? known) && known.Request.Id == get.Id) return;
        if (known is not null) known.IsGone = true;
        else Context.Watch(asker);
        var waiter = new Waiter(get, asker);
        _waiters[asker] = waiter;
        Queue(waiter);
    }

    private void Queue(Waiter waiter)
    {
        GetMasters request = waiter.Request;
        ImmutableArray<Master> masters = _settings.Roster.Of(request.Zone, request.Catalog, request.Group);
        MasterQueue? queue = _queues.Find(q => q.Masters == masters || q.Masters.SequenceEqual(masters));
        if (queue is null) _queues.Add(queue = new MasterQueue(masters));
        (waiter.Request.IsUrgent ? queue.Urgent : queue.Regular).Enqueue(waiter);
        Refresh(masters);
    }

    private void Forget(IActorRef asker)
    {
        if (_waiters.Remove(asker, out Waiter? waiter)) waiter.IsGone = true;
    }

    /// <summary>The masters of zones changed: whoever waits gets in line for the new ones, in the order of asking.</summary>
    private void Requeue()
    {
        Waiter[] waiting = [.. _queues.SelectMany(q => q.Urgent.Concat(q.Regular)).Where(w => !w.IsGone)];
        _queues.Clear();
        foreach (Waiter waiter in waiting) Queue(waiter);
    }

    private void Serve()
    {
        TimeSpan? next = null;
        for (int i = _queues.Count - 1; i >= 0; i--)
        {
            MasterQueue queue = _queues[i];
            TimeSpan wait = Serve(queue);
            if (wait > TimeSpan.Zero && (next is null || wait < next)) next = wait;
            if (queue.IsEmpty) _queues.RemoveAt(i);
        }

        if (next is { } delay && !Timers.IsTimerActive(PaceTimer)) Timers.StartSingleTimer(PaceTimer, PaceTimer, delay);
    }

    /// <summary>Hands out plans as long as there is leave; how long to wait for the next, zero when nobody waits for time.</summary>
    private TimeSpan Serve(MasterQueue queue)
    {
        if (queue.Masters.Any(m => !_entries[m].Tried)) return TimeSpan.Zero;
        ImmutableArray<MasterAddress> all = [.. queue.Masters.SelectMany(m => _entries[m].Addresses)];
        bool allDead = all.Length > 0 && all.All(a => _board.IsDead(a.Route));
        while (queue.TryPeek(out Waiter? waiter))
        {
            if (!waiter.IsGone)
            {
                ImmutableArray<MasterAddress> asked = allDead && !waiter.Request.IsUrgent && waiter.Request.Notifier is null
                    ? [.. all.Where(a => _pace.TryTakeDead(a.EndPoint, Clock.Monotonic))]
                    : _board.Order(all, waiter.Request.Notifier);
                if (!_pace.TryTake([.. asked.Select(a => a.EndPoint)], waiter.Request.IsUrgent, Clock.Monotonic, out TimeSpan wait))
                    return wait;
                foreach (MasterAddress address in asked) _board.Asked(address.Route, waiter.Request.Zone);
                waiter.Asker.Tell(Plan(waiter.Request, queue, all, asked), Self);
                _waiters.Remove(waiter.Asker);
                Context.Unwatch(waiter.Asker);
            }

            queue.Dequeue();
        }

        return TimeSpan.Zero;
    }

    private MasterPlan Plan(
        GetMasters request, MasterQueue queue, ImmutableArray<MasterAddress> all, ImmutableArray<MasterAddress> asked)
    {
        Reason? reason = null;
        if (asked.IsEmpty)
        {
            reason = all.Select(a => _board.WhyDead(a.Route)).Concat(queue.Masters.Select(m => _entries[m].Reason))
                .FirstOrDefault(r => r is not null) ?? NoneConfigured;
        }

        return new MasterPlan(request.Id, asked, reason)
        {
            HasNoMasters = queue.Masters.IsEmpty,
            IsComplete = asked.Length == all.Length && queue.Masters.All(m => !_entries[m].Addresses.IsEmpty),
            Rests = request.IsUrgent ? [] : Rests(asked),
            Last = [.. asked.Select(a => a.Route).Where(r => _board.ComesLast(r, request.Zone, Clock.Monotonic))],
        };
    }

    private ImmutableArray<(MasterRoute Route, Reason Reason)> Rests(ImmutableArray<MasterAddress> asked)
    {
        ImmutableArray<(MasterRoute Route, Reason Reason)> rests = [];
        foreach (MasterAddress address in asked)
        {
            if (_board.RestOf(address.Route, Clock.Monotonic) is { } why) rests = rests.Add((address.Route, why));
        }

        return rests;
    }

    private sealed class Waiter(GetMasters request, IActorRef asker)
    {
        public GetMasters Request { get; } = request;

        public IActorRef Asker { get; } = asker;

        /// <summary>Nobody waits for the answer any more; the place in the queue is passed over.</summary>
        public bool IsGone { get; set; }
    }

    private sealed class MasterQueue(ImmutableArray<Master> masters)
    {
        public ImmutableArray<Master> Masters { get; } = masters;

        public Queue<Waiter> Urgent { get; } = new();

        public Queue<Waiter> Regular { get; } = new();

        public bool IsEmpty => Urgent.Count == 0 && Regular.Count == 0;

        public bool TryPeek([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Waiter? waiter) =>
            Urgent.TryPeek(out waiter) || Regular.TryPeek(out waiter);

        public void Dequeue() => _ = Urgent.Count > 0 ? Urgent.Dequeue() : Regular.Dequeue();
    }
}
