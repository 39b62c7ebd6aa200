using System.Diagnostics;
using System.Globalization;
using Agent.Bench.Measure;

namespace Agent.Bench.Chaos;

/// <summary>Rounds of faults on real programs, as many as asked for, each with its seed and its verdict.</summary>
internal static class ChaosBench
{
    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int first = options.Number("seed", 1);
        int rounds = options.Number("rounds", 10);
        TimeSpan limit = options.Text("minutes") is null ? TimeSpan.MaxValue : TimeSpan.FromMinutes(options.Number("minutes", 1));
        string? record = options.Text("record");
        long started = Stopwatch.GetTimestamp();
        BenchReport report = new("chaos: a farm of real programs under faults");
        Dictionary<FaultKind, (int Faults, int Rounds, int Failed)> kinds = [];
        IEnumerable<int> seeds = Enumerable.Range(first, rounds).TakeWhile(_ => Stopwatch.GetElapsedTime(started) < limit);
        try
        {
            await foreach (ChaosRoundResult result in ChaosRound.RunAsync(seeds, onFailure: KeepAsync))
            {
                Print(result);
                if (record is not null) await File.AppendAllTextAsync(record, result.ToJson(DateTimeOffset.UtcNow) + "\n");
                Count(report, kinds, result);
            }
        }
        catch (InvalidOperationException failure)
        {
            Console.WriteLine(failure.Message);
            report.HasFailed = true;
        }

        foreach ((FaultKind kind, (int faults, int inRounds, int failed)) in kinds.OrderBy(entry => entry.Key))
        {
            report.AddNote(string.Create(
                CultureInfo.InvariantCulture, $"{kind}: {faults} faults in {inRounds} rounds, of which {failed} failed"));
        }

        return report;

        // What everybody wrote in a round that failed or was slow lies beside the record.
        Task KeepAsync(int seed, string output) => record is null
            ? Task.CompletedTask
            : File.WriteAllTextAsync($"{record}.{seed.ToString(CultureInfo.InvariantCulture)}.log", output);
    }

    private static void Count(
        BenchReport report, Dictionary<FaultKind, (int Faults, int Rounds, int Failed)> kinds, ChaosRoundResult result)
    {
        int failed = result.Problems.Count > 0 ? 1 : 0;
        foreach (IGrouping<FaultKind, Fault> kind in result.Schedule.GroupBy(fault => fault.Kind))
        {
            (int faults, int rounds, int bad) = kinds.GetValueOrDefault(kind.Key);
            kinds[kind.Key] = (faults + kind.Count(), rounds + 1, bad + failed);
        }

        report.HasFailed |= failed > 0;
        report.Of("rounds", "failed", "of 1").Add(failed);
        report.Of("rounds", "faults", "each").Add(result.Schedule.Count);
        report.Of("rounds", "requests", "each").Add(result.Answers.Values.Sum());
        report.Of("rounds", "longest answer of an agent in order", "s").Add(result.LongestAnswer.TotalSeconds);
        report.Of("rounds", "end of the faults until the verdict", "s").Add(result.UntilLevel.TotalSeconds);
        report.Of("rounds", "largest agent", "MiB").Add(result.ResidentOctets >> 20);
    }

    private static void Print(ChaosRoundResult result)
    {
        string verdict = result.Problems.Count == 0 ? "good" : "FAILED";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"seed {result.Seed}: {verdict}, {result.UntilLevel.TotalSeconds:0.0} s behind the faults"));
        Console.WriteLine($"  faults: {string.Join("; ", result.Schedule)}");
        IEnumerable<string> answers = result.Answers.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key} {a.Value}");
        Console.WriteLine($"  answers: {string.Join(", ", answers)}");
        foreach (string step in result.Slow) Console.WriteLine($"  slow: {step}");
        if (result.Problems.Count == 0) return;
        foreach (string problem in result.Problems) Console.WriteLine($"  problem: {problem}");
        foreach (string line in result.Log) Console.WriteLine($"  done: {line}");
        Console.WriteLine($"  again: {result.Replay}");
    }
}
