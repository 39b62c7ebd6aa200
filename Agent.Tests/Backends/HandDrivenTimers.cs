namespace Agent.Tests.Backends;

/// <summary>The machine's clock with timers that only a test fires.</summary>
internal sealed class HandDrivenTimers : TimeProvider
{
    private readonly List<HandDrivenTimer> _timers = [];

    public int Armed
    {
        get
        {
            lock (_timers) return _timers.Count(timer => timer.Due >= TimeSpan.Zero);
        }
    }

    public TimeSpan LongestDue => _timers.Max(timer => timer.Due);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        HandDrivenTimer timer = new(() => callback(state)) { Due = dueTime };
        lock (_timers) _timers.Add(timer);
        return timer;
    }

    public void FireAll()
    {
        HandDrivenTimer[] armed;
        lock (_timers) armed = [.. _timers.Where(timer => timer.Due >= TimeSpan.Zero)];
        foreach (HandDrivenTimer timer in armed)
            timer.Fire();
    }

    private sealed class HandDrivenTimer(Action fire) : ITimer
    {
        public TimeSpan Due { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime;
            return true;
        }

        public void Dispose() => Due = Timeout.InfiniteTimeSpan;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
