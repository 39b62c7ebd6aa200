namespace Agent.Actors.Kernel.Simulation;

/// <summary>How a node's clock differs from the true time of the simulation.</summary>
public sealed record SimClockOptions
{
    /// <summary>Where the civil time of all simulations begins: 2026-01-01.</summary>
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Error of the civil time at the start.</summary>
    public TimeSpan UtcOffset { get; init; }

    /// <summary>Rate error of both clocks in parts per million; 100 is a poor quartz.</summary>
    public double DriftPpm { get; init; }
}

/// <summary>A node's clock: the one virtual instant, seen through an offset and a drift. It cannot be moved, except its civil time; its
/// monotonic part stands still while the machine is suspended.</summary>
public sealed class SimClock : KernelClock
{
    private readonly SimScheduler _scheduler;
    private readonly SimNode _node;
    private readonly double _rate;
    private TimeSpan _utcOffset;
    private TimeSpan _stillUntil;

    internal SimClock(SimScheduler scheduler, SimNode node, SimClockOptions options)
    {
        _scheduler = scheduler;
        _node = node;
        _rate = 1 + (options.DriftPpm * 1e-6);
        _utcOffset = options.UtcOffset;
    }

    /// <inheritdoc/>
    public override TimeSpan Monotonic => AtRate(_scheduler.Now - StoodStillSoFar);

    /// <inheritdoc/>
    public override TimeSpan SinceBoot => AtRate(_scheduler.Now);

    /// <summary>How long the machine has been suspended in all, to the end of a suspension under way; in true time.</summary>
    internal TimeSpan StoodStill { get; private set; }

    /// <summary>The same without what a suspension under way has still to last.</summary>
    internal TimeSpan StoodStillSoFar
    {
        get
        {
            TimeSpan left = _stillUntil - _scheduler.Now;
            return left > TimeSpan.Zero ? StoodStill - left : StoodStill;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => SimClockOptions.Epoch + SinceBoot + _utcOffset;

    /// <summary>Sets the civil time forward or back, as an operator or a time server does.</summary>
    public void StepUtc(TimeSpan by) => _utcOffset += by;

    /// <summary>A timer for code that knows only <see cref="TimeProvider"/>. The callback runs as an event of the simulation, never within
    /// the caller.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SimTimer(this, callback, state, dueTime, period);

    internal void StandStill(TimeSpan duration)
    {
        TimeSpan now = _scheduler.Now;
        if (now >= _stillUntil) _stillUntil = now;
        TimeSpan until = now + duration;
        if (until <= _stillUntil) return;
        StoodStill += until - _stillUntil;
        _stillUntil = until;
    }

    /// <summary>Ends a suspension before its time.</summary>
    internal void Wake()
    {
        TimeSpan now = _scheduler.Now;
        if (now >= _stillUntil) return;
        StoodStill -= _stillUntil - now;
        _stillUntil = now;
    }

    private TimeSpan AtRate(TimeSpan time) => _rate.Equals(1) ? time : time * _rate;

    /// <summary>How long a delay of this clock takes in true time, rounded up: a timer is never early.</summary>
    internal TimeSpan ToGlobal(TimeSpan local) => _rate.Equals(1) ? local : TimeSpan.FromTicks((long)Math.Ceiling(local.Ticks / _rate));

    private sealed class SimTimer : ITimer
    {
        private readonly SimClock _clock;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private TimeSpan _period;
        private IDisposable? _pending;

        internal SimTimer(SimClock clock, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _clock = clock;
            _callback = callback;
            _state = state;
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _pending?.Dispose();
            _pending = null;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan) Arm(dueTime);
            return true;
        }

        public void Dispose()
        {
            _pending?.Dispose();
            _pending = null;
            _period = Timeout.InfiniteTimeSpan;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan delay) => _pending = _clock._node.ScheduleTimer(_clock.ToGlobal(delay), Fire);

        private void Fire()
        {
            _pending = null;
            if (_period > TimeSpan.Zero) Arm(_period);
            _callback(_state);
        }
    }
}
