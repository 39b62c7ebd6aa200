using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>The generator against published numbers, and the shape of what is derived from it.</summary>
public sealed class KernelRandomTests
{
    [Fact]
    public void The_numbers_are_those_of_the_reference_implementation()
    {
        // rand_xoshiro, Xoshiro256StarStar::seed_from_u64(0).
        KernelRandom random = new(0);
        ulong[] expected = [11091344671253066420, 13793997310169335082, 1900383378846508768, 7684712102626143532];
        Assert.Equal(expected, Enumerable.Range(0, 4).Select(_ => random.NextUInt64()));
    }

    [Fact]
    public void Bounded_numbers_stay_in_bounds_and_reach_all_values()
    {
        KernelRandom random = new(1);
        int[] counts = new int[10];
        for (int i = 0; i < 10_000; i++) counts[random.Next(10)]++;
        Assert.All(counts, static count => Assert.InRange(count, 800, 1200));
        for (int i = 0; i < 1000; i++)
        {
            Assert.InRange(random.Next(-3, 4), -3, 3);
            Assert.InRange(random.NextDouble(), 0, 0.9999999999999999);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Next(0));
    }

    [Fact]
    public void Bytes_fill_every_length()
    {
        for (int length = 0; length < 40; length++)
        {
            byte[] all = new byte[length];
            for (int round = 0; round < 20; round++)
            {
                byte[] bytes = new byte[length];
                new KernelRandom((ulong)round).NextBytes(bytes);
                for (int i = 0; i < length; i++) all[i] |= bytes[i];
            }
            Assert.DoesNotContain((byte)0, all);
        }
    }

    [Fact]
    public void A_fork_does_not_follow_its_parent()
    {
        KernelRandom parent = new(5);
        KernelRandom child = parent.Fork();
        Assert.NotEqual(
            Enumerable.Range(0, 10).Select(_ => parent.NextUInt64()).ToArray(),
            [.. Enumerable.Range(0, 10).Select(_ => child.NextUInt64())]);
    }
}
