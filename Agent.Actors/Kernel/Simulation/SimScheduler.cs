using System.Diagnostics;

namespace Agent.Actors.Kernel.Simulation;

/// <summary>
/// Runs all actors of all simulated nodes on the calling thread, in an order and at a virtual time that the seed determines.
/// </summary>
/// <remarks>
/// One step is one event that became due, or one mail of one actor chosen by the strategy. A node's step costs it a random piece of virtual
/// time, during which the other nodes go on. Nothing but this loop moves the time: when nobody can run, it jumps to whatever comes next.
/// <para>
/// Randomness comes in separate streams: the schedule, the faults, one per node, one per <see cref="Buggify"/> site. So an additional fault
/// or site does not shift what the others draw. Everything that happens goes into a rolling hash, the <see cref="Unseed"/>; a seed that
/// yields two unseeds means that something escaped the simulation (threads, the machine's clock, hash order).
/// </para>
/// Not thread-safe; what runs in it must not use other threads.
/// </remarks>
public sealed class SimScheduler : IDeliveryProbe
{
    // A site on the way of every message must not fire at every fourth of them.
    private const double BreakShare = 0.05;

    [ThreadStatic]
    private static SimScheduler? _current;

    private readonly PriorityQueue<SimEvent, (long Due, ulong Tie, long Sequence)> _events = new();
    private readonly List<SimNode> _nodes = [];
    private readonly List<OneWordMailbox> _candidates = [];
    private readonly List<(string Name, Action Check)> _invariants = [];
    private readonly Dictionary<string, SiteState> _sites = new(StringComparer.Ordinal);
    private readonly KernelRandom _schedule;
    private readonly SimStrategy _strategy;
    private readonly KernelRandom _breaking;
    private readonly SimTrace _trace = new();
    private long _now;
    private long _sequence;
    private Exception? _failure;

    /// <summary>A simulation that the seed and the options determine.</summary>
    public SimScheduler(ulong seed, SimOptions? options = null)
    {
        Seed = seed;
        Options = options ?? new SimOptions();
        KernelRandom root = new(seed);
        _schedule = root.Fork();
        Faults = root.Fork();
        _strategy = SimStrategy.Create(Options.Strategy, root.Fork());
        _breaking = root.Fork();
    }

    /// <summary>What determines the run, together with <see cref="Options"/>.</summary>
    public ulong Seed { get; }

    /// <summary>How the run is driven.</summary>
    public SimOptions Options { get; }

    /// <summary>Virtual time since the start; nodes see it through their own clocks.</summary>
    public TimeSpan Now => TimeSpan.FromTicks(_now);

    /// <summary>Steps so far.</summary>
    public long Steps { get; private set; }

    /// <summary>The stream for the test's own faults: lost packets, crashes, delays.</summary>
    public KernelRandom Faults { get; }

    /// <summary>The hash of everything that happened. The same seed must give the same value.</summary>
    public ulong Unseed => _trace.Hash;

    /// <summary>The nodes, in order of creation.</summary>
    public IReadOnlyList<SimNode> Nodes => _nodes;

    /// <summary>
    /// The chance that an actor throws, for no reason of its own, before or after it handles a message: a defect that nobody foresaw. May
    /// be changed while the simulation runs.
    /// </summary>
    public double ActorBreakChance { get; set; }

    /// <summary>Whether <see cref="Buggify"/> sites may still fire; ends the faults of a run that is to come to rest.</summary>
    public bool AreFaultsOver { get; set; }

    /// <summary>Failures of actors that no supervisor may repair, because they are the test's own: its assertions, made within an
    /// actor.</summary>
    public Predicate<Exception>? EndsRun { get; set; }

    /// <summary>The simulation whose step runs on this thread.</summary>
    internal static SimScheduler? Current => _current;

    /// <summary>Adds a node: a process with its own clock, randomness and actor systems.</summary>
    public SimNode CreateNode(string name, SimClockOptions? clock = null)
    {
        SimNode node = new(this, name, _nodes.Count, clock ?? new SimClockOptions());
        _nodes.Add(node);
        return node;
    }

    /// <summary>Runs an action of the world outside the nodes (network, servers, disks) after a delay of virtual time; same instant: in
    /// order of scheduling.</summary>
    /// <returns>Dispose it to call the event off.</returns>
    public IDisposable Schedule(TimeSpan delay, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        return Enqueue(delay, new SimEvent(action, owner: null), tie: 0);
    }

    /// <summary>Says what happens in the world outside the nodes, such as a fault: a line of the trace, and part of the
    /// <see cref="Unseed"/>.</summary>
    public void Note(string what)
    {
        ArgumentNullException.ThrowIfNull(what);
        _trace.Add(Steps, _now, what);
    }

    /// <summary>Adds a check that runs after every step; it fails the run by throwing.</summary>
    public void AddInvariant(string name, Action check)
    {
        ArgumentNullException.ThrowIfNull(check);
        _invariants.Add((name, check));
    }

    /// <summary>Does what can be done without waiting: events due now, and actors with mail, including the time their turns cost.</summary>
    public void RunReady()
    {
        while (HasRunnable || NextEventDue() <= _now)
        {
            // Only the end of a node's current turn or pause may be waited for here, never an event.
            if (!Step(HasRunnable ? TimeSpan.MaxValue : Now)) return;
        }
    }

    /// <summary>Runs for this much virtual time, and ends exactly then.</summary>
    public void RunFor(TimeSpan duration)
    {
        TimeSpan end = Now + duration;
        while (Step(end))
        {
        }
        _now = end.Ticks;
    }

    /// <summary>Runs until the condition holds.</summary>
    /// <returns>False if it did not hold within <paramref name="limit"/> of virtual time.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        TimeSpan end = Now + limit;
        while (!condition())
        {
            if (!Step(end)) return condition();
        }
        return true;
    }

    /// <summary>Runs until there is neither mail nor event.</summary>
    /// <returns>False if <paramref name="limit"/> of virtual time passed before, as with any periodic timer.</returns>
    public bool RunUntilIdle(TimeSpan limit)
    {
        TimeSpan end = Now + limit;
        while (Step(end))
        {
        }
        return !HasRunnable && NextEventDue() == long.MaxValue;
    }

    /// <summary>Does one thing, moving the time on to it if need be.</summary>
    /// <returns>False when there is nothing to do up to and including <paramref name="limit"/>.</returns>
    /// <exception cref="SimulationException">The step, an invariant or an actor failed the run.</exception>
    public bool Step(TimeSpan limit)
    {
        SimScheduler? outer = _current;
        _current = this;
        try
        {
            return DoStep(limit.Ticks);
        }
        catch (Exception cause) when (cause is not SimulationException)
        {
            throw new SimulationException(this, _trace, cause);
        }
        finally
        {
            _current = outer;
        }
    }

    internal IDisposable Enqueue(TimeSpan delay, SimEvent scheduled, ulong tie)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        long due = delay.Ticks > long.MaxValue - _now ? long.MaxValue - 1 : _now + delay.Ticks;
        _events.Enqueue(scheduled, (due, tie, _sequence++));
        return scheduled;
    }

    /// <summary>The order of timers that are due at the same instant is nobody's promise.</summary>
    internal ulong DrawTie() => Options.Strategy == SimStrategyKind.Fifo ? 1 : 1 + (_schedule.NextUInt64() >> 1);

    internal long NextSequence() => ++_sequence;

    internal bool FiresAt(string site)
    {
        if (!Options.Buggify || AreFaultsOver) return false;
        if (!_sites.TryGetValue(site, out SiteState? state)) _sites.Add(site, state = new SiteState(Seed, site));
        return state.Fires();
    }

    internal bool BreaksAt(string site) => FiresAt(site) && ActorBreakChance > 0 && _breaking.Chance(BreakShare);

    void IDeliveryProbe.OnMessage(ActorCell cell, object message)
    {
        _trace.Add(Steps, _now, NodeOf(cell), cell, message);
        if (cell.IsTerminated) _failure ??= new UnreachableException($"{cell.Path} has terminated and was given {message}");
    }

    void IDeliveryProbe.AroundMessage(ActorCell cell)
    {
        double chance = NodeOf(cell).ActorBreakChance ?? ActorBreakChance;
        if (chance > 0 && _breaking.Chance(chance))
            throw new SimulatedFaultException($"{cell.Path} breaks because the simulation wants it");
    }

    void IDeliveryProbe.OnSystemMail(ActorCell cell, SystemMail mail) => _trace.Add(Steps, _now, NodeOf(cell), cell, mail);

    void IDeliveryProbe.OnFailure(ActorCell cell, Exception cause)
    {
        if (EndsRun is { } endsRun && (endsRun(cause) || (cause.InnerException is { } inner && endsRun(inner)))) _failure ??= cause;
    }

    void IDeliveryProbe.OnFatalError(FatalError error) =>
        _failure ??= new UnreachableException($"fatal error at {error.Actor.Path}", error.Cause);

    private static SimNode NodeOf(ActorCell cell) => (SimNode)cell.System.Runtime;

    private bool HasRunnable
    {
        get
        {
            foreach (SimNode node in _nodes)
            {
                if (node.HasRunnable) return true;
            }
            return false;
        }
    }

    private bool DoStep(long limit)
    {
        while (true)
        {
            if (NextEventDue() <= _now)
            {
                CountStep();
                _events.Dequeue().Run();
                break;
            }
            CollectCandidates();
            if (_candidates.Count > 0)
            {
                CountStep();
                RunOne();
                break;
            }
            long next = NextEventDue();
            foreach (SimNode node in _nodes)
            {
                if (node.HasRunnable) next = Math.Min(next, node.BlockedUntil);
            }
            if (next > limit || next == long.MaxValue) return false;
            _now = next;
        }
        foreach ((string name, Action check) in _invariants) Check(name, check);
        if (_failure is { } failure)
        {
            _failure = null;
            throw new SimulationException(this, _trace, failure);
        }
        return true;
    }

    private void CountStep()
    {
        if (++Steps > Options.StepsMax)
            throw new InvalidOperationException($"more than {Options.StepsMax} steps; a message goes round for ever?");
    }

    private void Check(string name, Action check)
    {
        try
        {
            check();
        }
        catch (Exception cause)
        {
            throw new SimulationException(
                this, _trace, new InvalidOperationException($"invariant '{name}' is broken: {cause.Message}", cause));
        }
    }

    private void CollectCandidates()
    {
        _candidates.Clear();
        foreach (SimNode node in _nodes)
        {
            if (node.BlockedUntil <= _now) node.AddCandidates(_candidates);
        }
    }

    private void RunOne()
    {
        OneWordMailbox chosen = _candidates[_strategy.Choose(_candidates)];
        SimNode node = NodeOf((ActorCell)chosen);
        long cost = Options.StepCostMax > TimeSpan.Zero ? 1 + (long)(_schedule.NextDouble() * Options.StepCostMax.Ticks) : 0;
        node.Run(chosen, _now + cost);
    }

    private long NextEventDue()
    {
        while (_events.TryPeek(out SimEvent? scheduled, out (long Due, ulong Tie, long Sequence) key))
        {
            if (!scheduled.IsVoid) return key.Due;
            _events.Dequeue();
        }
        return long.MaxValue;
    }

    /// <summary>One <see cref="Buggify"/> site: live in a quarter of the runs, and then firing in a quarter of the hits.</summary>
    private sealed class SiteState
    {
        private const double LiveChance = 0.25;
        private const double FireChance = 0.25;

        private readonly KernelRandom _random;
        private readonly bool _isLive;

        internal SiteState(ulong seed, string site)
        {
            _random = new KernelRandom(seed ^ SimTrace.StableHash(site));
            _isLive = _random.Chance(LiveChance);
        }

        internal bool Fires() => _isLive && _random.Chance(FireChance);
    }
}
