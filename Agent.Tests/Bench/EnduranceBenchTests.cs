using Agent.Bench;
using Agent.Bench.Endure;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Bench;

/// <summary>Many changes: the verdict on what was sampled, and the program in small.</summary>
public sealed class EnduranceBenchTests
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    [Trait("Category", "Peer")]
    public async Task A_small_run_takes_a_sample_after_each_round()
    {
        BenchReport report = await RunAsync("--driver", "knot", "--changes", "100", "--zones", "10");

        Assert.Equal(10, report.Of("knot: agent", "resident memory", "MiB").Count);
        Assert.Equal(10, report.Of("knot: agent", "changed and served", "per second").Count);
        Assert.True(report.Of("knot: agent", "managed memory in use at the end", "MiB").Median > 1);
    }

    [Theory]
    [InlineData("--zones", "100", "--changes", "700")]
    [InlineData("--driver", "knot", "--driver", "nsd")]
    public Task Too_few_changes_and_two_drivers_are_refused(params string[] options) =>
        Assert.ThrowsAsync<FormatException>(() => RunAsync(options));

    [Fact]
    public void What_warms_up_and_what_goes_up_and_down_is_steady() => Assert.False(FailsWith(
        at => new ProcessSample(Math.Min(at, 40) * 4 * Mebibyte, (100 + (at % 7 * 5)) * Mebibyte, 50 + (at % 3), 20)));

    [Fact]
    public void Memory_that_grows_a_little_each_time_is_not() =>
        Assert.True(FailsWith(at => new ProcessSample((200 * Mebibyte) + (at * Mebibyte / 2), 100 * Mebibyte, 50, 20)));

    [Fact]
    public void Descriptors_that_grow_are_not() =>
        Assert.True(FailsWith(at => new ProcessSample(200 * Mebibyte, 100 * Mebibyte, 50 + (at / 3), 20)));

    private static bool FailsWith(Func<int, ProcessSample> sampleAt)
    {
        BenchReport report = new("steadiness");
        new Steadiness([.. Enumerable.Range(0, 100).Select(sampleAt)]).Into(report, "agent");
        return report.HasFailed;
    }

    private static Task<BenchReport> RunAsync(params string[] options) =>
        BenchCatalog.Programs["endure"].RunAsync(BenchOptions.Parse(options));
}
