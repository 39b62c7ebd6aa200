namespace Agent.Actors.Kernel;

/// <summary>One thread and one timing wheel of 1 ms ticks for all timers of a system. The thread starts with the first timer and sleeps
/// while there is none.</summary>
/// <remarks>Only a short timer is as exact as the tick. The others end at whole hundredths of a second, many of them with one wake-up: so
/// much later does not matter to them, and the more of them there are the more it saves.</remarks>
internal sealed class TimerThread : KernelTimers
{
    internal static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private const int TicksTogether = 10;
    private const long Awake = long.MinValue;

    private static readonly TimeSpan ExactBelow = TimeSpan.FromMilliseconds(20);

    private readonly object _gate = new();
    private readonly TimingWheel _wheel = new();
    private readonly KernelClock _clock;
    private readonly TimeSpan _start;
    private Thread? _thread;
    private bool _isClosed;

    // The tick until which the thread sleeps.
    private long _wakesAt = Awake;

    internal TimerThread(KernelClock clock)
    {
        _clock = clock;
        _start = clock.Monotonic;
    }

    /// <summary>The tick in which a timer that is started now becomes due.</summary>
    /// <param name="passed">Time since the wheel began.</param>
    /// <param name="delay">How long the timer is to last.</param>
    internal static long DueTick(TimeSpan passed, TimeSpan delay)
    {
        // Rounded up, because a timer may be late but never early.
        long due = ((passed + delay).Ticks / Tick.Ticks) + 1;
        return delay < ExactBelow ? due : (due + TicksTogether - 1) / TicksTogether * TicksTogether;
    }

    internal override void Start(TimerNode node, TimeSpan delay)
    {
        TimeSpan passed = _clock.Monotonic - _start;
        long due = DueTick(passed, delay);
        lock (_gate)
        {
            if (_isClosed) return;
            // An empty wheel has not followed the time.
            if (_wheel.Count == 0) _wheel.AdvanceTo(passed.Ticks / Tick.Ticks, []);
            _wheel.Add(node, due);
            if (_thread is null)
            {
                _thread = new Thread(Loop) { IsBackground = true, Name = "actor timers" };
                _thread.Start();
            }
            else if (due < _wakesAt)
            {
                // Once is enough: it looks at all there is when it wakes.
                _wakesAt = Awake;
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
                _wheel.AdvanceTo((_clock.Monotonic - _start).Ticks / Tick.Ticks, due);
                if (due.Count > 0) return true;
                if (_wheel.TicksToNext() is { } ticks)
                {
                    _wakesAt = _wheel.Now + ticks;
                    Monitor.Wait(_gate, MillisecondsUntil(_wakesAt));
                }
                else
                {
                    _wakesAt = long.MaxValue;
                    Monitor.Wait(_gate);
                }

                _wakesAt = Awake;
            }

            return false;
        }
    }

    /// <summary>Rounded up: to wake too early would only mean to sleep once more.</summary>
    private int MillisecondsUntil(long tick)
    {
        TimeSpan wait = _start + (Tick * tick) - _clock.Monotonic;
        return Math.Max(1, (int)Math.Ceiling(wait.TotalMilliseconds));
    }
}
