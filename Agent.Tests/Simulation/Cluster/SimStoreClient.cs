using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// A node's adapter to <see cref="SimClusterStore"/>. Whatever happens on the way, each request ends with one message: at its deadline at
/// the latest, which says that nobody knows.
/// </summary>
internal sealed class SimStoreClient(SimClusterStore store, SimNode node, KernelRandom random)
    : SimPort(store.Sim, node, random), IClusterStore
{
    private static readonly Reason NoAnswer = new("store-away", "no answer within the deadline");
    private static readonly Reason Refused = new("store-away", "connection refused");
    private static readonly Reason Behind = new("store-away", "the answer lies behind what was seen before");

    private readonly SortedDictionary<long, SimStoreWatch> _watches = [];
    private long _seen;

    /// <summary>How long a request may take.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(2.5);

    /// <summary>How long a watch may be silent before the connection counts as dead.</summary>
    public TimeSpan ProgressTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Faults of this node alone; null for those of the store.</summary>
    public StoreFaults? OwnFaults { get; set; }

    /// <summary>Requests under way.</summary>
    public int UnderWay { get; private set; }

    internal bool IsOver => IsDead;

    internal IEnumerable<SimStoreWatch> Watches => [.. _watches.Values];

    internal StoreFaults Present => OwnFaults ?? store.Faults;

    private bool IsCut => store.IsCut(Node);

    public void Grant(long request, TimeSpan timeToLive, ReplyTo replyTo) =>
        Ask(request, replyTo, () => store.Grant(request, timeToLive));

    public void KeepAlive(long request, long lease, ReplyTo replyTo) =>
        Ask(request, replyTo, () => store.KeepAlive(request, lease), () => store.PretendToKeep(request, lease));

    public void Revoke(long request, long lease, ReplyTo replyTo) => Ask(request, replyTo, () => store.Revoke(request, lease));

    public void Read(long request, string prefix, ReplyTo replyTo) =>
        Ask(request, replyTo, () => new StoreRead(request, store.State.Revision, store.State.Read(prefix)));

    public void Commit(long request, StoreTransaction transaction, ReplyTo replyTo) =>
        Ask(request, replyTo, () => store.Commit(request, transaction));

    public void Watch(long watch, string prefix, long fromRevision, ReplyTo replyTo)
    {
        if (!TryCall()) return;
        if (_watches.Remove(watch, out SimStoreWatch? before)) before.Stop();
        SimStoreWatch opened = new(store, this, Random, watch, prefix, fromRevision, replyTo);
        _watches.Add(watch, opened);
        if (IsCut || Random.Chance(Present.RequestLostChance)) opened.FallSilent();
        else Leave(Way(), opened.Pump);
    }

    public void StopWatch(long watch)
    {
        if (_watches.Remove(watch, out SimStoreWatch? stopped)) stopped.Stop();
    }

    /// <summary>The connection is dead, and nothing says so; whoever has not heard for too long gives it up.</summary>
    internal void LinkIsCut()
    {
        foreach (SimStoreWatch watch in _watches.Values) watch.WaitForLife();
    }

    /// <summary>A member without a leader ends the watches of its clients, sooner or later.</summary>
    internal void NoLeader(KernelRandom random)
    {
        foreach (SimStoreWatch watch in _watches.Values)
        {
            if (!random.Chance(0.7)) continue;
            store.Sim.Schedule(random.NextTimeSpan(TimeSpan.FromSeconds(5)), () => watch.Break("no leader"));
        }
    }

    internal void Forget(SimStoreWatch watch)
    {
        if (_watches.GetValueOrDefault(watch.Number) == watch) _watches.Remove(watch.Number);
    }

    /// <summary>Something of a watch comes in, behind what came before.</summary>
    internal void Deliver(TimeSpan way, Action act) => Reach(way, act);

    /// <summary>The way of one message.</summary>
    internal TimeSpan Way()
    {
        StoreFaults faults = Present;
        if (!Random.Chance(faults.SlowChance)) return Random.NextTimeSpan(faults.Way);
        store.Log.Count("store.slow", Node.Name);
        return Random.NextTimeSpan(2 * Deadline);
    }

    internal void Saw(long revision) => _seen = Math.Max(_seen, revision);

    private void Ask(long request, ReplyTo replyTo, Func<object> effect, Func<object>? staleAnswer = null)
    {
        if (!TryCall()) return;
        Pending pending = new(request, replyTo);
        UnderWay++;
        Node.Schedule(Node.PausedFor + Deadline, () => Settle(pending, new StoreFailed(request, NoAnswer, IsUnknown: true)));
        StoreFaults faults = Present;
        if ((IsCut && Random.Chance(0.5)) || Random.Chance(faults.RefusedChance))
        {
            store.Log.Count("store.refused", Node.Name);
            Reach(Node.PausedFor + Way(), () => Settle(pending, new StoreFailed(request, Refused, IsUnknown: false)));
        }
        else if (IsCut || Random.Chance(faults.RequestLostChance))
        {
            store.Log.Count("store.request-lost", Node.Name);
        }
        else if (Random.Chance(faults.LateChance))
        {
            store.Log.Count("store.late-effect", Node.Name);
            Leave(Deadline + Random.NextTimeSpan(TimeSpan.FromSeconds(30)), () => store.Serve(effect, _ => { }));
        }
        else
        {
            Leave(Way(), () => Arrive(pending, effect, staleAnswer));
        }
    }

    private void Arrive(Pending pending, Func<object> effect, Func<object>? staleAnswer)
    {
        if (IsCut) return;
        store.Serve(effect, answer => Return(pending, answer), staleAnswer);
    }

    private void Return(Pending pending, object answer)
    {
        if (IsDead) return;
        if (IsCut || Random.Chance(Present.AnswerLostChance))
        {
            store.Log.Count("store.answer-lost", Node.Name);
            return;
        }

        Reach(Way(), () => Settle(pending, answer is StoreFailed failed ? failed with { Request = pending.Request } : answer));
    }

    private void Settle(Pending pending, object answer)
    {
        if (pending.IsSettled) return;
        pending.IsSettled = true;
        UnderWay--;
        pending.ReplyTo.Tell(NotBehind(answer));
    }

    /// <summary>Answers may overtake each other on their way. One that lies behind what was seen is no answer, as with an endpoint that has
    /// fallen behind.</summary>
    private object NotBehind(object answer)
    {
        if (answer is StoreRead read && read.Revision < _seen)
        {
            store.Log.Count("store.read-behind", Node.Name);
            return new StoreFailed(read.Request, Behind, IsUnknown: true);
        }

        Saw(answer switch { StoreRead r => r.Revision, StoreCommitted c => c.Revision, _ => 0 });
        return answer;
    }

    private sealed class Pending(long request, ReplyTo replyTo)
    {
        public long Request => request;

        public ReplyTo ReplyTo => replyTo;

        public bool IsSettled { get; set; }
    }
}
