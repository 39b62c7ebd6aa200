using Agent.Bench;
using Agent.Bench.Measure;

namespace Agent.Tests.Bench;

/// <summary>The measurement runs from end to end and leaves no row out; its figures mean nothing at this size.</summary>
[Trait("Category", "Peer")]
public sealed class IxfrBenchTests
{
    [Fact]
    public async Task Every_follower_takes_the_changes_and_every_server_hands_the_zone_out()
    {
        BenchReport report = await BenchCatalog.Programs["ixfr"].RunAsync(
            BenchOptions.Parse(["--rounds", "1", "--records", "2000", "--changes", "20"]));

        Assert.All(
            (string[])["agent", "agent without a server of its own", "bind", "knot"],
            name => Assert.Equal((1, 1), (report.Of(name, "served", "s").Count, report.Of(name, "growth", "MiB").Count)));
        Assert.Equal(1, report.Of("agent", "committed", "s").Count);
        Assert.All(
            (string[])["agent", "knot", "nsd"], name => Assert.Equal(1, report.Of(name, "handed out", "records/s").Count));
        using StringWriter output = new();
        report.Print(output);
        Assert.Contains("agent committed over fastest server", output.ToString(), StringComparison.Ordinal);
    }
}
