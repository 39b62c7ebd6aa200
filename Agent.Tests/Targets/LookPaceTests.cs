using Agent.Actors.Backends;

namespace Agent.Tests.Targets;

/// <summary>How often a server is asked whether it has come to a change.</summary>
public sealed class LookPaceTests
{
    private readonly LookPace _pace = new();

    /// <summary>A server that reloads takes some milliseconds: what is served then is seen soon after it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_change_that_comes_alone_is_seen_within_half_the_time_that_it_took(int inWork)
    {
        TimeSpan passed = TimeSpan.Zero;
        for (int looks = 1; passed < TimeSpan.FromMilliseconds(50); looks++)
        {
            TimeSpan pause = _pace.Pause(looks, inWork, passed);
            Assert.True(looks == 1 || pause <= passed, $"{pause} behind {passed}");
            passed += pause;
        }
    }

    /// <summary>A large zone takes seconds.</summary>
    [Fact]
    public void What_takes_long_without_a_crowd_is_seen_within_a_sixteenth_of_it()
    {
        TimeSpan passed = TimeSpan.Zero;
        for (int looks = 1; passed < TimeSpan.FromSeconds(4); looks++)
        {
            TimeSpan pause = _pace.Pause(looks, LookPace.CrowdMin - 1, passed);
            Assert.True(pause <= TimeSpan.FromMilliseconds(12) || pause <= passed / 16, $"{pause} behind {passed}");
            Assert.InRange(looks, 1, 100);
            passed += pause;
        }
    }

    [Fact]
    public void Zones_of_a_crowd_are_looked_at_less_often_each()
    {
        TimeSpan time = TimeSpan.FromMilliseconds(400);
        Assert.Equal(6, LooksWithin(time, inWork: 1000));
        Assert.Equal(34, LooksWithin(time, inWork: 1));
        for (int inWork = 1; inWork <= 60; inWork++)
        {
            double perSecond = inWork / _pace.Pause(1, inWork, TimeSpan.Zero).TotalSeconds;
            Assert.True(perSecond <= 5000, $"{inWork} zones: {perSecond} a second");
        }
    }

    [Fact]
    public void Pauses_grow_to_a_quarter_of_a_second_and_no_further()
    {
        foreach (int inWork in (int[])[0, 1, 7, 30, 1_000_000])
        {
            TimeSpan[] pauses = [.. Enumerable.Range(1, 100).Select(looks => _pace.Pause(looks, inWork, TimeSpan.FromMinutes(looks)))];
            Assert.Equal(pauses.Order(), pauses);
            Assert.Equal(TimeSpan.FromMilliseconds(250), pauses[^1]);
        }

        Assert.Equal(TimeSpan.FromMilliseconds(250), _pace.Pause(int.MaxValue, int.MaxValue, TimeSpan.MaxValue));
    }

    [Fact]
    public void Of_a_crowd_whose_server_comes_late_each_zone_is_looked_at_from_half_of_the_usual_time_on()
    {
        TimeSpan needed = TimeSpan.FromMilliseconds(400);
        for (int i = 0; i < 100; i++) _pace.Served(needed, needed);
        Assert.InRange(_pace.BeforeFirst(LookPace.CrowdMin), 0.49 * needed, 0.5 * needed);
        Assert.InRange(_pace.Pause(1, LookPace.CrowdMin, TimeSpan.Zero), 0.24 * needed, 0.25 * needed);
        Assert.Equal(TimeSpan.Zero, _pace.BeforeFirst(LookPace.CrowdMin - 1));
        Assert.Equal(TimeSpan.FromMilliseconds(1), _pace.Pause(1, inWork: 1, TimeSpan.Zero));
    }

    [Fact]
    public void A_server_that_became_quick_is_looked_at_at_once_again()
    {
        for (int i = 0; i < 100; i++) _pace.Served(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60));
        Assert.Equal(LookPace.FirstMax, _pace.BeforeFirst(1000));
        Assert.Equal(LookPace.PauseMax, _pace.Pause(1, 1000, TimeSpan.Zero));
        int proofs = 0;
        for (; _pace.BeforeFirst(1000) is var rest && rest > TimeSpan.Zero; proofs++) _pace.Served(TimeSpan.Zero, rest);
        Assert.InRange(proofs, 1, 100);
    }

    private int LooksWithin(TimeSpan time, int inWork)
    {
        int looks = 0;
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += _pace.Pause(looks, inWork, passed)) looks++;
        return looks;
    }
}
