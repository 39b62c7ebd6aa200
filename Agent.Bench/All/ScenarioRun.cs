using System.Diagnostics;
using System.Text.Json;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.All;

/// <summary>What became of a scenario: a line of the history.</summary>
/// <param name="Problem">Why there are no figures, or what was to hold and did not; null when all is well.</param>
/// <param name="Figures">Null when the program ended without a report.</param>
public sealed record ScenarioRun(
    DateTimeOffset At,
    string Commit,
    Machine Machine,
    string Scenario,
    string Arguments,
    double Seconds,
    string? Problem,
    BenchFigures? Figures)
{
    private const int LastWordsLines = 12;

    /// <summary>Runs it as a child, which is killed with all that it started when its time is over.</summary>
    public static async Task<ScenarioRun> OfAsync(Scenario scenario, string commit, TimeSpan budget)
    {
        using TemporaryFolder folder = new("all");
        string file = folder.Combine("report.json");
        Machine machine = Machine.Now();
        DateTimeOffset at = DateTimeOffset.UtcNow;
        long start = Stopwatch.GetTimestamp();
        await using ChildProcess child = await ChildProcess.StartAsync(
            Path.Combine(AppContext.BaseDirectory, "Agent.Bench"), [scenario.Name, .. scenario.Arguments, "--json", file], folder.FullPath);
        string? problem = await ProblemOfAsync(child, budget);
        BenchFigures? figures = File.Exists(file) ? BenchFigures.FromJson(await File.ReadAllTextAsync(file)) : null;
        return new ScenarioRun(
            at,
            commit,
            machine,
            scenario.Name,
            string.Join(' ', scenario.Arguments),
            Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1),
            problem,
            figures);
    }

    /// <exception cref="JsonException">A line that no run wrote.</exception>
    public static ScenarioRun FromJson(string line) =>
        JsonSerializer.Deserialize<ScenarioRun>(line, BenchFigures.Format) ?? throw new JsonException("no run");

    /// <summary>One line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, BenchFigures.Format);

    private static async Task<string?> ProblemOfAsync(ChildProcess child, TimeSpan budget)
    {
        try
        {
            int code = await child.Exited.WaitAsync(budget);
            return code == 0 ? null : FormattableString.Invariant($"ended with {code}: {LastWords(child)}");
        }
        catch (TimeoutException)
        {
            return FormattableString.Invariant($"did not end within {budget.TotalSeconds:0} s: {LastWords(child)}");
        }
    }

    private static string LastWords(ChildProcess child) =>
        string.Join('\n', child.Output.TrimEnd().Split('\n').TakeLast(LastWordsLines)).Trim();
}
