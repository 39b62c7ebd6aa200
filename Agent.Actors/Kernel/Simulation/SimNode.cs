namespace Agent.Actors.Kernel.Simulation;

/// <summary>A simulated process: what its actor systems run on. It can be paused, and it can crash and start again.</summary>
public sealed class SimNode : ActorRuntime
{
    private readonly SimScheduler _scheduler;
    private readonly SimClock _clock;
    private readonly KernelRandom _random;
    private readonly List<OneWordMailbox> _runnable = [];
    private SimLife _life = new();
    private SimDispatcher _dispatcher;
    private OneWordMailbox? _first;

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

    /// <summary>Runs an action that belongs to this node after a delay; a crash calls it off.</summary>
    public IDisposable Schedule(TimeSpan delay, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        return _scheduler.Enqueue(delay, new SimEvent(action, _life), tie: 0);
    }

    /// <summary>
    /// Freezes the process, as a long garbage collection or a stopped virtual machine does: no actor of the node runs, while its timers
    /// fall due and the world goes on. After that it first goes on with what it was about to do, before it learns of anything that came
    /// meanwhile.
    /// </summary>
    public void Pause(TimeSpan duration)
    {
        BlockedUntil = Math.Max(BlockedUntil, (_scheduler.Now + duration).Ticks);
        _first = _runnable.Count > 0 ? _runnable[0] : null;
    }

    /// <summary>Ends the process without warning: all its actor systems, timers and events are gone, no hook of an actor runs.</summary>
    public void Crash()
    {
        _life.IsOver = true;
        _runnable.Clear();
        _first = null;
    }

    /// <summary>Makes the node usable again after <see cref="Crash"/>; the test creates its systems anew over what was durable.</summary>
    public void Restart()
    {
        if (IsUp) throw new InvalidOperationException($"{Name} is up.");
        _life = new SimLife();
        _dispatcher = new SimDispatcher(this, _life);
        BlockedUntil = 0;
    }

    internal override MessageDispatcher CreatePinnedDispatcher() => _dispatcher;

    internal override KernelTimers CreateTimers() => new SimTimers(this, _life);

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
            scheduler.Enqueue(node._clock.ToGlobal(delay), new TimerEvent(timer, timer.Due, life), scheduler.DrawTie());
        }

        internal override void Cancel(TimerNode timer) => timer.Due = 0;

        internal override void Close() => _isClosed = true;
    }
}
