using Agent.Bench;
using Agent.Bench.Measure;

namespace Agent.Tests.Bench;

/// <summary>The measurement runs from end to end and leaves no row out; its figures mean nothing at this size.</summary>
[Trait("Category", "Peer")]
public sealed class IngestBenchTests
{
    [Fact]
    public async Task Every_contender_brings_the_zone_in_from_both_masters()
    {
        BenchReport report = await BenchCatalog.Programs["ingest"].RunAsync(BenchOptions.Parse(["--rounds", "1", "--records", "2000"]));

        using StringWriter output = new();
        report.Print(output);
        string table = output.ToString();
        foreach (string master in (string[])["recorded", "knotd"])
        {
            Assert.Equal(1, report.Of("bare read", $"transferred, from {master}", "s").Count);
            foreach (string reached in (string[])["transferred", "committed", "served"])
            {
                Assert.Equal(1, report.Of("agent", $"{reached}, from {master}", "s").Count);
            }

            foreach (string server in (string[])["bind", "knot", "nsd"])
            {
                Assert.Equal(1, report.Of(server, $"served, from {master}", "s").Count);
            }

            Assert.Contains($"agent committed over fastest server, from {master}", table, StringComparison.Ordinal);
        }

        Assert.Equal(2, report.Of("agent", "peak memory", "MiB").Count);
        Assert.Contains("peak memory of agent over the smallest server's", table, StringComparison.Ordinal);
    }
}
