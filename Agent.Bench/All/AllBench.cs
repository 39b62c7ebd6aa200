using System.Globalization;
using Agent.Bench.Measure;

namespace Agent.Bench.All;

/// <summary>Every scenario after the other; what each found goes into the history, and the newest of each onto the page.</summary>
internal static class AllBench
{
    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        IReadOnlyList<Scenario> scenarios = Chosen(options.Text("only"));
        string folder = Machine.SourceFolder() ?? Environment.CurrentDirectory;
        string history = options.Text("history") ?? Path.Combine(folder, "docs", "performance", "history.jsonl");
        string page = options.Text("page") ?? Path.Combine(folder, "docs", "performance.md");
        int scale = options.Number("scale", 100);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(history))!);
        string commit = await Machine.CommitAsync(folder);
        BenchReport report = new(string.Create(CultureInfo.InvariantCulture, $"{scenarios.Count} scenarios, one after the other"));
        foreach (Scenario scenario in scenarios)
        {
            await Console.Error.WriteLineAsync($"{scenario.Name} {string.Join(' ', scenario.Arguments)}");
            ScenarioRun run = await ScenarioRun.OfAsync(scenario, commit, scenario.Budget * scale / 100);
            await File.AppendAllTextAsync(history, run.ToJson() + "\n");
            await PerformancePage.WriteAsync(page, history);
            Tell(report, run);
        }

        return report;
    }

    private static void Tell(BenchReport report, ScenarioRun run)
    {
        report.Of(run.Scenario, "until its end", "s").Add(run.Seconds);
        foreach (Ratio ratio in run.Figures?.Ratios ?? []) report.AddRatio($"{run.Scenario}: {ratio.Name}", ratio.Value, ratio.Aim);
        if (run.Problem is null) return;
        report.HasFailed = true;
        report.AddNote($"{run.Scenario} failed: {run.Problem}");
    }

    private static IReadOnlyList<Scenario> Chosen(string? only)
    {
        if (only is null) return Scenario.All;
        string[] names = only.Split(',');
        return names.FirstOrDefault(name => Scenario.All.All(scenario => scenario.Name != name)) is { } unknown
            ? throw new FormatException($"--only {unknown}: expected some of {string.Join(',', Scenario.All.Select(one => one.Name))}")
            : [.. Scenario.All.Where(scenario => names.Contains(scenario.Name))];
    }
}
