namespace Agent.Actors.Kernel.Simulation;

/// <summary>A simulated process: what its actor systems run on. It can be paused, and it can crash and start again.</summary>
public sealed class SimNode : ActorRuntime
{
    private readonly SimScheduler _scheduler;
    private readonly SimClock _clock;
    private readonly KernelRandom _random;
    private readonly List<OneWordMailbox> _runnable = [];
    private readonly SimStrikes _turnStrikes = new();
    private readonly SimStrikes _callStrikes = new();
    private SimLife _life = new();
    private SimDispatcher _dispatcher;
    private OneWordMailbox? _first;
    private long _pausedUntil;

    internal SimNode(SimScheduler scheduler, string name, int id, SimClockOptions clock)
    {
        _scheduler = scheduler;
        Name = name;
        Id = id;
        _clock = new SimClock(scheduler, this, clock);
        // From seed and id only, so that the number of nodes does not matter to the others.
        _random = new KernelRandom(scheduler.Seed ^ (0xD1B54A32D192ED03 * (ulong)(id + 1)));
        _dispatcher = new SimDispatcher(this, _life);
    }

    /// <summary>The name, for traces.</summary>
    public string Name { get; }

    /// <summary>Its place among the nodes.</summary>
    public int Id { get; }

    /// <summary>False between <see cref="Crash"/> and <see cref="Restart"/>.</summary>
    public bool IsUp => !_life.IsOver;

    /// <summary>How often it was started: the number of its present life.</summary>
    public int Lives { get; private set; } = 1;

    /// <summary>Turns of its actors so far.</summary>
    public long Turns => _turnStrikes.Count;

    /// <summary>Calls of its ports so far, as their models told by <see cref="NotePortCall"/>.</summary>
    public long PortCalls => _callStrikes.Count;

    /// <summary>How long the present pause still lasts; zero when the node runs.</summary>
    public TimeSpan PausedFor => TimeSpan.FromTicks(Math.Max(0, _pausedUntil - _scheduler.Now.Ticks));

    /// <summary>As <see cref="SimScheduler.ActorBreakChance"/>, for the actors of this node; null for the chance of all.</summary>
    public double? ActorBreakChance { get; set; }

    /// <summary>Told at each crash, when nothing of the node runs any more: connections break, clients wait in vain.</summary>
    public event Action<SimNode>? Crashed;

    /// <summary>This node's view of the time.</summary>
    public override KernelClock Clock => _clock;

    /// <summary>The same object as <see cref="Clock"/>, with what a test can do to it.</summary>
    public SimClock SimClock => _clock;

    /// <inheritdoc/>
    public override KernelRandom Random => _random;

    internal override MessageDispatcher Dispatcher => _dispatcher;

    internal override IDeliveryProbe Probe => _scheduler;

    internal SimScheduler Scheduler => _scheduler;

    internal bool HasRunnable => _runnable.Count > 0;

    internal long BlockedUntil { get; private set; }

    /// <summary>Starts an actor system on this node.</summary>
    public ActorSystem CreateSystem(string? name = null, ActorSystemSettings? settings = null)
    {
        if (!IsUp) throw new InvalidOperationException($"{Name} is down.");
        return ActorSystem.Create(name ?? Name, (settings ?? new ActorSystemSettings()) with { Runtime = this });
    }

    /// <summary>Runs an action that belongs to this node after a delay, and not within a pause; a crash calls it off.</summary>
    public IDisposable Schedule(TimeSpan delay, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        return _scheduler.Enqueue(delay, new NodeEvent(action, this, _life, isTimer: false), tie: 0);
    }

    /// <summary>
    /// Something is to happen to the node right after its next turn number <paramref name="turn"/>, counted from now: 1 is the next.
    /// Unlike an event it meets the node between two steps of its own, wherever these are in time.
    /// </summary>
    public void AtTurn(long turn, Action strike) => _turnStrikes.Add(turn, strike);

    /// <summary>As <see cref="AtTurn"/>, in the middle of a turn: when the actor has called a port and the request has not left
    /// yet.</summary>
    public void AtPortCall(long call, Action strike) => _callStrikes.Add(call, strike);

    /// <summary>To be called by the model of a port at the head of each request.</summary>
    /// <returns>False when the node is down, perhaps by this call: nothing leaves it.</returns>
    public bool NotePortCall()
    {
        if (IsUp) _callStrikes.Pass();
        return IsUp;
    }

    /// <summary>
    /// Freezes the process, as a long garbage collection or a stopped virtual machine does: no actor of the node runs, while its timers
    /// fall due and the world goes on. After that it first goes on with what it was about to do, before it learns of anything that came
    /// meanwhile.
    /// </summary>
    public void Pause(TimeSpan duration)
    {
        _pausedUntil = Math.Max(_pausedUntil, (_scheduler.Now + duration).Ticks);
        BlockedUntil = Math.Max(BlockedUntil, _pausedUntil);
        _first = _runnable.Count > 0 ? _runnable[0] : null;
    }

    /// <summary>Suspends the machine: as <see cref="Pause"/>, and its monotonic clock and its timers stand still meanwhile; civil time and
    /// boot time go on.</summary>
    public void Suspend(TimeSpan duration)
    {
        _clock.StandStill(duration);
        Pause(duration);
    }

    /// <summary>Ends the process without warning: all its actor systems, timers and events are gone, no hook of an actor runs.</summary>
    public void Crash()
    {
        if (_life.IsOver) return;
        _life.IsOver = true;
        _runnable.Clear();
        _first = null;
        Crashed?.Invoke(this);
    }

    /// <summary>Makes the node usable again after <see cref="Crash"/>; the test creates its systems anew over what was durable.</summary>
    public void Restart()
    {
        if (IsUp) throw new InvalidOperationException($"{Name} is up.");
        _life = new SimLife();
        _dispatcher = new SimDispatcher(this, _life);
        BlockedUntil = _pausedUntil = 0;
        _clock.Wake();
        Lives++;
    }

    internal override MessageDispatcher CreatePinnedDispatcher() => _dispatcher;

    internal override KernelTimers CreateTimers() => new SimTimers(this, _life);

    internal IDisposable ScheduleTimer(TimeSpan delay, Action action) =>
        _scheduler.Enqueue(delay, new NodeEvent(action, this, _life, isTimer: true), tie: 0);

    internal void AddCandidates(List<OneWordMailbox> candidates)
    {
        if (_first is not null) candidates.Add(_first);
        else candidates.AddRange(_runnable);
    }

    internal void MakeRunnable(OneWordMailbox mailbox) => _runnable.Add(mailbox);

    internal void Run(OneWordMailbox mailbox, long busyUntil)
    {
        SimLife life = _life;
        _first = null;
        _runnable.Remove(mailbox);
        bool hasMore = mailbox.RunTurn(quantum: 1);
        // The turn itself may have paused or crashed the node.
        BlockedUntil = Math.Max(BlockedUntil, busyUntil);
        if (hasMore && !life.IsOver) _runnable.Add(mailbox);
        if (!life.IsOver) _turnStrikes.Pass();
    }

    private sealed class SimDispatcher(SimNode node, SimLife life) : MessageDispatcher
    {
        internal override void Schedule(OneWordMailbox mailbox)
        {
            if (!life.IsOver) node.MakeRunnable(mailbox);
        }
    }

    private sealed class SimTimers(SimNode node, SimLife life) : KernelTimers
    {
        private bool _isClosed;

        internal override void Start(TimerNode timer, TimeSpan delay)
        {
            if (_isClosed || life.IsOver) return;
            SimScheduler scheduler = node._scheduler;
            timer.Due = scheduler.NextSequence();
            scheduler.Enqueue(node._clock.ToGlobal(delay), new TimerEvent(timer, timer.Due, node, life), scheduler.DrawTie());
        }

        internal override void Cancel(TimerNode timer) => timer.Due = 0;

        internal override void Close() => _isClosed = true;
    }
}
