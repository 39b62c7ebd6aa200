namespace Agent.Actors.Kernel.Simulation;

/// <summary>Something that happens at an instant, unless it was called off or the node it belongs to has crashed.</summary>
internal class SimEvent(Action? action, SimLife? owner) : IDisposable
{
    private bool _isCalledOff;

    internal virtual bool IsVoid => _isCalledOff || owner is { IsOver: true };

    public void Dispose() => _isCalledOff = true;

    internal virtual void Run() => action?.Invoke();
}

/// <summary>A kernel timer that becomes due. A node that was cancelled or started again meanwhile carries another number.</summary>
internal sealed class TimerEvent(TimerNode timer, long number, SimLife owner) : SimEvent(action: null, owner)
{
    internal override bool IsVoid => timer.Due != number || base.IsVoid;

    internal override void Run()
    {
        timer.Due = 0;
        timer.Fire();
    }
}

/// <summary>One life of a node, from start to crash. Cells, timers and events of a life that is over are never run again.</summary>
internal sealed class SimLife
{
    internal bool IsOver { get; set; }
}
