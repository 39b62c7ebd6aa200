using Agent.Bench;
using Agent.Bench.Measure;
using Agent.Bench.Provision;

namespace Agent.Tests.Bench;

/// <summary>The program runs from end to end at a tiny size, with each server.</summary>
[Trait("Category", "Peer")]
public sealed class ProvisionBenchTests
{
    public static TheoryData<string> Drivers => [.. ProvisionServers.ByDriver.Keys];

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task A_tiny_run_fills_every_figure(string driver)
    {
        BenchReport report = await RunAsync(
            "--driver", driver, "--rounds", "1", "--zones", "20", "--changes", "10", "--processes", "2", "--in-flight", "8");

        StringWriter table = new();
        report.Print(table);
        Assert.False(report.HasFailed, table.ToString());
        string agent = AgentLife.SubjectOf(driver);
        Assert.All(
            (string[])["created, verified", "changed, served"],
            quantity => Assert.True(report.Of(agent, quantity, "zones/s").Median > 0, quantity));
        Assert.Equal(20, report.Of(agent, "CREATE to its answer", "ms").Count);
        await using ProvisionServer server = ProvisionServers.ByDriver[driver]();
        Assert.Equal(2, report.Of(OwnMeans.SingleSubject(server), "added: measured with", "zones").Median);
        Assert.Equal(2, report.Of(OwnMeans.SingleSubject(server), "changed: measured with", "zones").Median);
        Assert.Equal(20, report.Of(OwnMeans.BulkSubject(server), "added: measured with", "zones").Median);
        Assert.Equal(10, report.Of(OwnMeans.BulkSubject(server), "changed: measured with", "zones").Median);
        Assert.Contains($"{driver}: added: agent over {server.BulkWay}", table.ToString(), StringComparison.Ordinal);
        int designates = report.Of(DesignateLife.SubjectOf(server), "changed, served", "zones/s").Count;
        Assert.Equal(server.DesignateBackend is null ? 0 : 1, designates);
        Assert.Equal(server.TakesZonesAway ? 1 : 0, report.Of(agent, "deleted, verified", "zones/s").Count);
        string end = server.TakesZonesAway ? "All 20 zones deleted" : "zones cannot be taken away";
        Assert.Contains(end, table.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_driver_that_there_is_not_is_refused()
    {
        FormatException refusal = await Assert.ThrowsAsync<FormatException>(() => RunAsync("--driver", "bind9,bind"));
        Assert.Contains("--driver bind: expected some of bind9, catalog, dynamic-update, exec", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<BenchReport> RunAsync(params string[] options) =>
        BenchCatalog.Programs["provision"].RunAsync(BenchOptions.Parse(options));
}
