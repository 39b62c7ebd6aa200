using Agent.Actors.Journal;
using Agent.Actors.Kernel;

namespace Agent.Tests.Journal;

public sealed class JournalCrowdTests
{
    private const int Steps = 3000;

    private readonly JournalCrowd _crowd = new();
    private readonly IActorRef[] _zones = [.. Enumerable.Range(0, 1000).Select(i => new Zone($"/zone{i}"))];

    [Fact]
    public void Those_that_come_one_after_the_other_share_batches_for_as_long_as_they_come()
    {
        // Two in three milliseconds: alone they would be 2 000 batches.
        Assert.InRange(BatchesOf((step, _) => step % 3 == 2 ? 0 : 1), 300, 400);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void Few_that_work_at_once_wait_for_themselves_hardly_ever(int atOnce)
    {
        // Each comes with another zone as soon as the last is durable: a batch for each step, but for the trials once a second.
        Assert.InRange(BatchesOf((_, waiting) => atOnce - waiting), Steps * 97 / 100, Steps);
    }

    [Fact]
    public void Few_zones_never_wait_however_often_they_come()
    {
        int batches = 0;
        for (int step = 0; step < Steps; step++)
        {
            TimeSpan now = TimeSpan.FromMilliseconds(step);
            _crowd.Came(_zones[step % (JournalCrowd.CrowdMin - 1)], now);
            if (!_crowd.IsEnough(1, now)) continue;
            batches++;
            _crowd.BatchBegins(now);
        }

        Assert.Equal(Steps, batches);
    }

    /// <summary>Steps of a millisecond, with one batch at most in each.</summary>
    /// <param name="coming">How many zones come in a step, by its number and how many wait.</param>
    private int BatchesOf(Func<int, int, int> coming)
    {
        int batches = 0;
        int waiting = 0;
        int next = 0;
        bool isPaused = false;
        for (int step = 0; step < Steps; step++)
        {
            TimeSpan now = TimeSpan.FromMilliseconds(step);
            for (int count = coming(step, waiting); count > 0; count--, waiting++) _crowd.Came(_zones[next++ % _zones.Length], now);
            if (waiting == 0) continue;
            if (isPaused && now >= _crowd.PauseEnds) _crowd.PauseOver();
            else if (isPaused = !_crowd.IsEnough(waiting, now)) continue;
            _crowd.BatchBegins(now);
            batches++;
            waiting = 0;
            isPaused = false;
        }

        return batches;
    }

    private sealed class Zone(string path) : IActorRef
    {
        public string Path => path;

        public void Tell(object message, IActorRef? sender = null)
        {
        }
    }
}
