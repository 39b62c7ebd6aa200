namespace Agent.Actors.Kernel;

/// <summary>One thread and one timing wheel of 10 ms ticks for all timers of a system. The thread starts with the first timer and sleeps
/// while there is none.</summary>
internal sealed class TimerThread : KernelTimers
{
    internal static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly object _gate = new();
    private readonly TimingWheel _wheel = new();
    private readonly KernelClock _clock;
    private readonly TimeSpan _start;
    private Thread? _thread;
    private bool _isClosed;

    internal TimerThread(KernelClock clock)
    {
        _clock = clock;
        _start = clock.Monotonic;
    }

    internal override void Start(TimerNode node, TimeSpan delay)
    {
        // Rounded up, because a timer may be late but never early.
        long due = (_clock.Monotonic - _start + delay).Ticks / Tick.Ticks + 1;
        lock (_gate)
        {
            if (_isClosed) return;
            int? before = _wheel.TicksToNext();
            // An empty wheel has not followed the time.
            if (before is null) _wheel.AdvanceTo(NowTick(), []);
            _wheel.Add(node, due);
            if (_thread is null)
            {
                _thread = new Thread(Loop) { IsBackground = true, Name = "actor timers" };
                _thread.Start();
            }
            else if (before is null || _wheel.TicksToNext() < before)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    internal override void Cancel(TimerNode node)
    {
        lock (_gate) _wheel.Remove(node);
    }

    internal override void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.Pulse(_gate);
        }
    }

    private long NowTick() => (_clock.Monotonic - _start).Ticks / Tick.Ticks;

    private void Loop()
    {
        List<TimerNode> due = [];
        while (WaitForDue(due))
        {
            // Outside the lock: firing posts mail, and a started turn may start timers.
            foreach (TimerNode node in due) node.Fire();
            due.Clear();
        }
    }

    private bool WaitForDue(List<TimerNode> due)
    {
        lock (_gate)
        {
            while (!_isClosed)
            {
                _wheel.AdvanceTo(NowTick(), due);
                if (due.Count > 0) return true;
                if (_wheel.TicksToNext() is { } ticks) Monitor.Wait(_gate, UntilTick(_wheel.Now + ticks));
                else Monitor.Wait(_gate);
            }
            return false;
        }
    }

    private TimeSpan UntilTick(long tick)
    {
        TimeSpan wait = _start + (Tick * tick) - _clock.Monotonic;
        return wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1);
    }
}
