using Agent.Host.Telemetry;
using Agent.Tests.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Telemetry;

/// <summary>A thread pool played by the test.</summary>
public sealed class RuntimeWatchdogTests : TestKitBase
{
    private readonly Queue<Action> _pool = new();

    [Fact]
    public void A_pool_that_gets_to_nothing_is_noticed_and_its_return_too()
    {
        using var watchdog = new RuntimeWatchdog(_pool.Enqueue, Node.Clock, NullLogger<RuntimeWatchdog>.Instance);
        for (int i = 0; i < 3; i++)
        {
            watchdog.Look();
            Advance(TimeSpan.FromMilliseconds(20));
            _pool.Dequeue()();
            Assert.Equal(TimeSpan.FromMilliseconds(20), watchdog.Delay);
        }

        watchdog.Look();
        Advance(TimeSpan.FromSeconds(4));
        watchdog.Look();
        Assert.False(watchdog.IsStuck);
        Advance(TimeSpan.FromSeconds(2));
        watchdog.Look();
        Assert.True(watchdog.IsStuck);
        Assert.Equal(TimeSpan.FromSeconds(6), watchdog.Delay);

        Assert.Single(_pool).Invoke();
        watchdog.Look();
        Assert.False(watchdog.IsStuck);
    }

    [Fact]
    public void The_pool_of_this_process_answers()
    {
        using RuntimeWatchdog watchdog = RuntimeWatchdog.Start(TimeProvider.System, NullLogger<RuntimeWatchdog>.Instance);
        Assert.True(SpinWait.SpinUntil(() => watchdog.Delay > TimeSpan.Zero, TimeSpan.FromSeconds(30)));
    }
}
