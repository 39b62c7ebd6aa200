namespace Agent.Host.Telemetry;

/// <summary>
/// Watches from a thread of its own how long work waits for the thread pool, on which all actors take their turns. A pool that does not get
/// to anything (threads that block, a machine without time for us) is logged when it begins and when it ends, and counted.
/// </summary>
internal sealed partial class RuntimeWatchdog : IDisposable
{
    /// <summary>Work that has waited so long makes the runtime count as stuck.</summary>
    public static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Action<Action> _pool;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ManualResetEventSlim _end = new();
    private Thread? _thread;
    private long _asked;
    private long _delay;
    private int _waits;
    private volatile bool _isStuck;

    /// <param name="pool">Puts work where actors take their turns.</param>
    /// <param name="clock">For the delays.</param>
    /// <param name="logger">Hears of the pool being stuck.</param>
    public RuntimeWatchdog(Action<Action> pool, TimeProvider clock, ILogger<RuntimeWatchdog> logger)
    {
        _pool = pool;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>True while work waits too long.</summary>
    public bool IsStuck => _isStuck;

    /// <summary>How long the last piece of work waited, or the present one waits already.</summary>
    public TimeSpan Delay => Volatile.Read(ref _waits) != 0
        ? _clock.GetElapsedTime(Volatile.Read(ref _asked))
        : TimeSpan.FromTicks(Volatile.Read(ref _delay));

    /// <summary>Watches the thread pool of this process until it is disposed.</summary>
    public static RuntimeWatchdog Start(TimeProvider clock, ILogger<RuntimeWatchdog> logger)
    {
        var watchdog = new RuntimeWatchdog(
            static work => ThreadPool.UnsafeQueueUserWorkItem(static w => w(), work, preferLocal: false), clock, logger);
        watchdog._thread = new Thread(watchdog.Run) { IsBackground = true, Name = "watchdog" };
        watchdog._thread.Start();
        return watchdog;
    }

    public void Dispose()
    {
        _end.Set();
        _thread?.Join();
        _end.Dispose();
    }

    /// <summary>One look: asks for a turn unless one is waited for already, and judges the wait.</summary>
    internal void Look()
    {
        if (Volatile.Read(ref _waits) == 0)
        {
            if (_isStuck)
            {
                _isStuck = false;
                LogAgain(_logger, Delay);
            }

            Volatile.Write(ref _asked, _clock.GetTimestamp());
            Volatile.Write(ref _waits, 1);
            _pool(Answered);
        }
        else if (!_isStuck && Delay >= StuckAfter)
        {
            _isStuck = true;
            RuntimeMetrics.Stalls.Add(1);
            LogStuck(_logger, Delay, ThreadPool.PendingWorkItemCount, ThreadPool.ThreadCount);
        }
    }

    private void Answered()
    {
        TimeSpan waited = _clock.GetElapsedTime(Volatile.Read(ref _asked));
        RuntimeMetrics.PoolDelay.Record(waited.TotalSeconds);
        Volatile.Write(ref _delay, waited.Ticks);
        Volatile.Write(ref _waits, 0);
    }

    private void Run()
    {
        do
        {
            Look();
        }
        while (!_end.Wait(Interval));
    }

    [LoggerMessage(
        EventId = 500,
        EventName = "runtime-stuck",
        Level = LogLevel.Error,
        Message = "work waits for the thread pool for {Delay} already; {Pending} pieces wait, {Threads} threads")]
    private static partial void LogStuck(ILogger logger, TimeSpan delay, long pending, int threads);

    [LoggerMessage(
        EventId = 501, EventName = "runtime-again", Level = LogLevel.Warning, Message = "the thread pool works again, after {Delay}")]
    private static partial void LogAgain(ILogger logger, TimeSpan delay);
}
