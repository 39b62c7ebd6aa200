using System.Globalization;
using System.Text;
using System.Text.Json;
using Agent.Bench.Measure;

namespace Agent.Bench.All;

/// <summary>The tables of a page of documentation that were measured and not written: all that stands between its two markers.</summary>
internal static class PerformancePage
{
    public const string Begin = "<!-- measured: begin (written by Agent.Bench all) -->";
    public const string End = "<!-- measured: end -->";

    /// <summary>Writes the newest run of each scenario of the history onto the page; what stands around the markers stays.</summary>
    /// <exception cref="FormatException">The page has no markers, or a line of the history is damaged.</exception>
    public static async Task WriteAsync(string page, string history)
    {
        string before = File.Exists(page) ? await File.ReadAllTextAsync(page) : $"# Performance\n\n{Begin}\n{End}\n";
        string after = Fill(before, await ReadAsync(history));
        if (!string.Equals(before, after, StringComparison.Ordinal)) await File.WriteAllTextAsync(page, after);
    }

    /// <summary>The page with the newest of these runs between its markers.</summary>
    public static string Fill(string page, IEnumerable<ScenarioRun> runs)
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal);
        int end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin) throw new FormatException($"the page needs the lines {Begin} and {End}");
        ILookup<string, ScenarioRun> byScenario = runs.ToLookup(run => run.Scenario);
        StringBuilder text = new();
        foreach (ScenarioRun run in Scenario.All.SelectMany(scenario => byScenario[scenario.Name].TakeLast(1))) Append(text, run);
        return page[..(begin + Begin.Length)] + "\n" + text + page[end..];
    }

    private static async Task<List<ScenarioRun>> ReadAsync(string history)
    {
        List<ScenarioRun> runs = [];
        foreach (string line in await File.ReadAllLinesAsync(history))
        {
            try
            {
                runs.Add(ScenarioRun.FromJson(line));
            }
            catch (JsonException problem)
            {
                string where = string.Create(CultureInfo.InvariantCulture, $"{history}, line {runs.Count + 1}");
                throw new FormatException($"{where}: {problem.Message}", problem);
            }
        }

        return runs;
    }

    private static void Append(StringBuilder text, ScenarioRun run)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n### {run.Scenario}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{run.At:yyyy-MM-dd HH:mm} UTC, commit {run.Commit}, {run.Seconds:0} s: ");
        text.Append(CultureInfo.InvariantCulture, $"`{run.Scenario} {run.Arguments}`. ");
        text.Append(CultureInfo.InvariantCulture, $"{run.Machine.Cores} cores ({run.Machine.Processor}), {run.Machine.Kernel}, ");
        text.Append(CultureInfo.InvariantCulture, $"{run.Machine.Runtime}, load {run.Machine.Load:0.0} at the beginning.\n");
        if (run.Problem is { } problem) text.Append(CultureInfo.InvariantCulture, $"\n**Failed**: {Cell(problem)}\n");
        if (run.Figures is not { } figures) return;
        text.Append(CultureInfo.InvariantCulture, $"\n{figures.Title}.\n");
        if (figures.Ratios.Count > 0)
        {
            Table(text, ["ratio", "measured", "aim", "reached"], figures.Ratios.Select(
                one => (string[])[one.Name, BenchReport.Text(one.Value), one.Aim, one.Verdict]));
        }

        // A reader looks for the ratios; the figures that they come from open by a click.
        text.Append("\n<details><summary>figures</summary>\n");
        Table(text, ["subject", "quantity", "median", "p99", "unit"], figures.Measurements.Select(
            one => (string[])[one.Subject, one.Quantity, BenchReport.Text(one.Median), BenchReport.Text(one.P99), one.Unit]));
        text.Append("\n</details>\n");
        foreach (string note in figures.Notes) text.Append(CultureInfo.InvariantCulture, $"\n{note}\n");
    }

    private static void Table(StringBuilder text, string[] heads, IEnumerable<string[]> rows)
    {
        text.Append('\n');
        foreach (string[] row in (IEnumerable<string[]>)[heads, [.. heads.Select(_ => "---")], .. rows])
        {
            text.Append("| ").AppendJoin(" | ", row.Select(Cell)).Append(" |\n");
        }
    }

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
