using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

public sealed class SystemClockTests
{
    [Fact]
    public void The_boot_clock_is_there_and_goes_on_at_least_as_fast_as_the_monotonic_one()
    {
        Assert.NotNull(BootClock.Read());
        SystemClock clock = SystemClock.Instance;
        (TimeSpan bootBefore, TimeSpan before) = (clock.SinceBoot, clock.Monotonic);
        Assert.True(SpinWait.SpinUntil(() => clock.Monotonic - before > TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(10)));
        (TimeSpan after, TimeSpan bootAfter) = (clock.Monotonic, clock.SinceBoot);
        // Read around the monotonic clock, so it can only have gone further. A time server may slow both by the same rate.
        Assert.True(bootAfter - bootBefore >= after - before - TimeSpan.FromTicks(2), $"{bootAfter - bootBefore} and {after - before}");
        Assert.True(bootAfter - bootBefore < TimeSpan.FromMinutes(5));
    }
}
