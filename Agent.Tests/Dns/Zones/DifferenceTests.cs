using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Zones;

/// <summary>Differences between contents: found, folded, applied, and refused. Each round is drawn from its number.</summary>
public sealed class DifferenceTests
{
    [Fact]
    public void What_leads_from_one_content_to_another_applied_gives_the_other()
    {
        int ordered = 0;
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            List<PlainRecord> before = Distinct(Zone(random, 1 + random.Next(40), 1));
            List<PlainRecord> after = Changed(random, before, 2);
            bool isOrdered = random.Next(2) == 0;
            MemoryZoneContent a = Content(isOrdered ? Ordered(before) : before);
            MemoryZoneContent b = Content(isOrdered ? Ordered(after) : after);

            Assert.True(ContentComparison.TryCompare(a, b, long.MaxValue, out DifferenceSequence? difference), $"seed {seed}");
            MemoryZoneContent result = Apply(a, difference);

            Assert.True(Sets(b).SetEquals(Sets(result)), $"seed {seed}");
            Assert.Equal(2u, result.Serial);
            Assert.Equal(b.RecordCount, result.RecordCount);
            if (!isOrdered) continue;
            ordered++;
            AssertOrdered(result);
        }

        Assert.InRange(ordered, 500, 1000);
    }

    [Fact]
    public void A_chain_folded_is_the_same_as_its_steps_one_by_one_and_as_the_naive_way()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            List<PlainRecord> version = Distinct(Zone(random, 1 + random.Next(30), uint.MaxValue - 1));
            MemoryZoneContent start = Content(version);
            MemoryZoneContent stepwise = start;
            var chain = new List<byte>();
            for (uint step = 0; step < 4; step++)
            {
                List<PlainRecord> next = Changed(random, version, unchecked(uint.MaxValue + step));
                Assert.True(ContentComparison.TryCompare(
                    Content(version), Content(next), long.MaxValue, out DifferenceSequence? difference), $"seed {seed}");
                stepwise = Apply(stepwise, difference);
                chain.AddRange(difference.Octets.Span);
                version = next;
            }

            Assert.True(DifferenceSequence.TryLoad(Apex, [.. chain], out DifferenceSequence? whole));
            MemoryZoneContent folded = Apply(start, whole);

            Assert.Equal(4, whole.StepCount);
            Assert.True(Sets(folded).SetEquals(Sets(stepwise)), $"seed {seed}");
            Assert.True(Sets(folded).SetEquals(Naive(start, whole)!), $"seed {seed}");
            Assert.Equal(Apply(start, whole).Hash, folded.Hash);
            Assert.True(ContentChange.TryFold(whole, out ContentChange? change), $"seed {seed}");
            HashSet<string> changed = WithoutSoa(start);
            foreach (PlainRecord gone in Records(change.Deleted)) Assert.True(changed.Remove(Line(gone)), $"seed {seed}: {gone}");
            foreach (PlainRecord come in Records(change.Added)) Assert.True(changed.Add(Line(come)), $"seed {seed}: {come}");
            Assert.True(changed.SetEquals(WithoutSoa(folded)), $"seed {seed}");
        }
    }

    [Fact]
    public void A_change_that_does_not_fit_is_refused_as_the_naive_way_refuses_it()
    {
        int refused = 0;
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            List<PlainRecord> before = Distinct(Zone(random, 10, 1));
            List<PlainRecord> records = [SoaRecord(1), .. Picked(random, before), SoaRecord(2), .. Picked(random, before), Data(random)];
            if (random.Next(8) == 0) records[0] = records[0] with { Rdata = Soa(1, minimum: 61) };
            Assert.True(DifferenceSequence.TryLoad(Apex, Octets(records), out DifferenceSequence? difference));
            MemoryZoneContent content = Content(before);

            ZoneDiffError error = TryApply(content, difference, out MemoryZoneContent? result);

            HashSet<string>? expected = Naive(content, difference);
            Assert.True((expected is null) == (error != ZoneDiffError.None), $"seed {seed}: {error}");
            if (expected is null) refused++;
            else Assert.True(expected.SetEquals(Sets(result!)), $"seed {seed}");
        }

        Assert.InRange(refused, 500, 2900);
    }

    [Fact]
    public void Names_in_another_case_are_the_same_record_and_the_new_spelling_stays()
    {
        MemoryZoneContent content = Content(SoaRecord(1), Record("a.example.org.", RecordType.CNAME, Name("Target.example.org.")));
        byte[] octets = Octets(
        [
            SoaRecord(1), Record("A.EXAMPLE.org.", RecordType.CNAME, Name("tARGET.example.org.")),
            SoaRecord(2), Record("a.Example.org.", RecordType.CNAME, Name("target.EXAMPLE.org.")),
        ]);
        Assert.True(DifferenceSequence.TryLoad(Apex, octets, out DifferenceSequence? difference));

        List<PlainRecord> result = ReadRecords(Apply(content, difference));

        Assert.Equal(2, result.Count);
        Assert.Equal(Name("target.EXAMPLE.org."), result[1].Rdata);
    }

    [Fact]
    public void A_record_that_a_master_sent_twice_goes_with_both_of_its_copies()
    {
        PlainRecord twice = Record("a.example.org.", RecordType.A, 192, 0, 2, 1);
        PlainRecord stays = Record("b.example.org.", RecordType.A, 192, 0, 2, 2);
        MemoryZoneContent content = Content(SoaRecord(1), twice, twice with { Owner = DomainName.Parse("A.example.org.") }, stays);
        Assert.True(DifferenceSequence.TryLoad(Apex, Octets([SoaRecord(1), twice, SoaRecord(2)]), out DifferenceSequence? difference));

        Assert.Equal([RecordType.SOA, RecordType.A], ReadRecords(Apply(content, difference)).Select(record => record.Type));
    }

    [Theory]
    [InlineData(1, 2, 2, 3, true)]
    [InlineData(1, 2, 3, 4, false)]
    [InlineData(1, 1, 1, 2, false)]
    [InlineData(2, 1, 1, 3, false)]
    [InlineData(1, 0x80000001, 0x80000001, 0x80000002, false)]
    [InlineData(0xFFFFFFFF, 0, 0, 1, true)]
    public void Steps_must_follow_each_other(uint from1, uint to1, uint from2, uint to2, bool fits)
    {
        byte[] octets = Octets([SoaRecord(from1), SoaRecord(to1), SoaRecord(from2), SoaRecord(to2)]);

        Assert.Equal(fits, DifferenceSequence.TryLoad(Apex, octets, out DifferenceSequence? sequence));
        if (fits)
        {
            Assert.Equal((from1, to2, 2), (sequence!.FromSerial, sequence.ToSerial, sequence.StepCount));
            Assert.True(sequence.TryFrom(from2, out ReadOnlyMemory<byte> rest));
            Assert.Equal(octets.Length / 2, rest.Length);
            Assert.False(sequence.TryFrom(to2, out _));
        }
    }

    [Fact]
    public void Half_a_step_is_none()
    {
        Assert.False(DifferenceSequence.TryLoad(Apex, [], out _));
        Assert.False(DifferenceSequence.TryLoad(Apex, Octets([SoaRecord(1)]), out _));
        Assert.False(DifferenceSequence.TryLoad(Apex, Octets([SoaRecord(1), SoaRecord(2), SoaRecord(2)]), out _));
        Assert.False(DifferenceSequence.TryLoad(Apex, Octets([Data(new Random(1)), SoaRecord(1), SoaRecord(2)]), out _));
        Assert.False(DifferenceSequence.TryLoad(Apex, Octets([SoaRecord(1), SoaRecord(2)])[..^1], out _));
    }

    [Fact]
    public void What_is_larger_than_the_bound_is_no_difference()
    {
        var random = new Random(3);
        List<PlainRecord> before = Zone(random, 30, 1);
        MemoryZoneContent from = Content(before);
        MemoryZoneContent to = Content(Changed(random, before, 2));

        Assert.False(ContentComparison.TryCompare(from, to, 100, out _));
        Assert.True(ContentComparison.TryCompare(from, to, 100_000, out _));
        Assert.False(ContentComparison.TryCompare(to, from, 100_000, out _));
    }

    [Fact]
    public void A_limit_of_the_zone_holds_for_what_differences_lead_to()
    {
        byte[] octets = Octets([SoaRecord(1), SoaRecord(2), Record("a.example.org.", RecordType.A, 192, 0, 2, 1)]);
        Assert.True(DifferenceSequence.TryLoad(Apex, octets, out DifferenceSequence? difference));
        using var builder = ZoneContentBuilder.InMemory(new ZoneContentLimits(1, long.MaxValue));
        Assert.Equal(ZoneDiffError.None, DifferenceFold.TryFold(Apex, difference, out DifferenceFold? fold));
        using RecordStream from = Content(SoaRecord(1)).Open();

        Assert.Equal(ZoneDiffError.BadContent, fold!.TryApply(from, builder));
        Assert.Equal(ZoneContentError.TooManyRecords, builder.Error);
        fold.Dispose();
    }

    private static MemoryZoneContent Apply(ZoneContent from, DifferenceSequence difference)
    {
        Assert.Equal(ZoneDiffError.None, TryApply(from, difference, out MemoryZoneContent? to));
        return to!;
    }

    private static ZoneDiffError TryApply(ZoneContent from, DifferenceSequence difference, out MemoryZoneContent? to)
    {
        to = null;
        ZoneDiffError error = DifferenceFold.TryFold(from.Apex, difference, out DifferenceFold? fold);
        if (error != ZoneDiffError.None) return error;
        using (fold)
        using (var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None))
        using (RecordStream records = from.Open())
        {
            error = fold!.TryApply(records, builder);
            if (error == ZoneDiffError.None) Assert.True(builder.TryBuild(out to));
            return error;
        }
    }

    /// <summary>The second opinion: a set of lines that each step takes lines from and adds lines to; null when it cannot.</summary>
    private static HashSet<string>? Naive(ZoneContent from, DifferenceSequence difference)
    {
        var lines = ReadRecords(from).ToDictionary(Key, record => record);
        bool isAdding = true;
        foreach (PlainRecord record in Records(difference.Octets))
        {
            if (record.Type == RecordType.SOA) isAdding = !isAdding;
            if (!(isAdding ? lines.TryAdd(Key(record), record) : lines.Remove(Key(record)))) return null;
        }

        return [.. lines.Values.Select(Line)];
    }

    // Records of one name may spell it differently; a difference has one spelling for all of them.
    private static string Line(PlainRecord record) => $"{Key(record)} {record.Ttl}";

    private static HashSet<string> WithoutSoa(ZoneContent content) =>
        [.. ReadRecords(content).Where(record => record.Type != RecordType.SOA).Select(Line)];

    private static List<PlainRecord> Records(ReadOnlyMemory<byte> octets)
    {
        var plain = new List<PlainRecord>();
        using var records = new RecordStream(octets);
        while (records.TryRead(out StoredRecord record))
        {
            Assert.True(DomainName.TryFromWire(record.Owner, out DomainName? owner));
            plain.Add(new PlainRecord(owner, record.Type, record.Ttl, record.Rdata.ToArray()));
        }

        return plain;
    }

    private static HashSet<string> Sets(ZoneContent content) => [.. ReadRecords(content).Select(Line)];

    private static List<PlainRecord> Changed(Random random, List<PlainRecord> before, uint serial)
    {
        var after = new List<PlainRecord> { SoaRecord(serial) };
        foreach (PlainRecord record in before.Skip(1))
        {
            int fate = random.Next(10);
            if (fate == 0) continue;
            after.Add(fate == 1 ? record with { Ttl = record.Ttl + 1 } : record);
        }

        HashSet<string> keys = [.. after.Select(Key)];
        for (int i = random.Next(10); i > 0; i--)
        {
            PlainRecord record = Data(random);
            if (keys.Add(Key(record))) after.Add(record);
        }

        return after;
    }

    private static List<PlainRecord> Distinct(IEnumerable<PlainRecord> records) => [.. records.DistinctBy(Key)];

    private static IEnumerable<PlainRecord> Picked(Random random, List<PlainRecord> records) =>
        records.Skip(1).Where(_ => random.Next(12) == 0).DistinctBy(Key);

    private static List<PlainRecord> Ordered(List<PlainRecord> records) =>
    [
        records[0],
        .. records.Skip(1).OrderBy(record => record.Owner, Comparer<DomainName>.Create((x, y) => NameBytes.Compare(x.Wire, y.Wire))),
    ];

    private static void AssertOrdered(ZoneContent content)
    {
        List<PlainRecord> records = ReadRecords(content);
        Assert.All(
            records.Zip(records.Skip(1)), pair => Assert.True(NameBytes.Compare(pair.First.Owner.Wire, pair.Second.Owner.Wire) <= 0));
    }
}
