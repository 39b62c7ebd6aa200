using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Simulate;

/// <summary>Starts the program of the tests that lives lives of clusters, and passes its report on.</summary>
public static class SimulateBench
{
    private const string Variable = "AGENT_TESTS_PROGRAM";

    private static readonly string[] Options = ["seeds", "hours", "from", "bug"];

    /// <exception cref="FormatException">The program of the tests is not there, or does not know an option.</exception>
    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        IEnumerable<string> given = Options.SelectMany<string, string>(o => options.Text(o) is { } value ? [$"--{o}", value] : []);
        await using ChildProcess child = await ChildProcess.StartAsync(
            "dotnet", [Find(), "simulate", .. given], Directory.GetCurrentDirectory());
        int end = await child.Exited;
        if (end == 2) throw new FormatException(child.Output);
        BenchReport report = new("simulated clusters") { HasFailed = end != 0 };
        report.AddNote(child.Output);
        return report;
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named) return named;
        string here = AppContext.BaseDirectory;
        string project = Path.Combine("Agent.Bench", "bin");
        string[] places =
        [
            Path.Combine(here, "Agent.Tests.dll"),
            Path.Combine(here.Replace(project, Path.Combine("Agent.Tests", "bin"), StringComparison.Ordinal), "Agent.Tests.dll"),
        ];
        return Array.Find(places, File.Exists)
            ?? throw new FormatException($"the program of the tests is not built: dotnet build Agent.Tests, or {Variable}=FILE");
    }
}
