using Agent.Bench;
using Agent.Bench.Measure;

namespace Agent.Tests.Bench;

/// <summary>The program <c>latency</c> in small: it runs to its end and says all that it is for.</summary>
[Trait("Category", "Peer")]
public sealed class LatencyBenchTests
{
    [Fact]
    public async Task Every_side_has_its_times_and_the_agent_its_steps()
    {
        BenchOptions options = BenchOptions.Parse(["--changes", "4", "--warm-up", "1"]);

        BenchReport report = await BenchCatalog.Programs["latency"].RunAsync(options);

        foreach (string server in (string[])["BIND", "NSD", "Knot"])
            Assert.Equal(4, report.Of($"{server} alone", "NOTIFY to served", "ms").Count);
        foreach (string agent in (string[])["agent, embedded", "agent, BIND as target", "agent, NSD as target", "agent, Knot as target"])
        {
            Assert.All(report.Of(agent, "NOTIFY to served", "ms").Values, time => Assert.True(time > 0));
            foreach (string step in (string[])["intake", "soa", "transfer", "journal", "apply"])
            {
                Assert.All(report.Of(agent, $"step {step}", "ms").Values, time => Assert.True(time > 0, $"{agent}: {step}"));
            }

            Assert.All(report.Of(agent, "wait disk", "ms").Values, time => Assert.True(time > 0));
            // What the trace takes off it was measured elsewhere, so that of one change may be anything.
            Assert.Equal(4, report.Of(agent, "our own share", "ms").Count);
        }

        Assert.All(report.Of("agent, BIND as target", "wait target-server", "ms").Values, time => Assert.True(time > 0));
    }
}
