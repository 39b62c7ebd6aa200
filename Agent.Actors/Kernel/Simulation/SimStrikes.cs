namespace Agent.Actors.Kernel.Simulation;

/// <summary>Counts the steps of one kind that a node takes, and what is to happen at some of them.</summary>
internal sealed class SimStrikes
{
    private readonly PriorityQueue<Action, long> _pending = new();

    internal long Count { get; private set; }

    internal void Add(long step, Action strike)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        ArgumentNullException.ThrowIfNull(strike);
        _pending.Enqueue(strike, Count + step);
    }

    internal void Pass()
    {
        Count++;
        while (_pending.TryPeek(out Action? strike, out long step) && step <= Count)
        {
            _pending.Dequeue();
            strike();
        }
    }
}
