namespace Agent.Actors.Kernel.Simulation;

/// <summary>Something that happens at an instant, unless it was called off or the node it belongs to has crashed.</summary>
internal class SimEvent(Action? action, SimLife? owner) : IDisposable
{
    private bool _isCalledOff;

    internal virtual bool IsVoid => _isCalledOff || owner is { IsOver: true };

    public void Dispose() => _isCalledOff = true;

    internal virtual void Run() => action?.Invoke();
}

/// <summary>
/// Something that a node itself does at an instant: not before the end of a pause that it falls into, and, for a timer, later by as long as
/// the node's monotonic clock stood still meanwhile.
/// </summary>
internal sealed class NodeEvent(Action action, SimNode node, SimLife owner, bool isTimer) : SimEvent(action, owner)
{
    private TimeSpan _stoodStill = node.SimClock.StoodStillSoFar;

    internal override void Run()
    {
        TimeSpan late = isTimer ? node.SimClock.StoodStill - _stoodStill : TimeSpan.Zero;
        _stoodStill = node.SimClock.StoodStill;
        TimeSpan wait = late > node.PausedFor ? late : node.PausedFor;
        if (wait > TimeSpan.Zero) node.Scheduler.Enqueue(wait, this, tie: 0);
        else base.Run();
    }
}

/// <summary>A kernel timer that becomes due. A node that was cancelled or started again meanwhile carries another number.</summary>
internal sealed class TimerEvent(TimerNode timer, long number, SimNode node, SimLife owner) : SimEvent(action: null, owner)
{
    private TimeSpan _stoodStill = node.SimClock.StoodStillSoFar;

    internal override bool IsVoid => timer.Due != number || base.IsVoid;

    internal override void Run()
    {
        TimeSpan late = node.SimClock.StoodStill - _stoodStill;
        if (late > TimeSpan.Zero)
        {
            _stoodStill += late;
            node.Scheduler.Enqueue(late, this, tie: 0);
            return;
        }
        timer.Due = 0;
        timer.Fire();
    }
}

/// <summary>One life of a node, from start to crash. Cells, timers and events of a life that is over are never run again.</summary>
internal sealed class SimLife
{
    internal bool IsOver { get; set; }
}
