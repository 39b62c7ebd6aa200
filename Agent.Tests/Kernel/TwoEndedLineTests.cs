using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>A line that is served from both ends.</summary>
public sealed class TwoEndedLineTests
{
    private const int Crowd = 1000;

    [Fact]
    public void The_oldest_and_the_newest_have_turns_by_turns()
    {
        TwoEndedLine<int> line = Of(Enumerable.Range(0, 5));
        Assert.Equal([0, 4, 1, 3, 2], Taken(line, 5));
        Assert.False(line.TryTake(out _));
        Assert.False(line.TryPeek(out _));
    }

    [Fact]
    public void Whose_turn_it_is_can_be_seen_before()
    {
        TwoEndedLine<int> line = Of(Enumerable.Range(0, 20));
        while (line.TryPeek(out int seen))
        {
            Assert.True(line.TryTake(out int taken));
            Assert.Equal(seen, taken);
        }

        Assert.Equal(0, line.Count);
    }

    [Fact]
    public void One_behind_a_crowd_waits_for_one_turn_of_the_crowd_at_most()
    {
        TwoEndedLine<int> line = Of(Enumerable.Range(0, Crowd));
        for (int i = 0; i < 20; i++)
        {
            int alone = -1 - i;
            line.Join(alone);
            Assert.Contains(alone, Taken(line, 2));
            Taken(line, i % 3);
        }
    }

    [Fact]
    public void Nobody_waits_more_than_twice_as_long_however_many_come_later()
    {
        TwoEndedLine<int> line = Of(Enumerable.Range(0, Crowd));
        int coming = Crowd;
        for (int turn = 1; turn <= 2 * Crowd; turn++)
        {
            line.Join(coming++);
            line.Join(coming++);
            Assert.True(line.TryTake(out int taken));
            Assert.True(taken >= Crowd || taken <= turn / 2, $"{taken} in turn {turn}");
        }

        Assert.All(Enumerable.Range(0, line.Count), place => Assert.InRange(line[place], Crowd, int.MaxValue));
    }

    [Fact]
    public void The_order_stays_while_it_grows_and_shrinks()
    {
        TwoEndedLine<int> line = new();
        Queue<int> expected = new();
        for (int round = 0; round < 200; round++)
        {
            for (int i = 0; i <= round % 7; i++)
            {
                line.Join((round * 10) + i);
                expected.Enqueue((round * 10) + i);
            }

            if (round % 5 == 0) line.TrimExcess();
            for (int i = 0; i < round % 4 && expected.Count > 0; i++)
            {
                Assert.True(line.TryTakeOldest(out int oldest));
                Assert.Equal(expected.Dequeue(), oldest);
            }
        }

        Assert.Equal(expected, Enumerable.Range(0, line.Count).Select(place => line[place]));
        Assert.True(line.TryTakeNewest(out int newest));
        Assert.Equal(expected.Last(), newest);
    }

    private static TwoEndedLine<int> Of(IEnumerable<int> items)
    {
        TwoEndedLine<int> line = new();
        foreach (int item in items) line.Join(item);
        return line;
    }

    private static List<int> Taken(TwoEndedLine<int> line, int turns)
    {
        List<int> taken = [];
        for (int turn = 0; turn < turns && line.TryTake(out int item); turn++) taken.Add(item);
        return taken;
    }
}
