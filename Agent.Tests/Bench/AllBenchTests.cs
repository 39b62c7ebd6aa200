using Agent.Bench.All;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Bench;

/// <summary>The program <c>all</c>: its time, its history, and the page that it writes.</summary>
public sealed class AllBenchTests
{
    private static readonly Machine Here = new(2, "a processor", "a kernel", "a runtime", 0.5);

    [Fact]
    public void All_scenarios_are_programs_and_end_within_half_an_hour()
    {
        Assert.All(Scenario.All, scenario => Assert.Contains(scenario.Name, Agent.Bench.BenchCatalog.Programs.Keys));
        Assert.Equal(
            ["cluster", "ingest", "ixfr", "journal", "kernel", "latency", "memory", "provision", "relay", "start", "storm"],
            Scenario.All.Select(scenario => scenario.Name).Order());
        Assert.InRange(Scenario.All.Sum(scenario => scenario.Budget.TotalSeconds), 0, Scenario.BudgetOfAll.TotalSeconds);
    }

    [Fact]
    public async Task One_that_fails_or_takes_too_long_is_named()
    {
        ScenarioRun failed = await ScenarioRun.OfAsync(
            new Scenario("storm", ["--zones", "none"], TimeSpan.FromMinutes(1)), "c0ffee", TimeSpan.FromMinutes(1));
        Assert.Contains("ended with 2: --zones none: expected a whole number above 0", failed.Problem, StringComparison.Ordinal);
        Assert.Null(failed.Figures);

        ScenarioRun late = await ScenarioRun.OfAsync(new Scenario("kernel", [], TimeSpan.Zero), "c0ffee", TimeSpan.FromMilliseconds(1));
        Assert.StartsWith("did not end within 0 s", late.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_shows_the_newest_run_of_each_between_its_markers()
    {
        string page = $"Above.\n{PerformancePage.Begin}\nold\n{PerformancePage.End}\nBelow.\n";

        string filled = PerformancePage.Fill(page, [Run("kernel", 1.1), Run("relay", 0.7), Run("kernel", 1.3)]);

        Assert.StartsWith($"Above.\n{PerformancePage.Begin}\n", filled, StringComparison.Ordinal);
        Assert.EndsWith($"{PerformancePage.End}\nBelow.\n", filled, StringComparison.Ordinal);
        Assert.Contains("| agent over peer | 1.3 | at least 1.2 | yes |", filled, StringComparison.Ordinal);
        Assert.Contains("| agent over peer | 0.7 | at least 1.2 | no |", filled, StringComparison.Ordinal);
        Assert.DoesNotContain("1.1 |", filled, StringComparison.Ordinal);
        Assert.DoesNotContain("old", filled, StringComparison.Ordinal);
        Assert.Equal(filled, PerformancePage.Fill(filled, [Run("kernel", 1.3), Run("relay", 0.7)]));
    }

    [Fact]
    public void A_run_without_figures_stands_on_the_page_as_failed()
    {
        ScenarioRun run = Run("relay", 1) with { Figures = null, Problem = "did not end\nwithin 3 s" };

        string filled = PerformancePage.Fill($"{PerformancePage.Begin}\n{PerformancePage.End}\n", [run]);

        Assert.Contains("**Failed**: did not end within 3 s\n", filled, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_without_markers_is_left_alone() =>
        Assert.Throws<FormatException>(() => PerformancePage.Fill("Written by hand.\n", []));

    [Fact]
    public async Task A_damaged_line_of_the_history_is_named()
    {
        using TemporaryFolder folder = new("history");
        string history = folder.Write("history.jsonl", Run("kernel", 1).ToJson() + "\n{\n");

        FormatException problem = await Assert.ThrowsAsync<FormatException>(
            () => PerformancePage.WriteAsync(folder.Combine("page.md"), history));

        Assert.Contains("line 2", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_comes_back_from_its_line()
    {
        ScenarioRun run = Run("kernel", double.PositiveInfinity);

        ScenarioRun back = ScenarioRun.FromJson(run.ToJson());

        Assert.Equal((run.At, run.Commit, run.Machine, run.Seconds), (back.At, back.Commit, back.Machine, back.Seconds));
        Assert.Equal(run.Figures!.Ratios, back.Figures!.Ratios);
    }

    [Theory]
    [InlineData(1.2, "at least 1.2", true)]
    [InlineData(1.2, "at least 1.0, then 1.5", false)]
    [InlineData(500, "at most 1024, better 300", false)]
    [InlineData(1.0, "below 1.0", false)]
    [InlineData(0, "0", true)]
    [InlineData(3, "no aim of its own", null)]
    [InlineData(3, "1 is the server's limit", null)]
    public void The_last_step_of_an_aim_counts(double value, string aim, bool? reached) =>
        Assert.Equal(reached, new Ratio("ratio", value, aim).IsReached);

    private static ScenarioRun Run(string scenario, double ratio) => new(
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "c0ffee", Here, scenario, "--rounds 3", 12.5, null,
        new BenchFigures(
            "Title", [new Figure("agent", "rate", "zones/s", 10, 11, [10])], [new Ratio("agent over peer", ratio, "at least 1.2")], []));
}
