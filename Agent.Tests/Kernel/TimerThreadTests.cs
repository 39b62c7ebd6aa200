using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>In which tick of the machine's wheel a timer ends.</summary>
public sealed class TimerThreadTests
{
    [Fact]
    public void No_timer_is_early_and_a_short_one_is_at_most_a_tick_late()
    {
        KernelRandom random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            TimeSpan passed = random.NextTimeSpan(TimeSpan.FromDays(1));
            TimeSpan delay = random.NextTimeSpan(TimeSpan.FromMilliseconds(40));
            TimeSpan late = (TimerThread.Tick * TimerThread.DueTick(passed, delay)) - (passed + delay);
            TimeSpan latest = TimeSpan.FromMilliseconds(delay < TimeSpan.FromMilliseconds(20) ? 1 : 10);
            Assert.InRange(late, TimeSpan.FromTicks(1), latest);
        }
    }

    [Fact]
    public void Longer_timers_that_end_within_the_same_hundredth_of_a_second_end_together()
    {
        TimeSpan second = TimeSpan.FromSeconds(1);
        long[] ticks =
            [.. Enumerable.Range(0, 10).Select(i => TimerThread.DueTick(TimeSpan.FromMilliseconds(50.5 + i), second)).Distinct()];
        Assert.Equal([1060], ticks);
    }
}
