using Agent.Bench;
using Agent.Bench.Measure;

namespace Agent.Tests.Bench;

/// <summary>The program runs from end to end at a tiny size.</summary>
[Trait("Category", "Peer")]
public sealed class ProvisionBenchTests
{
    [Fact]
    public async Task A_tiny_run_fills_every_figure()
    {
        BenchReport report = await BenchCatalog.Programs["provision"].RunAsync(
            BenchOptions.Parse(["--zones", "20", "--processes", "2", "--in-flight", "8"]));

        Assert.All(
            (string[])["created, verified", "changed, served", "deleted, verified"],
            quantity => Assert.True(report.Of("agent", quantity, "zones/s").Median > 0, quantity));
        Assert.Equal(20, report.Of("agent", "CREATE to its answer", "ms").Count);
        StringWriter table = new();
        report.Print(table);
        Assert.Contains("agent over a process for each zone", table.ToString(), StringComparison.Ordinal);
        Assert.Contains("All 20 zones deleted", table.ToString(), StringComparison.Ordinal);
    }
}
