using Agent.Actors.Backends;
using Agent.Backends.PowerDns;
using Agent.Backends.PowerDnsSql;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>A known change comes to the rows that the whole zone comes to.</summary>
public sealed class RowChangeTests
{
    private const int Seeds = 40;

    private static readonly DomainName Zone = DomainName.Parse("changes.example.");

    /// <summary>By name: no keys, PowerDNS's keys, the master's.</summary>
    private static readonly Dictionary<string, DenialOrder> Orders = new(StringComparer.Ordinal)
    {
        ["none"] = DenialOrder.None,
        ["nsec"] = new(IsSigned: true, Salt: null, 0, IsOptOut: false, IsNarrow: false),
        ["nsec3"] = new(IsSigned: true, "ab12", 1, IsOptOut: false, IsNarrow: false),
        ["nsec3 opt-out"] = new(IsSigned: true, "", 0, IsOptOut: true, IsNarrow: false),
        ["nsec3 narrow"] = new(IsSigned: true, "", 0, IsOptOut: false, IsNarrow: true),
        ["nsec3 narrow opt-out"] = new(IsSigned: true, "", 0, IsOptOut: true, IsNarrow: true),
        ["master's nsec"] = new(IsSigned: true, Salt: null, 0, IsOptOut: false, IsNarrow: false) { IsByMaster = true },
        ["master's nsec3"] = new(IsSigned: true, "ab12", 1, IsOptOut: false, IsNarrow: false) { IsByMaster = true },
        ["master's nsec3 opt-out"] = new(IsSigned: true, "", 0, IsOptOut: true, IsNarrow: false) { IsByMaster = true },
    };

    public static TheoryData<string> Ways => [.. Orders.Keys];

    [Theory]
    [MemberData(nameof(Ways))]
    public void The_rows_are_those_of_the_whole_zone(string way)
    {
        DenialOrder order = Orders[way];
        int known = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            List<PlainRecord> first = DelegatingZones.Create(random, Zone, 40 + random.Next(80));
            List<PlainRecord> second = DelegatingZones.Change(random, first, 2, most: 6);
            (ZoneContent before, ZoneContent after) = (Make(first, order), Make(second, order));
            KnownHistory history = new();
            history.Add(before, after);
            MasterChain? chainBefore = MasterChain.Of(before);
            MasterChain? chainAfter = MasterChain.Of(after);
            Assert.Equal((order.IsByMaster, order.IsByMaster), (chainBefore is not null, chainAfter is not null));
            ZoneShape shapeBefore = ZoneShape.Of(before, order, chainBefore);
            ZoneShape shapeAfter = ZoneShape.Of(after, order, chainAfter);

            RowChange? change = RowChange.Of(
                new ApplyZone(0, Zone, after) { History = history },
                new WrittenZone(before.Hash, order, shapeBefore.EmptyCount),
                order, chainAfter);

            if (change is null)
                continue;
            known++;
            Assert.Equal(
                Bag(ZoneRows.Of(before, shapeBefore).Where(row => change.Names.Contains(row.Name)).Select(row => row.Digest())),
                Bag(change.Before));
            Dictionary<UInt128, int> gone = new(change.Gone);
            List<RecordRow> left = [.. ZoneRows.Of(before, shapeBefore).Where(row => !gone.Take(row.Digest()))];
            Assert.Empty(gone);
            Assert.Equal(
                ZoneRows.Of(after, shapeAfter).Select(Text).Order(StringComparer.Ordinal),
                left.Concat(change.Added).Select(Text).Order(StringComparer.Ordinal));
            Assert.Equal(shapeAfter.EmptyCount, change.EmptyNames);
        }

        Assert.True(known > Seeds / 4, $"only {known} changes of {Seeds} were not for the whole table");
    }

    [Fact]
    public void What_is_not_known_or_more_than_a_quarter_is_for_the_whole_table()
    {
        ZoneContent before = SmallZone.Create(Zone, 1, hosts: 40);
        ZoneContent near = SmallZone.Create(Zone, 2, hosts: 41);
        ZoneContent far = SmallZone.Create(Zone, 3, hosts: 80);
        KnownHistory history = new();
        history.Add(before, near);
        history.Add(near, far);
        WrittenZone written = new(before.Hash, DenialOrder.None, 0);
        ApplyZone order = new(0, Zone, near) { History = history };

        Assert.NotNull(RowChange.Of(order, written, DenialOrder.None, chain: null));
        Assert.Null(RowChange.Of(order with { History = null }, written, DenialOrder.None, chain: null));
        Assert.Null(RowChange.Of(order with { Content = far }, written, DenialOrder.None, chain: null));
        Assert.Null(RowChange.Of(order, written with { Content = far.Hash }, DenialOrder.None, chain: null));
        Assert.Null(RowChange.Of(order, written with { EmptyNames = ZoneShape.EmptyNamesMax + 1 }, DenialOrder.None, chain: null));
        // Keys have come since.
        Assert.Null(RowChange.Of(order, written, Orders["nsec"], chain: null));
    }

    private static ZoneContent Make(List<PlainRecord> records, DenialOrder order) =>
        Content(order.IsByMaster ? FakeSigner.Sign(records, order) : records);

    private static string Text(RecordRow row) => $"{row}";

    private static IEnumerable<(UInt128, int)> Bag(IEnumerable<UInt128> digests) =>
        digests.GroupBy(digest => digest).Select(group => (group.Key, group.Count())).Order();

    private static IEnumerable<(UInt128, int)> Bag(Dictionary<UInt128, int> bag) => bag.Select(pair => (pair.Key, pair.Value)).Order();
}
