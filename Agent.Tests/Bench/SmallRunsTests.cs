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
        BenchReport report = await RunAsync(
            "storm", "--parts", "notifies,lives", "--notifies", "500", "--zones", "20", "--lives", "20");

        Assert.True(report.Of("agent, embedded", "NOTIFYs answered", "per second").Median > 0);
        Assert.Equal(6, report.Of("agent, embedded", "with a new serial", "NOTIFYs").Median);
        Assert.True(report.Of("agent, embedded", "zones deleted and gone", "per second").Median > 0);
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Storm_of_changes_ends_with_all_served_on_every_side()
    {
        BenchReport report = await RunAsync("storm", "--parts", "changes", "--changing", "20", "--rounds", "1", "--quiet", "200");

        string[] agents = ["agent, embedded", "agent, BIND as target", "agent, NSD as target", "agent, Knot as target"];
        foreach (string subject in (string[])[.. agents, "BIND alone", "NSD alone", "Knot alone"])
        {
            Assert.True(report.Of(subject, "changes to served", "changes/s").Median > 0, subject);
            foreach (string time in (string[])["quiet", "in the storm"])
            {
                Assert.All(
                    report.Of(subject, $"NOTIFY to served of another zone, {time}", "ms").Values, value => Assert.True(value > 0, subject));
                Assert.True(report.Of(subject, $"answers, {time}", "ms").Count > 0, subject);
            }
        }

        // The twenty, and the zone beside them once or more.
        foreach (string agent in agents)
            Assert.InRange(report.Of(agent, "transfers from the master", "per change").Median, 1.05, 10);
    }

    private static Task<BenchReport> RunAsync(string program, params string[] options) =>
        BenchCatalog.Programs[program].RunAsync(BenchOptions.Parse(options));
}
