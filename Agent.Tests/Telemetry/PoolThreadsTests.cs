using System.Text.Json;
using Agent.Host.Composition;

namespace Agent.Tests.Telemetry;

public sealed class PoolThreadsTests
{
    [Theory]
    [InlineData(1, 7)]
    [InlineData(2, 8)]
    [InlineData(64, 70)]
    public void Every_core_has_a_thread_beside_those_that_are_held(int cores, int threads) =>
        Assert.Equal(threads, PoolThreads.CountFor(cores));

    /// <summary>Only the file beside the program can set these two, and a program without them works as well, only larger.</summary>
    [Fact]
    public void The_program_is_built_with_a_pool_that_does_not_climb_and_a_bounded_youngest_generation()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "agent.runtimeconfig.json")));
        JsonElement settings = file.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties");

        Assert.True(settings.GetProperty("System.Threading.ThreadPool.HillClimbing.Disable").GetBoolean());
        Assert.InRange(settings.GetProperty("System.GC.Gen0MaxBudget").GetInt64(), 1 << 20, 32 << 20);
    }
}
