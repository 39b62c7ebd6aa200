namespace Agent.Host.Supervision;

/// <summary>
/// Shows again and again that the service moves, from a thread of its own: each time it puts a question through the actors and the thread
/// pool, and gives the sign only when the answer is there in time. A process whose actors or pool stand still gives none, however well its
/// timers run.
/// </summary>
internal sealed class LifeSigns : IDisposable
{
    private readonly Func<TimeSpan, Task<bool>> _ask;
    private readonly Action _sign;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _patience;
    private readonly ManualResetEventSlim _end = new();
    private readonly Thread _thread;

    /// <param name="watchdog">After this time the service manager gives up. Between two signs lie at most three quarters of it.</param>
    /// <param name="ask">Asks the service, with the time it has for the answer.</param>
    /// <param name="sign">Gives the sign.</param>
    public LifeSigns(TimeSpan watchdog, Func<TimeSpan, Task<bool>> ask, Action sign)
    {
        _ask = ask;
        _sign = sign;
        _interval = watchdog / 2;
        _patience = watchdog / 4;
        _thread = new Thread(Run) { IsBackground = true, Name = "life signs" };
    }

    public void Start() => _thread.Start();

    public void Dispose()
    {
        _end.Set();
        if (_thread.IsAlive) _thread.Join();
        _end.Dispose();
    }

    /// <summary>One question; true when it was answered in time and the sign was given.</summary>
    internal bool Look()
    {
        // The wait is this thread's own: an answer that nobody can carry here, because the pool stands still, is no answer.
        Task<bool> answer = _ask(_patience);
        try
        {
            if (!answer.Wait(_patience) || !answer.Result) return false;
        }
        catch (AggregateException)
        {
            return false;
        }

        _sign();
        return true;
    }

    private void Run()
    {
        do
        {
            Look();
        }
        while (!_end.Wait(_interval));
    }
}
