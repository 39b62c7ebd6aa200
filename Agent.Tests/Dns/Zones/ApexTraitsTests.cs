using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Dns.Zones;

/// <summary>What the apex has, as the one who writes a content sees it, record by record, and as one finds it who reads it.</summary>
public sealed class ApexTraitsTests
{
    private static readonly DomainName Apex = DomainName.Parse("example.org.");

    [Theory]
    [InlineData("", false, false, false, false)]
    [InlineData("@ NS ns1", true, false, false, false)]
    [InlineData("EXAMPLE.org. NS ns1", true, false, false, false)]
    [InlineData("@ DNSKEY 257 3 13 aaaa", false, true, false, false)]
    [InlineData("@ RRSIG SOA 13 2 60 20300101000000 20200101000000 1 @ aaaa", false, false, true, false)]
    [InlineData("@ RRSIG NS 13 2 60 20300101000000 20200101000000 1 @ aaaa", false, false, false, false)]
    [InlineData("@ ZONEMD 1 1 1 00", false, false, false, true)]
    [InlineData("@ NS ns1\n@ DNSKEY 257 3 13 aaaa\n@ ZONEMD 1 1 1 00", true, true, false, true)]
    [InlineData("sub NS ns1\nsub DNSKEY 257 3 13 aaaa\nsub ZONEMD 1 1 1 00", false, false, false, false)]
    [InlineData("@ A 192.0.2.1\n@ TXT ns\n@ CDNSKEY 257 3 13 aaaa", false, false, false, false)]
    public void Writer_and_reader_find_the_same(string records, bool hasNameServer, bool hasKey, bool hasSignature, bool hasDigest)
    {
        var expected = new ApexTraits(hasNameServer, hasKey, hasSignature, hasDigest);
        MemoryZoneContent content = Zone(1, records);
        Assert.Equal(expected, ApexTraits.Of(content));
        Assert.Equal(hasKey && hasSignature ? ContentSigning.Signed : ContentSigning.Unsigned, content.Signing);

        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        using RecordStream stream = content.Open();
        while (stream.TryRead(out StoredRecord record))
            Assert.True(builder.TryAppend(record));
        Assert.Equal(expected, builder.Traits);
        Assert.Equal(expected, AfterChange(content, Zone(2, records)));
    }

    /// <summary>Records that a difference leaves as they are pass the builder on another way.</summary>
    private static ApexTraits AfterChange(ZoneContent from, ZoneContent to)
    {
        Assert.True(ContentComparison.TryCompare(from, to, long.MaxValue, out DifferenceSequence? differences));
        Assert.Equal(ZoneDiffError.None, DifferenceFold.TryFold(Apex, differences, out DifferenceFold? fold));
        using (fold)
        {
            using RecordStream held = from.Open();
            using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
            Assert.Equal(ZoneDiffError.None, fold!.TryApply(held, builder));
            return builder.Traits;
        }
    }

    private static MemoryZoneContent Zone(uint serial, string records)
    {
        string text = $"$ORIGIN example.org.\n$TTL 60\n@ SOA ns1 admin {serial} 1800 900 604800 60\n{records}\n";
        Assert.True(ZoneFileReader.TryParse(text, Apex, out MemoryZoneContent? content, out ZoneFileError? error), error?.ToString());
        return content!;
    }
}
