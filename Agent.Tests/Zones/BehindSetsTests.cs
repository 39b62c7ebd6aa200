using Agent.Actors.Journal;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Zones;

public sealed class BehindSetsTests
{
    [Fact]
    public void The_same_targets_have_the_same_number_until_there_are_too_many()
    {
        var sets = new BehindSets();
        Assert.Equal(0, sets.NumberOf(Deleted()));
        int first = sets.NumberOf(Deleted("ns1", "ns2"));
        Assert.Equal(first, sets.NumberOf(Deleted("ns1", "ns2")));
        Assert.Equal(["ns1", "ns2"], sets[first].AsEnumerable());
        Assert.NotEqual(first, sets.NumberOf(Deleted("ns1")));
        int[] more = [.. Enumerable.Range(0, 20).Select(number => sets.NumberOf(Deleted($"t{number}")))];
        Assert.Equal(12, more.Distinct().Count(number => number != BehindSets.Unnumbered));
        Assert.Equal(BehindSets.Unnumbered, more[^1]);
        Assert.Equal(first, sets.NumberOf(Deleted("ns1", "ns2")));
    }

    [Fact]
    public void A_zone_without_content_is_wanted_of_nobody()
    {
        Assert.Empty(BehindSets.Of(null));
        Assert.Empty(BehindSets.Of(Deleted("ns1") with { Wish = ZoneWish.Present }));
        Assert.Equal(["ns1"], BehindSets.Of(Deleted("ns1")).AsEnumerable());
    }

    /// <summary>A zone that some targets have yet, and one has not any more.</summary>
    private static ZoneRow Deleted(params string[] behind) => new()
    {
        Name = DomainName.Parse("example."),
        Wish = ZoneWish.Absent,
        Generation = 1,
        ChangedAt = DateTimeOffset.UnixEpoch,
        Targets =
        [
            new TargetProgress("gone", TargetZoneState.Verified, null, null, null),
            .. behind.Select(name => new TargetProgress(name, TargetZoneState.Pending, 1, null, null)),
        ],
    };
}
