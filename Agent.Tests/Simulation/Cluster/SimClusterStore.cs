using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// The store of a cluster as a model of etcd: one state for all nodes, leases by its own clock, transactions, watches, and everything
/// that can come between it and its clients.
/// </summary>
/// <remarks>
/// What a request does happens at one instant, somewhere between asking and answer: reads and transactions are linearizable. Leases end
/// only while there is a leader, and a new leader gives each its full time again, as etcd does.
/// </remarks>
internal sealed class SimClusterStore
{
    private static readonly TimeSpan ElectionMax = TimeSpan.FromSeconds(2);

    // etcd looks for leases that are over twice a second.
    private static readonly TimeSpan ExpiryLag = TimeSpan.FromMilliseconds(500);
    private static readonly Reason NoLeader = new("store-away", "the store has no leader");

    private readonly SortedDictionary<long, Lease> _leases = [];
    private readonly List<SimStoreClient> _clients = [];
    private readonly HashSet<SimNode> _cut = [];
    private readonly List<Action> _held = [];
    private readonly HashSet<long> _runOut = [];
    private readonly KernelRandom _random;
    private readonly double _rate;
    private readonly SimChaos _chaos;
    private TimeSpan _stalledUntil;
    private TimeSpan _staleUntil;
    private long _lastLease;
    private int _away;

    /// <param name="sim">The simulation.</param>
    /// <param name="log">Counts the faults.</param>
    /// <param name="faults">What may go wrong.</param>
    /// <param name="driftPpm">Rate error of the store's clock, by which leases end.</param>
    public SimClusterStore(SimScheduler sim, FaultLog log, StoreFaults? faults = null, double driftPpm = 0)
    {
        Sim = sim;
        Log = log;
        Faults = faults ?? StoreFaults.None;
        _random = sim.Faults.Fork();
        _rate = 1 + (driftPpm * 1e-6);
        _chaos = new SimChaos(sim, _random.Fork());
        _chaos.Every(Faults.LeaderChangeEvery, ChangeLeader);
        _chaos.Every(Faults.AwayEvery, () => GoAway(Span(Faults.AwayMax)));
        _chaos.Every(Faults.NodeAwayEvery, CutSomeNode);
        _chaos.Every(Faults.MassRevokeEvery, () => StallAndRevoke(Span(TimeSpan.FromSeconds(10))));
        _chaos.Every(Faults.CompactEvery, Compact);
        State.Changed = revision => Pump(w => w.Tells(revision) || _random.Chance(0.1));
    }

    public SimScheduler Sim { get; }

    public FaultLog Log { get; }

    /// <summary>For all clients that have no faults of their own.</summary>
    public StoreFaults Faults { get; private set; }

    public StoreState State { get; } = new();

    /// <summary>Leases that stand.</summary>
    public int Leases => _leases.Count;

    /// <summary>Whether a lease has come to the end of its time; one that was revoked before has not.</summary>
    public bool HasRunOut(long lease) =>
        _runOut.Contains(lease)
        || (_leases.TryGetValue(lease, out Lease? present) && present.EndsAt <= Sim.Now && !IsAway && Sim.Now >= _stalledUntil);

    /// <summary>Nothing is decided now, for want of a quorum.</summary>
    public bool IsAway => _away > 0;

    /// <summary>A node's adapter, for its present life.</summary>
    public SimStoreClient Connect(SimNode node)
    {
        SimStoreClient client = new(this, node, _random.Fork());
        _clients.RemoveAll(c => c.IsOver);
        _clients.Add(client);
        return client;
    }

    /// <summary>All faults end: the store is there for everybody, and goes on with what it has held.</summary>
    public void Heal()
    {
        _chaos.End();
        Faults = StoreFaults.None;
        foreach (SimStoreClient client in _clients) client.OwnFaults = null;
        _stalledUntil = Sim.Now;
        if (_away > 0) Return(_away);
        foreach (SimNode node in _cut.ToArray()) Mend(node);
    }

    /// <summary>The leader is lost; after an election another gives every lease its full time.</summary>
    public void ChangeLeader()
    {
        Log.Count("store.leader-change");
        TimeSpan election = Span(ElectionMax);
        Stall(election);
        // For a moment the old leader goes on to say yes to renewals that count for nothing.
        _staleUntil = Sim.Now + Span(TimeSpan.FromSeconds(1));
        Sim.Schedule(election, Promote);
    }

    /// <summary>The quorum is lost for a while.</summary>
    public void GoAway(TimeSpan duration)
    {
        Log.Count("store.away");
        _away++;
        foreach (SimStoreClient client in _clients) client.NoLeader(_random);
        Sim.Schedule(duration, () =>
        {
            if (_away > 0) Return(1);
        });
    }

    /// <summary>A node's way to the store is cut, silently.</summary>
    public void Cut(SimNode node)
    {
        Log.Count("store.node-away", node.Name);
        _cut.Add(node);
        foreach (SimStoreClient client in _clients.Where(c => c.Node == node)) client.LinkIsCut();
    }

    public void Mend(SimNode node)
    {
        _cut.Remove(node);
        Pump(w => w.Client.Node == node);
    }

    public bool IsCut(SimNode node) => _cut.Contains(node);

    /// <summary>The store does nothing for a while, as over a slow disk, and then revokes all leases at once.</summary>
    public void StallAndRevoke(TimeSpan duration)
    {
        Log.Count("store.mass-revoke");
        Stall(duration);
        Sim.Schedule(duration, () =>
        {
            foreach (long lease in _leases.Keys.ToArray()) End(lease);
        });
    }

    /// <summary>Whatever comes waits for the end of the stall.</summary>
    public void Stall(TimeSpan duration)
    {
        TimeSpan until = Sim.Now + duration;
        if (until > _stalledUntil) _stalledUntil = until;
    }

    /// <summary>The past is forgotten: a watch that has not been told of it yet, or begins in it, ends.</summary>
    public void Compact()
    {
        Log.Count("store.compaction");
        State.Compact(State.Revision);
    }

    /// <summary>A request has arrived. It is done now, later, or never; <paramref name="answer"/> is told at most once.</summary>
    internal void Serve(Func<object> effect, Action<object> answer, Func<object>? staleAnswer = null)
    {
        if (staleAnswer is not null && Sim.Now < _staleUntil && _random.Chance(0.5))
        {
            Log.Count("store.stale-renewal");
            answer(staleAnswer());
        }
        else if (Sim.Now < _stalledUntil)
        {
            Sim.Schedule(_stalledUntil - Sim.Now, () => Serve(effect, answer));
        }
        else if (!IsAway)
        {
            answer(effect());
        }
        else
        {
            ServeWithoutQuorum(effect, answer);
        }
    }

    internal object Grant(long request, TimeSpan timeToLive)
    {
        TimeSpan granted = TimeSpan.FromSeconds(Math.Ceiling(Math.Max(timeToLive.TotalSeconds, 1)));
        long id = _lastLease += 1 + _random.Next(1000);
        Lease lease = new(id, granted);
        _leases.Add(id, lease);
        Renew(lease);
        WaitFor(lease);
        return new LeaseGranted(request, id, granted);
    }

    internal object KeepAlive(long request, long id)
    {
        if (!_leases.TryGetValue(id, out Lease? lease) || lease.EndsAt <= Sim.Now) return new LeaseKept(request, id, TimeSpan.Zero);
        Renew(lease);
        return new LeaseKept(request, id, lease.TimeToLive);
    }

    /// <summary>What a leader that is no longer one says of a lease that it remembers.</summary>
    internal object PretendToKeep(long request, long id) =>
        new LeaseKept(request, id, _leases.TryGetValue(id, out Lease? lease) ? lease.TimeToLive : TimeSpan.Zero);

    internal object Revoke(long request, long lease)
    {
        End(lease);
        return new LeaseRevoked(request, lease);
    }

    internal object Commit(long request, StoreTransaction transaction)
    {
        string[] keys = [.. transaction.Writes.Select(w => w.Key)];
        if (keys.Length > 100 || transaction.Compares.Length > 100) return Refuse(request, "too many operations in a transaction");
        if (keys.Distinct(StringComparer.Ordinal).Count() < keys.Length) return Refuse(request, "a key twice in a transaction");
        if (!State.Holds(transaction.Compares)) return new StoreCommitted(request, false, State.Revision);
        if (transaction.Writes.Any(w => w.Value is not null && w.Lease != 0 && !_leases.ContainsKey(w.Lease)))
            return Refuse(request, "requested lease not found");
        State.Write(transaction.Writes);
        return new StoreCommitted(request, true, State.Revision);
    }

    /// <summary>Schedules the watches that have something to tell.</summary>
    internal void Pump(Predicate<SimStoreWatch> which)
    {
        foreach (SimStoreClient client in _clients)
        {
            foreach (SimStoreWatch watch in client.Watches)
            {
                if (which(watch)) watch.Pump();
            }
        }
    }

    private static StoreFailed Refuse(long request, string text) => new(request, new Reason("store-refused", text), IsUnknown: false);

    /// <summary>Three things may become of it: refused before it was proposed, lost, or done when the quorum is back.</summary>
    private void ServeWithoutQuorum(Func<object> effect, Action<object> answer)
    {
        switch (_random.Next(3))
        {
            case 0:
                answer(new StoreFailed(0, NoLeader, IsUnknown: false));
                break;
            case 1:
                Log.Count("store.done-when-back");
                _held.Add(() => Serve(effect, answer));
                break;
        }
    }

    private void Return(int count)
    {
        _away -= count;
        if (_away > 0) return;
        Promote();
        Action[] held = [.. _held];
        _held.Clear();
        foreach (Action request in held) request();
        Pump(_ => true);
    }

    private void Promote()
    {
        foreach (Lease lease in _leases.Values) Renew(lease);
    }

    private void CutSomeNode()
    {
        SimNode node = Sim.Nodes[_random.Next(Sim.Nodes.Count)];
        if (!_clients.Exists(c => c.Node == node) || IsCut(node)) return;
        Cut(node);
        Sim.Schedule(Span(Faults.AwayMax), () => Mend(node));
    }

    private void Renew(Lease lease)
    {
        TimeSpan endsAt = Sim.Now + TimeSpan.FromTicks((long)(lease.TimeToLive.Ticks / _rate));
        if (endsAt > lease.EndsAt) lease.EndsAt = endsAt;
    }

    /// <summary>Looks when the lease would be over; while there is no leader, nothing ends.</summary>
    private void WaitFor(Lease lease)
    {
        TimeSpan wait = lease.EndsAt > Sim.Now ? lease.EndsAt - Sim.Now : TimeSpan.Zero;
        Sim.Schedule(wait + Span(ExpiryLag), () =>
        {
            if (!_leases.ContainsKey(lease.Id)) return;
            if (lease.EndsAt > Sim.Now || IsAway || Sim.Now < _stalledUntil) WaitFor(lease);
            else RunOut(lease.Id);
        });
    }

    private void RunOut(long lease)
    {
        _runOut.Add(lease);
        End(lease);
    }

    private void End(long lease)
    {
        if (_leases.Remove(lease)) State.DropLease(lease);
    }

    private TimeSpan Span(TimeSpan most) => _random.NextTimeSpan(most);

    private sealed class Lease(long id, TimeSpan timeToLive)
    {
        public long Id => id;

        public TimeSpan TimeToLive => timeToLive;

        public TimeSpan EndsAt { get; set; }
    }
}
