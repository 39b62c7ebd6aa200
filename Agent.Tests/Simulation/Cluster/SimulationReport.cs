using System.Globalization;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What happened in many lives together.</summary>
internal sealed class SimulationReport
{
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal);
    private long _lived;
    private long _steps;
    private long _asked;
    private long _commits;
    private TimeSpan _time;
    private TimeSpan _longest;

    public int Failed { get; private set; }

    public void Add(SimCluster cluster)
    {
        _lived++;
        _steps += cluster.Sim.Steps;
        _time += cluster.Sim.Now;
        _asked += cluster.Answers.Asked;
        _commits += cluster.Journal.State.Commits.Count;
        if (cluster.Answers.Longest > _longest) _longest = cluster.Answers.Longest;
        foreach ((string kind, long count) in cluster.Log.Counts) _faults[kind] = _faults.GetValueOrDefault(kind) + count;
    }

    public void Fail() => Failed++;

    /// <summary>The numbers, in lines.</summary>
    public string Describe()
    {
        IEnumerable<string> lines =
        [
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_lived} seeds held, {Failed} failed: {_time.TotalHours:0.0} simulated hours, {_steps} steps, {_asked} requests"
                + $" (longest answer {_longest.TotalSeconds:0.0} s), {_commits} entries of the journal"),
            $"{_faults.Values.Sum()} faults:",
            .. Lines(_faults),
            $"{CodeProbe.Counts.Count} probes:",
            .. Lines(CodeProbe.Counts),
        ];
        return string.Join('\n', lines);
    }

    private static IEnumerable<string> Lines(IEnumerable<KeyValuePair<string, long>> counts) =>
        counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Value,10} {c.Key}"));
}
