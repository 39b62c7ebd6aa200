namespace Agent.Bench.Chaos;

/// <summary>When a node was out of order: killed, standing still, unplugged, starting. Several threads.</summary>
internal sealed class BrokenTimes
{
    /// <summary>After a node is back, what was asked of it in the moment before may still be lost, and it has to find its feet.</summary>
    private static readonly TimeSpan After = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly List<(string Node, TimeSpan From, TimeSpan? Until)> _times = [];

    public void Begin(string node, TimeSpan at)
    {
        lock (_gate) _times.Add((node, at, null));
    }

    public void End(string node, TimeSpan at)
    {
        lock (_gate)
        {
            int open = _times.FindIndex(time => time.Node == node && time.Until is null);
            _times[open] = _times[open] with { Until = at };
        }
    }

    /// <summary>Whether the node was out of order at some moment of this time.</summary>
    public bool Touches(string node, TimeSpan from, TimeSpan until)
    {
        lock (_gate)
        {
            return _times.Exists(time =>
                time.Node == node && time.From <= until && (time.Until is not { } end || from <= end + After));
        }
    }
}
