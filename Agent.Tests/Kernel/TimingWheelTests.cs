using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>The wheel against a plain sorted list, over random starts, cancellations and jumps of time.</summary>
public sealed class TimingWheelTests
{
    [Fact]
    public void The_wheel_yields_what_a_sorted_list_yields()
    {
        for (ulong seed = 1; seed <= 300; seed++)
        {
            KernelRandom random = new(seed);
            TimingWheel wheel = new();
            Dictionary<TimerNode, long> model = [];
            List<TimerNode> due = [];
            long now = 0;
            for (int i = 0; i < 300; i++)
            {
                if (random.Chance(0.6))
                {
                    Node node = new();
                    // Distances of every level, and many of them just at the edges.
                    long distance = (1L << random.Next(0, 24)) + random.Next(-2, 3);
                    wheel.Add(node, now + distance);
                    model.Add(node, Math.Max(now + distance, now + 1));
                }
                else if (random.Chance(0.5) && model.Count > 0)
                {
                    TimerNode node = model.Keys.ElementAt(random.Next(model.Count));
                    Assert.True(wheel.Remove(node));
                    Assert.False(wheel.Remove(node));
                    model.Remove(node);
                }
                else
                {
                    now += 1L << random.Next(0, 16);
                    Check(wheel, model, due, now);
                }
                Assert.Equal(model.Count, wheel.Count);
            }
            if (model.Count > 0) Check(wheel, model, due, Math.Min(model.Values.Max(), now + 20_000_000));
        }
    }

    [Fact]
    public void The_next_look_is_never_after_something_is_due()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            KernelRandom random = new(seed);
            TimingWheel wheel = new();
            Assert.Null(wheel.TicksToNext());
            long dueAt = 1 + random.Next(70_000);
            wheel.Add(new Node(), dueAt);
            List<TimerNode> due = [];
            int looks = 0;
            while (due.Count == 0)
            {
                long next = wheel.Now + wheel.TicksToNext()!.Value;
                Assert.True(next <= dueAt);
                wheel.AdvanceTo(next, due);
                looks++;
            }
            Assert.Equal(dueAt, wheel.Now);
            Assert.InRange(looks, 1, (dueAt / 256) + 2);
        }
    }

    [Fact]
    public void What_lies_beyond_the_last_level_is_kept_and_can_be_cancelled()
    {
        TimingWheel wheel = new();
        Node node = new();
        wheel.Add(node, 1L << 40);
        List<TimerNode> due = [];
        wheel.AdvanceTo(100_000, due);
        Assert.Empty(due);
        Assert.True(wheel.Remove(node));
        Assert.Equal(0, wheel.Count);
    }

    private static void Check(TimingWheel wheel, Dictionary<TimerNode, long> model, List<TimerNode> due, long now)
    {
        due.Clear();
        wheel.AdvanceTo(now, due);
        long[] expected = [.. model.Values.Where(tick => tick <= now).Order()];
        Assert.Equal(expected, due.Select(node => model[node]));
        foreach (TimerNode node in due) Assert.True(model.Remove(node));
    }

    private sealed class Node : TimerNode
    {
        internal override void Fire()
        {
        }
    }
}
