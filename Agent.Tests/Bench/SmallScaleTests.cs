using Agent.Bench;
using Agent.Bench.Measure;
using Agent.Bench.Scale;

namespace Agent.Tests.Bench;

/// <summary>The programs <c>scale</c>, <c>start</c>, <c>kernel</c> and <c>micro</c> in small: they run to their end, and every row has a
/// figure.</summary>
[Trait("Category", "Long")]
public sealed class SmallScaleTests
{
    [Fact]
    public void The_exponent_of_a_power_is_found()
    {
        Assert.Equal(1, PowerLaw.Exponent([(10, 7), (100, 70), (1000, 700)]), 9);
        Assert.Equal(0, PowerLaw.Exponent([(10, 7), (100, 7)]), 9);
        Assert.Equal(2, PowerLaw.Exponent([(1, 3), (2, 12), (4, 48)]), 9);
        Assert.Throws<ArgumentException>(() => PowerLaw.Exponent([(5, 1), (5, 2)]));
    }

    [Fact]
    public async Task Scale_lists_all_zones_and_takes_in_all_records()
    {
        BenchReport report = await RunAsync("scale", "--zones", "50,100", "--records", "10,1000");

        Assert.True(report.Of("100 zones", "managed memory of a zone", "octets").Median > 100);
        Assert.True(report.Of("100 zones", "a page of 1000, slowest", "ms").Median > 0);
        Assert.True(report.Of("1,000 records", "order to committed", "s").Median > 0);
        Assert.Contains(report.Figures.Ratios, ratio => ratio.Name == "exponent of order to served, by records");
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Start_serves_seeded_zones_beside_the_servers()
    {
        BenchReport report = await RunAsync("start", "--zones", "50", "--rounds", "1");

        Assert.All((string[])["agent", "Knot", "NSD", "BIND"], subject =>
            Assert.Equal(1, report.Of($"{subject}, 50 zones", "start to serving all zones", "s").Count));
    }

    [Fact]
    public async Task Micro_counts_what_is_allocated()
    {
        BenchReport report = await RunAsync(
            "micro", "--filter", "names: from text", "--warm-up", "1", "--rounds", "1", "--milliseconds", "1");

        Assert.False(report.HasFailed);
        Assert.True(report.Of("names: from text", "time", "ns").Median > 0);
        // Other tests run beside it in this process, and what they allocate is counted too.
        Assert.True(report.Of("names: from text", "allocated", "octets").Median >= 96);
    }

    [Fact]
    public async Task Kernel_measures_both_sides()
    {
        BenchReport report = await RunAsync("kernel", "--rounds", "1", "--actors", "1000", "--messages", "1000");

        Assert.Equal(7, report.Figures.Ratios.Count);
        Assert.All((string[])["agent", "Akka.NET"], side => Assert.True(report.Of(side, "actors created", "actors/s").Median > 0));
    }

    private static Task<BenchReport> RunAsync(string program, params string[] options) =>
        BenchCatalog.Programs[program].RunAsync(BenchOptions.Parse(options));
}
