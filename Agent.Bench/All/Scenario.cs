namespace Agent.Bench.All;

/// <summary>A program of this project as <c>all</c> runs it.</summary>
/// <param name="Name">The word that starts it.</param>
/// <param name="Arguments">Fewer rounds and smaller sizes than by itself; what is compared stays the same.</param>
/// <param name="Budget">When it has not ended by then on two quiet cores, something is wrong with it.</param>
public sealed record Scenario(string Name, IReadOnlyList<string> Arguments, TimeSpan Budget)
{
    /// <summary>The most that all of them may take together.</summary>
    public static readonly TimeSpan BudgetOfAll = TimeSpan.FromMinutes(30);

    /// <summary>In the order in which they run: the short ones first.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        Of("kernel", 60, "--rounds", "3"),
        Of("journal", 90, "--seconds", "2"),
        Of("latency", 150, "--changes", "200", "--warm-up", "50"),
        Of("relay", 240, "--rounds", "2", "--seconds", "2"),
        Of("memory", 150, "--few", "1000", "--zones", "10000"),
        Of("start", 150, "--rounds", "2", "--zones", "10000,100000"),
        Of("storm", 180, "--changing", "2000", "--rounds", "1", "--quiet", "3000", "--notifies", "50000", "--lives", "5000"),
        Of("ingest", 240, "--rounds", "1"),
        Of("ixfr", 150, "--rounds", "1"),
        Of("cluster", 120, "--takeovers", "2", "--changes", "60", "--seconds", "3", "--zones", "2000"),
        Of("provision", 270, "--rounds", "1", "--zones", "4000", "--changes", "800", "--processes", "50",
            "--driver", "bind9,nsd,knot,powerdns-api"),
    ];

    private static Scenario Of(string name, int seconds, params string[] arguments) =>
        new(name, arguments, TimeSpan.FromSeconds(seconds));
}
