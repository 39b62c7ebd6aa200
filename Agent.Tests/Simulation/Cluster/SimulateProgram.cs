using System.Diagnostics;
using System.Globalization;
using Agent.Actors.Kernel.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// Lives of clusters as a program: a number of seeds, or as many as fit into some hours, and a report of what happened in them. Ends with
/// 1 when a seed failed.
/// </summary>
internal static class SimulateProgram
{
    private const string Usage = "simulate [--seeds N] [--hours H] [--from SEED] [--bug NAME]";

    public static int Run(string[] arguments, TextWriter output)
    {
        if (!TryRead(arguments, out long? seeds, out double? hours, out ulong from, out string? bug))
        {
            output.WriteLine(Usage);
            return 2;
        }

        SimulationReport report = new();
        TimeSpan? until = hours is { } h ? TimeSpan.FromHours(h) : null;
        Stopwatch clock = Stopwatch.StartNew();
        long most = seeds ?? (until is null ? 100 : long.MaxValue);
        for (ulong i = 0; i < (ulong)most && (until is null || clock.Elapsed < until); i++) Live(from + i, bug, report, output);
        output.WriteLine(report.Describe());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"took {clock.Elapsed.TotalSeconds:0.0} s"));
        return report.Failed == 0 ? 0 : 1;
    }

    private static void Live(ulong seed, string? bug, SimulationReport report, TextWriter output)
    {
        try
        {
            report.Add(ClusterLife.Live(seed, SimSeeds.Swarm(seed) with { PlantedBug = bug }));
        }
        catch (Exception cause) when (cause is SimulationException or Xunit.Sdk.XunitException)
        {
            report.Fail();
            bool isWhole = Environment.GetEnvironmentVariable("AGENT_SEED_TRACE") == "1";
            output.WriteLine($"seed {seed}: {(isWhole ? cause.Message : FirstLines(cause.Message))}");
            output.WriteLine($"  again: AGENT_SEED_TRACE=1 simulate --seeds 1 --from {seed}{(bug is null ? "" : $" --bug {bug}")}");
        }
    }

    private static string FirstLines(string text) => string.Join(' ', text.Split('\n').Take(2).Select(l => l.Trim()));

    private static bool TryRead(string[] arguments, out long? seeds, out double? hours, out ulong from, out string? bug)
    {
        (seeds, hours, from, bug) = (null, null, 1, null);
        if (arguments.Length % 2 != 0) return false;
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--seeds" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long n):
                    seeds = n;
                    break;
                case "--hours" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double h):
                    hours = h;
                    break;
                case "--from" when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong f):
                    from = f;
                    break;
                case "--bug":
                    bug = value;
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
