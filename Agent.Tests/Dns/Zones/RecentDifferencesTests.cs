using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Zones;

public sealed class RecentDifferencesTests
{
    private readonly List<MemoryZoneContent> _versions =
        [.. Enumerable.Range(1, 80).Select(i => Content(SoaRecord((uint)i), Record($"n{i:x2}.example.org.", RecordType.A, 1, 2, 3, 4)))];

    [Fact]
    public void Steps_are_joined_from_any_version_to_any_later_one()
    {
        RecentDifferences recent = Noted(1 << 20, 1, 2, 3, 4);
        Assert.True(recent.TryFind(Apex, _versions[0].Hash, _versions[4].Hash, out DifferenceSequence? differences));
        Assert.Equal((1u, 5u, 4), (differences.FromSerial, differences.ToSerial, differences.StepCount));
        Assert.True(recent.TryFind(Apex, _versions[3].Hash, _versions[4].Hash, out differences));
        Assert.Equal((4u, 5u, 1), (differences.FromSerial, differences.ToSerial, differences.StepCount));
    }

    [Fact]
    public void What_is_not_known_is_not_found()
    {
        RecentDifferences recent = Noted(1 << 20, 1, 3);
        Assert.False(recent.TryFind(Apex, _versions[0].Hash, _versions[3].Hash, out _));
        Assert.False(recent.TryFind(Apex, _versions[1].Hash, _versions[0].Hash, out _));
        Assert.False(recent.TryFind(Apex, _versions[0].Hash, _versions[0].Hash, out _));
        Assert.False(Noted(0, 1).TryFind(Apex, _versions[0].Hash, _versions[1].Hash, out _));
    }

    [Fact]
    public void The_oldest_go_when_there_are_too_many_octets_and_far_ways_are_not_gone()
    {
        int one = Between(1).Octets.Length;
        RecentDifferences recent = Noted(3 * one, 1, 2, 3, 4);
        Assert.False(recent.TryFind(Apex, _versions[0].Hash, _versions[4].Hash, out _));
        Assert.True(recent.TryFind(Apex, _versions[1].Hash, _versions[4].Hash, out _));
        RecentDifferences far = Noted(1 << 20, [.. Enumerable.Range(1, 79)]);
        Assert.False(far.TryFind(Apex, _versions[0].Hash, _versions[79].Hash, out _));
        Assert.True(far.TryFind(Apex, _versions[40].Hash, _versions[79].Hash, out _));
    }

    private RecentDifferences Noted(long largestTotal, params int[] versions)
    {
        var recent = new RecentDifferences(largestTotal);
        foreach (int version in versions)
            recent.Note(_versions[version].Hash, new ContentOrigin(_versions[version - 1].Hash, Between(version)));
        return recent;
    }

    private DifferenceSequence Between(int version)
    {
        Assert.True(ContentComparison.TryCompare(
            _versions[version - 1], _versions[version], long.MaxValue, out DifferenceSequence? differences));
        return differences;
    }
}
