using Agent.Actors.Guards;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Zones;

/// <summary>What guards say to new content beside what is served.</summary>
public sealed class ContentGuardTests
{
    private const string Key = "example. 60 IN DNSKEY 257 3 13 aaaa\n";
    private const string Signature = "example. 60 IN RRSIG SOA 13 1 60 20300101000000 20200101000000 1 example. aaaa\n";

    [Fact]
    public void A_zone_without_NS_at_its_apex_is_stopped_even_when_nothing_is_held()
    {
        Assert.Equal(ReasonCode.GuardApex, Judge(new GuardPolicy(), null, Zone(1, "www 60 IN NS ns1\n", hasApexServer: false)));
        Assert.Null(Judge(new GuardPolicy(), null, Zone(1)));
    }

    [Theory]
    [InlineData(100, 50, false)]
    [InlineData(100, 49, true)]
    [InlineData(19, 2, false)]
    [InlineData(20, 9, true)]
    [InlineData(20, 10, false)]
    [InlineData(20, 200, false)]
    public void More_than_the_share_may_not_go_of_a_zone_of_some_size(int before, int after, bool isStopped) =>
        Assert.Equal(isStopped ? ReasonCode.GuardShrink : null, Judge(new GuardPolicy(), WithRecords(before), WithRecords(after)));

    [Fact]
    public void More_than_a_number_may_not_go_when_one_is_set()
    {
        var policy = new GuardPolicy { ShrinkPercent = 100, ShrinkRecords = 5 };
        Assert.Null(Judge(policy, WithRecords(100), WithRecords(95)));
        Assert.Equal(ReasonCode.GuardShrink, Judge(policy, WithRecords(100), WithRecords(94)));
        Assert.Null(Judge(policy with { ShrinkRecords = 0 }, WithRecords(100), WithRecords(2)));
    }

    [Theory]
    [InlineData("", ReasonCode.GuardDnssec)]
    [InlineData(Key, ReasonCode.GuardDnssec)]
    [InlineData(Signature, ReasonCode.GuardDnssec)]
    [InlineData(Key + Signature, null)]
    public void A_signed_zone_stays_signed(string records, string? guard)
    {
        ZoneContent signed = Zone(1, Key + Signature);
        Assert.Equal(guard, Judge(new GuardPolicy(), signed, Zone(2, records)));
        Assert.Null(Judge(new GuardPolicy { KeepsDnssec = false }, signed, Zone(2, records)));
        Assert.Null(Judge(new GuardPolicy(), Zone(1), Zone(2, records)));
    }

    [Fact]
    public void What_is_served_is_read_for_its_signatures_once()
    {
        var served = new CountedContent(Zone(1, Key + Signature));
        foreach (uint serial in (uint[])[2, 3]) Assert.Equal(ReasonCode.GuardDnssec, Judge(new GuardPolicy(), served, Zone(serial)));
        Assert.Equal(1, served.Readings);
    }

    [Fact]
    public void What_was_judged_itself_is_not_read_again_when_it_is_served()
    {
        var first = new CountedContent(Zone(1));
        Assert.Null(Judge(new GuardPolicy(), null, first));
        int readings = first.Readings;
        Assert.Null(Judge(new GuardPolicy(), first, Zone(2)));
        Assert.Equal(readings, first.Readings);
    }

    [Fact]
    public void Records_that_are_not_of_the_zone_are_left_out_or_stop_it()
    {
        Assert.Null(Judge(new GuardPolicy(), null, Zone(1), outOfZone: 3));
        var strict = new GuardPolicy { StopsOutOfZone = true };
        Assert.Null(Judge(strict, null, Zone(1)));
        Assert.Equal(ReasonCode.GuardOutOfZone, Judge(strict, null, Zone(1), outOfZone: 3));
    }

    [Theory]
    [InlineData(ZoneDigestRule.Off, null, null)]
    [InlineData(ZoneDigestRule.WhenPresent, null, ReasonCode.GuardZonemd)]
    [InlineData(ZoneDigestRule.Required, ReasonCode.GuardZonemd, ReasonCode.GuardZonemd)]
    public void The_digest_counts_as_the_rule_says(ZoneDigestRule rule, string? without, string? withWrong)
    {
        var policy = new GuardPolicy { Digest = rule };
        Assert.Equal(without, Judge(policy, null, Zone(1)));
        Assert.Equal(withWrong, Judge(policy, null, Zone(1, $"example. 60 IN ZONEMD 1 1 1 {new string('0', 96)}\n")));
    }

    [Fact]
    public void A_new_content_whose_apex_is_known_is_read_for_its_digest_alone()
    {
        var plain = new CountedContent(Zone(1, Key + Signature));
        Assert.Null(ContentGuards.Judge(new GuardPolicy(), Zone(1), plain, ApexTraits.Of(Zone(1, Key + Signature)), 0));
        Assert.Equal(0, plain.Readings);
        string digest = $"example. 60 IN ZONEMD 1 1 1 {new string('0', 96)}\n";
        var withDigest = new CountedContent(Zone(1, digest));
        Reason? reason = ContentGuards.Judge(new GuardPolicy(), null, withDigest, ApexTraits.Of(Zone(1, digest)), 0);
        Assert.Equal(ReasonCode.GuardZonemd, reason?.Code);
    }

    private static string? Judge(GuardPolicy policy, ZoneContent? served, ZoneContent fresh, long outOfZone = 0) =>
        ContentGuards.Judge(policy, served, fresh, ApexTraits.Of(fresh), outOfZone)?.Code;

    /// <summary>A zone of exactly so many records, SOA and NS among them.</summary>
    private static ZoneContent WithRecords(int records) =>
        Zone(1, string.Concat(Enumerable.Range(0, records - 2).Select(i => $"host{i} 60 IN A 192.0.2.{i % 250}\n")));

    private static ZoneContent Zone(uint serial, string records = "", bool hasApexServer = true)
    {
        string text = $"$ORIGIN example.\nexample. 60 IN SOA ns1 admin {serial} 1800 900 604800 60\n"
            + (hasApexServer ? "example. 60 IN NS ns1\n" : "") + records;
        bool isRead = ZoneFileReader.TryParse(text, DomainName.Parse("example."), out MemoryZoneContent? content, out ZoneFileError? error);
        Assert.True(isRead, error?.ToString());
        Assert.NotNull(content);
        return content;
    }

    private sealed class CountedContent(ZoneContent content) : ZoneContent(content.Facts)
    {
        public int Readings { get; private set; }

        public override RecordStream Open()
        {
            Readings++;
            return content.Open();
        }
    }
}
