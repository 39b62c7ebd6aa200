namespace Agent.Actors.Kernel;

/// <summary>What only some actors need. Each part is made on first use; an idle actor has none of it.</summary>
internal sealed class CellExtras
{
    internal ChildTable? Children;
    internal Dictionary<ActorCell, RestartStatistics>? Restarts;
    internal List<ActorCell>? Watchers;
    internal Dictionary<IActorRef, WatchEntry>? Watching;
    internal Dictionary<object, TimerEntry>? Timers;
    internal Queue<Mail>? Stash;
    internal List<Action<object>>? Behaviours;
    internal Exception? RecreateCause;
    internal object? MessageAtFailure;
    internal TimeSpan LastMessageAt;
}

/// <summary>One watch. The entry itself is its generation: a notice that refers to an entry no longer in the table is void.</summary>
internal sealed class WatchEntry(IActorRef subject, object? message)
{
    internal readonly IActorRef Subject = subject;
    internal readonly object? Message = message;

    internal object Notice => Message ?? new Terminated(Subject);
}

/// <summary>Restarts of one child within the supervisor's window.</summary>
internal sealed class RestartStatistics
{
    private TimeSpan _windowStart;
    private int _count;

    internal bool PermitsRestart(SupervisorStrategy strategy, TimeSpan now)
    {
        if (strategy.MaxRetries < 0) return true;
        if (_count == 0 || (strategy.WithinTimeRange is { } range && now - _windowStart > range))
        {
            _windowStart = now;
            _count = 0;
        }
        return ++_count <= strategy.MaxRetries;
    }
}
