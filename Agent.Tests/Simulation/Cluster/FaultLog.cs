using System.Collections.Concurrent;
using System.Globalization;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// Counts the faults that really struck, by kind. A fault that is configured and never happens tests nothing, so tests look at these
/// numbers.
/// </summary>
internal sealed class FaultLog(SimScheduler sim)
{
    private static readonly ConcurrentDictionary<string, long> AllRuns = new(StringComparer.Ordinal);

    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> Counts => _counts;

    public long Total { get; private set; }

    /// <summary>A line for each kind: how often it struck in all runs of this process.</summary>
    public static string Describe() => string.Join('\n', AllRuns.OrderBy(c => c.Key, StringComparer.Ordinal)
        .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Value,10} {c.Key}")));

    /// <summary>A fault struck. It becomes part of the trace, so that a failing run shows what led to it.</summary>
    public void Count(string kind, string? where = null)
    {
        _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        Total++;
        AllRuns.AddOrUpdate(kind, 1, static (_, count) => count + 1);
        sim.Note(where is null ? kind : $"{kind} {where}");
    }
}
