using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Shared;

public sealed class RecentRemovalsTests
{
    private static readonly DomainName Zone = DomainName.Parse("gone.example.");

    private readonly StandingClock _clock = new();
    private readonly RecentRemovals _removals;

    public RecentRemovalsTests()
    {
        _removals = new RecentRemovals(_clock);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(4999, true)]
    [InlineData(5000, false)]
    public void What_was_taken_away_counts_for_five_seconds(int passedMs, bool counts)
    {
        _removals.Note(Zone);
        _clock.Now += TimeSpan.FromMilliseconds(passedMs);
        Assert.Equal(counts, _removals.Take(Zone));
    }

    [Fact]
    public void It_counts_for_one_look_and_not_for_another_zone()
    {
        _removals.Note(Zone);
        Assert.False(_removals.Take(DomainName.Parse("there.example.")));
        Assert.True(_removals.Take(Zone));
        Assert.False(_removals.Take(Zone));
    }

    [Fact]
    public void A_zone_that_is_about_to_come_was_not_taken_away()
    {
        _removals.Note(Zone);
        _removals.Forget(Zone);
        Assert.False(_removals.Take(Zone));
    }

    private sealed class StandingClock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
