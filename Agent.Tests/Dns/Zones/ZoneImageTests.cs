using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Zones;

public sealed class ZoneImageTests
{
    [Fact]
    public void An_image_holds_every_record_once_in_canonical_order()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            List<PlainRecord> zone = Zone(random, 1 + random.Next(200), 5);
            List<PlainRecord> doubled = [zone[0], .. zone.Skip(1).Concat(zone.Skip(1)).OrderBy(_ => random.Next())];
            ZoneImage image = Image(Content(doubled));
            Assert.Equal(zone.Count, image.RecordCount);
            Assert.Equal(5u, image.Serial);

            List<PlainRecord> written = Written(image);
            Assert.Equal(RecordType.SOA, written[0].Type);
            var owners = written.Skip(1).Select(record => record.Owner).ToList();
            Assert.Equal(owners.Order(), owners);
            Assert.Equal(Lowered(zone), written.Select(Line).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Names_are_found_whatever_their_case_and_empty_ones_are_seen()
    {
        ZoneImage image = Image(Content(SoaRecord(1), Record("a.b.C.example.org.", RecordType.A, 1, 2, 3, 4)));
        Assert.True(Find(image, "A.B.c.EXAMPLE.org.", out bool isEmpty) >= 0);
        Assert.True(Find(image, "b.c.example.org.", out isEmpty) < 0);
        Assert.True(isEmpty);
        Assert.True(Find(image, "x.c.example.org.", out isEmpty) < 0);
        Assert.False(isEmpty);
        Assert.Equal(0, Find(image, "example.org.", out _));
    }

    [Fact]
    public void Key_order_is_the_canonical_order_of_names()
    {
        var random = new Random(1);
        Span<byte> left = stackalloc byte[CanonicalKey.MaximumLength];
        Span<byte> right = stackalloc byte[CanonicalKey.MaximumLength];
        for (int round = 0; round < 20000; round++)
        {
            DomainName a = Owner(random);
            DomainName b = Owner(random);
            int leftLength = CanonicalKey.Write(a.Wire, Apex.Wire.Length, left);
            int rightLength = CanonicalKey.Write(b.Wire, Apex.Wire.Length, right);
            Assert.Equal(Math.Sign(a.CompareTo(b)), Math.Sign(left[..leftLength].SequenceCompareTo(right[..rightLength])));
            int compared = CanonicalKey.Compare(a.Wire, Apex.Wire.Length, right[..rightLength]);
            Assert.Equal(Math.Sign(a.CompareTo(b)), Math.Sign(compared));
            if (a.IsSameOrBelow(b))
                Assert.True(left[..leftLength].StartsWith(right[..rightLength]));
        }
    }

    [Fact]
    public void The_longest_names_have_keys()
    {
        DomainName name = DomainName.Root;
        while (name.TryPrepend([0], out DomainName? longer))
            name = longer;
        Assert.Equal(127, name.LabelCount);
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        Assert.Equal(127 * 3, CanonicalKey.Write(name.Wire, 1, key));
        var long63 = new byte[63];
        name = DomainName.Root;
        while (name.TryPrepend(long63, out DomainName? longer))
            name = longer;
        Assert.True(name.TryPrepend(new byte[61], out name!));
        Assert.Equal((63 * 3 + 61) * 2 + 4, CanonicalKey.Write(name.Wire, 1, key));
    }

    [Fact]
    public void A_set_has_its_lowest_TTL_and_signatures_have_their_own()
    {
        byte[] signature = [0, 1, 8, 2, .. new byte[14], 0, 1];
        byte[] other = [0, 28, 8, 2, .. new byte[14], 0, 1];
        ZoneImage image = Image(Content(
            SoaRecord(1),
            Record("x.example.org.", RecordType.A, 1, 1, 1, 1) with { Ttl = 500 },
            Record("x.example.org.", RecordType.A, 1, 1, 1, 2) with { Ttl = 200 },
            Record("x.example.org.", RecordType.RRSIG, signature) with { Ttl = 200 },
            Record("x.example.org.", RecordType.RRSIG, other) with { Ttl = 100 }));
        int node = Find(image, "x.example.org.", out _);
        Assert.True(image.TryGetRrset(node, RecordType.A, out RrsetView set));
        Assert.Equal((200u, 2), (set.Ttl, set.Count));
        Assert.True(image.TryGetSignatures(node, RecordType.A, out RrsetView signatures));
        Assert.Equal((200u, 1, RecordType.A), (signatures.Ttl, signatures.Count, signatures.Covered));
        Assert.True(image.TryGetSignatures(node, RecordType.AAAA, out signatures));
        Assert.Equal(100u, signatures.Ttl);
        Assert.False(image.TryGetSignatures(node, RecordType.MX, out _));
        Assert.False(image.Has(node, RecordType.TXT));
    }

    [Fact]
    public void Large_zones_stay_compact()
    {
        ZoneImage image = Image(Content(
        [
            SoaRecord(1),
            .. Enumerable.Range(0, 20000).Select(i => Record($"h{i}.example.org.", RecordType.A, 10, 0, (byte)(i >> 8), (byte)i)),
        ]));
        Assert.InRange(image.MemoryBytes / image.RecordCount, 1, 64);
    }

    private static ZoneImage Image(ZoneContent content)
    {
        Assert.Equal(ZoneContentError.None, ZoneImage.TryBuild(content, out ZoneImage? image));
        return image!;
    }

    private static int Find(ZoneImage image, string name, out bool isEmpty)
    {
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        int length = CanonicalKey.Write(Name(name), image.Apex.Wire.Length, key);
        int found = image.Find(key[..length]);
        isEmpty = found < 0 && image.IsEmptyNonTerminal(found, key[..length]);
        return found;
    }

    private static List<PlainRecord> Written(ZoneImage image)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.Equal(ZoneContentError.None, image.WriteTo(builder));
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        return ReadRecords(content);
    }

    private static IEnumerable<string> Lowered(List<PlainRecord> zone)
    {
        var lowest = zone.GroupBy(Set).ToDictionary(set => set.Key, set => set.Min(record => record.Ttl));
        return zone.Select(record => Line(record with { Ttl = lowest[Set(record)] })).Order(StringComparer.Ordinal);
    }

    private static string Set(PlainRecord record) => $"{record.Owner.Fold()} {record.Type}";

    private static string Line(PlainRecord record) => (record with { Owner = record.Owner.Fold() }).ToString();
}
