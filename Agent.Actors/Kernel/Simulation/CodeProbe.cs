using System.Collections.Immutable;

namespace Agent.Actors.Kernel.Simulation;

/// <summary>Counts how often rare paths ran under simulation, so that a path that the seeds never reach is found. Costs nothing
/// elsewhere.</summary>
public static class CodeProbe
{
    private static ImmutableSortedDictionary<string, long> _counts = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>The probes reached so far in this process, by name.</summary>
    public static IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>Notes that this place was passed.</summary>
    public static void Reached(string name)
    {
        if (!Buggify.IsSimulationProcess) return;
        ImmutableInterlocked.Update(ref _counts, static (counts, key) => counts.SetItem(key, counts.GetValueOrDefault(key) + 1), name);
    }
}
