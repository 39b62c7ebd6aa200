using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Zones;

/// <summary>Images made of earlier ones by differences are those that are built whole. Each life is drawn from its number.</summary>
public sealed class ZoneRevisionTests
{
    [Fact]
    public void A_revised_image_is_the_one_that_is_built_whole_and_the_earlier_ones_stay_as_they_were()
    {
        var refusals = new Dictionary<ZoneRevisionError, int>();
        int revised = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            List<PlainRecord> version = Plain(Zone(random, 1 + random.Next(700), 1));
            ZoneImage image = Image(Content(version));
            var earlier = new List<(List<PlainRecord> Version, ZoneImage Image)>();
            for (uint serial = 2; serial < 14; serial++)
            {
                earlier.Add((version, image));
                List<PlainRecord> next = Plain(Changed(random, version, serial));
                DifferenceSequence difference = Between(version, next);
                ZoneRevisionError error = image.TryRevise(difference, Hash(next), out ZoneImage? after);
                refusals[error] = refusals.GetValueOrDefault(error) + 1;
                image = after ?? Image(Content(next));
                version = next;
                if (after is not null)
                {
                    AssertSame(version, image, $"seed {seed} serial {serial}");
                    revised++;
                }
                if (random.Next(4) == 0
                    && earlier[^1].Image.TryRevise(difference, Hash(version), out ZoneImage? twin) == ZoneRevisionError.None)
                    AssertSame(version, twin!, $"seed {seed} serial {serial}, once more");
            }
            foreach ((List<PlainRecord> old, ZoneImage itsImage) in earlier)
                AssertSame(old, itsImage, $"seed {seed} earlier {itsImage.Serial}");
        }
        Assert.InRange(revised, 300, 720);
        Assert.False(refusals.ContainsKey(ZoneRevisionError.Contradiction));
        Assert.True(refusals[ZoneRevisionError.TooMany] > 0 && refusals[ZoneRevisionError.Worn] > 0, string.Join(", ", refusals));
    }

    [Fact]
    public void Whatever_the_records_are_a_revision_is_right_or_refused()
    {
        int revised = 0;
        int mixed = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            List<PlainRecord> before = [.. Zone(random, 200 + random.Next(200), 1).DistinctBy(Key)];
            List<PlainRecord> after = [.. Changed(random, before, 2).DistinctBy(Key)];
            ZoneRevisionError error = Image(Content(before)).TryRevise(Between(before, after), Hash(after), out ZoneImage? image);
            mixed += error == ZoneRevisionError.MixedTtl ? 1 : 0;
            if (image is null) continue;
            revised++;
            Assert.Equal(Records(Image(Content(after))).Select(Folded), Records(image).Select(Folded));
        }
        Assert.True(revised > 10 && mixed > 10, $"{revised} revised, {mixed} mixed");
    }

    [Fact]
    public void Differences_that_do_not_fit_are_refused()
    {
        List<PlainRecord> zone = Plain(Zone(new Random(5), 60, 1));
        PlainRecord there = zone[7];
        PlainRecord absent = Record("absent.example.org.", RecordType.A, 192, 0, 2, 1);
        Assert.Equal(ZoneRevisionError.Contradiction, Revise(zone, [SoaRecord(1), absent, SoaRecord(2)]));
        Assert.Equal(ZoneRevisionError.Contradiction, Revise(zone, [SoaRecord(1), SoaRecord(2), there]));
        Assert.Equal(ZoneRevisionError.Contradiction, Revise(zone, [SoaRecord(9), SoaRecord(10)]));
        Assert.Equal(
            ZoneRevisionError.Contradiction, Revise(zone, [SoaRecord(1), absent, SoaRecord(2), absent, SoaRecord(2), SoaRecord(3)]));
        Assert.Equal(
            ZoneRevisionError.Contradiction, Revise(zone, [SoaRecord(1), SoaRecord(2), Record("example.net.", RecordType.A, 1, 2, 3, 4)]));
        Assert.Equal(ZoneRevisionError.None, Revise(zone, [SoaRecord(1), there, SoaRecord(2), absent]));
    }

    [Fact]
    public void A_change_costs_the_memory_of_the_change()
    {
        List<PlainRecord> zone =
        [
            SoaRecord(1),
            .. Enumerable.Range(0, 50_000).Select(i => Record($"h{i:x5}.example.org.", RecordType.A, 10, 0, (byte)(i >> 8), (byte)i)),
        ];
        ZoneImage image = Image(Content(zone));
        byte[] change = Octets([SoaRecord(1), zone[500], SoaRecord(2), Record("new.example.org.", RecordType.A, 1, 2, 3, 4)]);
        Assert.True(DifferenceSequence.TryLoad(Apex, change, out DifferenceSequence? difference));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(ZoneRevisionError.None, image.TryRevise(difference, default, out ZoneImage? revised));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(50_001, revised!.RecordCount);
        // Most of it is the end of the arenas, which grows by the double once and serves the changes that follow.
        Assert.InRange(allocated, 1, image.MemoryBytes);
        before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(DifferenceSequence.TryLoad(
            Apex, Octets([SoaRecord(2), zone[600], SoaRecord(3), zone[500]]), out DifferenceSequence? second));
        Assert.Equal(ZoneRevisionError.None, revised.TryRevise(second, default, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, image.MemoryBytes / 8);
    }

    [Fact]
    public void The_chain_of_NSEC_is_found_behind_much_glue()
    {
        var random = new Random(8);
        List<PlainRecord> zone = Plain(Zone(random, 900, 1));
        zone.Add(new PlainRecord(Apex, RecordType.NSEC, 300, Name("a.example.org.")));
        zone.AddRange(Enumerable.Range(0, 300).Select(i => Record($"g{i:x3}.example.org.", RecordType.A, 1, 1, 1, 1)));
        zone.AddRange(zone.Skip(1).Select(r => r.Owner).Distinct().Where(o => o != Apex && random.Next(9) == 0 && o.Wire[1] != (byte)'g')
            .Select(o => new PlainRecord(o, RecordType.NSEC, 300, Name("b.example.org."))).ToList());
        List<PlainRecord> after = Plain(Changed(random, zone, 2));
        if (after.TrueForAll(r => r.Type != RecordType.NSEC || r.Owner != Apex))
            after.Add(new PlainRecord(Apex, RecordType.NSEC, 300, Name("a.example.org.")));
        Assert.Equal(ZoneRevisionError.None, Image(Content(zone)).TryRevise(Between(zone, after), Hash(after), out ZoneImage? revised));
        foreach (ZoneImage image in (ZoneImage[])[Image(Content(after)), revised!])
        {
            Assert.True(image.Denial.HasNsec);
            int last = 0;
            foreach (int node in image.Nodes())
            {
                last = image.Has(node, RecordType.NSEC) ? node : last;
                Assert.Equal(last, image.Denial.NsecNode(node));
                // The key that comes right behind this one.
                byte[] key = [.. image.Key(node), 2, 0];
                Assert.Equal(image.Find(key) >= 0 ? image.Find(key) : last, image.Denial.NsecNode(image.Find(key)));
            }
        }
    }

    private static ZoneRevisionError Revise(List<PlainRecord> zone, PlainRecord[] difference)
    {
        Assert.True(DifferenceSequence.TryLoad(Apex, Octets(difference), out DifferenceSequence? sequence));
        return Image(Content(zone)).TryRevise(sequence, default, out _);
    }

    private static void AssertSame(List<PlainRecord> version, ZoneImage image, string what)
    {
        ZoneImage whole = Image(Content(version));
        Assert.True(whole.ContentEquals(image), what);
        Assert.Equal(
            (whole.RecordCount, whole.NodeCount, whole.Serial, whole.ContentHash),
            (image.RecordCount, image.NodeCount, image.Serial, image.ContentHash));
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        foreach (int node in whole.Nodes())
        {
            int found = image.Find(whole.Key(node));
            Assert.True(found >= 0 && image.Key(found).SequenceEqual(whole.Key(node)), what);
            whole.Key(node).CopyTo(key);
            key[whole.Key(node).Length] = 2;
            ReadOnlySpan<byte> behind = key[..(whole.Key(node).Length + 1)];
            Assert.Equal(whole.IsEmptyNonTerminal(whole.Find(behind), behind), image.IsEmptyNonTerminal(image.Find(behind), behind));
        }
    }

    /// <summary>Names in lower case and one TTL for each set, as servers send them.</summary>
    private static List<PlainRecord> Plain(IEnumerable<PlainRecord> records)
    {
        List<PlainRecord> folded = [.. records.Select(record => record with { Owner = record.Owner.Fold() }).DistinctBy(Key)];
        var lowest = folded.GroupBy(Set).ToDictionary(set => set.Key, set => set.Min(record => record.Ttl));
        return [.. folded.Select(record => record with { Ttl = lowest[Set(record)] })];
    }

    private static string Set(PlainRecord record) => $"{record.Owner} {record.Type}";

    private static List<PlainRecord> Changed(Random random, List<PlainRecord> before, uint serial)
    {
        int rarity = 5 + random.Next(200);
        List<PlainRecord> after =
        [
            SoaRecord(serial),
            .. before.Skip(1).Where(_ => random.Next(rarity) > 0)
                .Select(record => random.Next(rarity) == 0 ? record with { Ttl = record.Ttl + 1 } : record),
        ];
        int most = 1 + random.Next(random.Next(20) == 0 ? 300 : 20);
        after.AddRange(Enumerable.Range(0, random.Next(most)).Select(_ => Data(random)));
        return after;
    }

    private static DifferenceSequence Between(List<PlainRecord> from, List<PlainRecord> to)
    {
        Assert.True(ContentComparison.TryCompare(Content(from), Content(to), long.MaxValue, out DifferenceSequence? difference));
        return difference;
    }

    private static ContentHash Hash(List<PlainRecord> zone) => Content(zone).Hash;

    private static ZoneImage Image(ZoneContent content)
    {
        Assert.Equal(ZoneContentError.None, ZoneImage.TryBuild(content, out ZoneImage? image));
        return image!;
    }

    private static List<PlainRecord> Records(ZoneImage image)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.Equal(ZoneContentError.None, image.WriteTo(builder));
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        return ReadRecords(content);
    }

    private static string Folded(PlainRecord record) => (record with { Owner = record.Owner.Fold() }).ToString();
}
