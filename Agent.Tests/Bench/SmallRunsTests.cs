using Agent.Bench;
using Agent.Bench.Measure;

namespace Agent.Tests.Bench;

/// <summary>The programs <c>memory</c> and <c>storm</c> in small: they run to their end and every row has a figure.</summary>
public sealed class SmallRunsTests
{
    [Fact]
    [Trait("Category", "Peer")]
    public async Task Memory_compares_the_agent_with_the_servers()
    {
        BenchReport report = await RunAsync("memory", "--few", "20", "--zones", "200");

        foreach (string subject in (string[])["agent, target holds nothing", "agent, embedded", "Knot", "NSD", "BIND"])
        {
            Assert.Equal(1, report.Of(subject, "resident memory per zone", "octets").Count);
            Assert.True(report.Of(subject, "resident in all", "MiB").Median > 1, subject);
        }

        Assert.InRange(report.Of("agent, target holds nothing", "managed memory in all", "MiB").Median, 1, 100);
    }

    [Fact]
    public async Task Storm_answers_every_notify_and_ends_every_life()
    {
        BenchReport report = await RunAsync("storm", "--notifies", "500", "--zones", "20", "--lives", "20");

        Assert.True(report.Of("agent, embedded", "NOTIFYs answered", "per second").Median > 0);
        Assert.Equal(6, report.Of("agent, embedded", "with a new serial", "NOTIFYs").Median);
        Assert.True(report.Of("agent, embedded", "zones deleted and gone", "per second").Median > 0);
    }

    private static Task<BenchReport> RunAsync(string program, params string[] options) =>
        BenchCatalog.Programs[program].RunAsync(BenchOptions.Parse(options));
}
