using System.Security.Cryptography;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Dns.Zones;

/// <summary>Digests of zones, against the examples of RFC 8976 appendix A.</summary>
public sealed class ZoneDigestTests
{
    private const string SimpleDigest = "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c";
    private const string ComplexDigest = "a3b69bad980a3504e1cffcb0fd6397f93848071c93151f552ae2f6b1711d4bd2d8b39808226d7b9db71e34b72077f8fe";
    private const string Head = """
        $ORIGIN example.
        example. 86400 IN SOA ns1 admin 2018031900 1800 900 604800 86400
        example. 86400 IN NS ns1
        example. 86400 IN NS ns2
        ns1 3600 IN A 203.0.113.63

        """;

    private const string SimpleZone = Head + "ns2 3600 IN AAAA 2001:db8::63\n";

    private const string ComplexZone = Head + """
        NS2 3600 IN AAAA 2001:db8::63
        occluded.sub 7200 IN TXT "I'm occluded but must be digested"
        sub 7200 IN NS ns1
        duplicate 300 IN TXT "I must be digested just once"
        duplicate 300 IN TXT "I must be digested just once"
        UPPERCASE 3600 IN TXT "canonicalize uppercase owner names"
        * 777 IN PTR dont-forget-about-wildcards
        mail 3600 IN MX 20 MAIL1
        mail 3600 IN MX 10 Mail2.Example.
        sortme 3600 IN AAAA 2001:db8::5:61
        sortme 3600 IN AAAA 2001:db8::3:62
        sortme 3600 IN AAAA 2001:db8::4:63
        sortme 3600 IN AAAA 2001:db8::1:65
        sortme 3600 IN AAAA 2001:db8::2:64
        non-apex 900 IN ZONEMD 2018031900 1 1 616c6c6f776564206275742069676e6f7265642e20616c6c6f776564 206275742069676e6f7265642e20616c6c6f7765

        """;

    [Theory]
    [InlineData(SimpleZone, SimpleDigest)]
    [InlineData(ComplexZone, ComplexDigest)]
    public void Fits_the_examples_of_the_standard(string zone, string digest)
    {
        ZoneContent content = Parse(zone + Zonemd(2018031900, 1, 1, digest));
        Assert.Equal(digest, Convert.ToHexStringLower(ZoneDigest.Compute(content, HashAlgorithmName.SHA384)));
        Assert.Equal(ZoneDigestVerdict.Right, ZoneDigest.Verify(content));
    }

    [Fact]
    public void One_right_digest_of_several_is_enough()
    {
        string right = Convert.ToHexStringLower(ZoneDigest.Compute(Parse(SimpleZone), HashAlgorithmName.SHA512));
        Assert.Equal(128, right.Length);
        string wrong = Zonemd(2018031900, 1, 1, new string('0', 96));
        Assert.Equal(ZoneDigestVerdict.Wrong, Verify(SimpleZone + wrong));
        Assert.Equal(ZoneDigestVerdict.Right, Verify(SimpleZone + wrong + Zonemd(2018031900, 1, 2, right)));
    }

    [Fact]
    public void A_changed_record_is_found_out()
    {
        string digest = Zonemd(2018031900, 1, 1, SimpleDigest);
        string changed = SimpleZone.Replace("203.0.113.63", "203.0.113.64", StringComparison.Ordinal);
        Assert.Equal(ZoneDigestVerdict.Wrong, Verify(changed + digest));
        Assert.Equal(ZoneDigestVerdict.Wrong, Verify(SimpleZone.Replace("3600", "3601", StringComparison.Ordinal) + digest));
    }

    [Fact]
    public void Without_a_digest_that_can_be_computed_there_is_no_verdict()
    {
        Assert.Equal(ZoneDigestVerdict.Absent, Verify(SimpleZone));
        Assert.Equal(ZoneDigestVerdict.Unsupported, Verify(SimpleZone + Zonemd(2018031900, 240, 1, SimpleDigest)));
        Assert.Equal(ZoneDigestVerdict.Unsupported, Verify(SimpleZone + Zonemd(2018031900, 1, 241, SimpleDigest)));
    }

    [Fact]
    public void A_digest_of_another_serial_or_two_of_one_kind_do_not_count()
    {
        Assert.Equal(ZoneDigestVerdict.Wrong, Verify(SimpleZone + Zonemd(2018031901, 1, 1, SimpleDigest)));
        Assert.Equal(ZoneDigestVerdict.Wrong, Verify(
            SimpleZone + Zonemd(2018031900, 1, 1, SimpleDigest) + Zonemd(2018031900, 1, 1, new string('0', 96))));
    }

    [Fact]
    public void Neither_order_nor_case_of_names_matters()
    {
        string shuffled = """
            $ORIGIN example.
            eXample. 86400 IN SOA NS1 Admin 2018031900 1800 900 604800 86400
            NS2 3600 IN AAAA 2001:db8::63
            ns1 3600 IN A 203.0.113.63
            example. 86400 IN NS Ns2
            example. 86400 IN NS ns1

            """;
        Assert.Equal(ZoneDigestVerdict.Right, Verify(shuffled + Zonemd(2018031900, 1, 1, SimpleDigest)));
    }

    private static string Zonemd(uint serial, int scheme, int algorithm, string digest) =>
        $"example. 86400 IN ZONEMD {serial} {scheme} {algorithm} {digest}\n";

    private static ZoneDigestVerdict Verify(string zone) => ZoneDigest.Verify(Parse(zone));

    private static ZoneContent Parse(string zone)
    {
        bool isRead = ZoneFileReader.TryParse(zone, DomainName.Parse("example."), out MemoryZoneContent? content, out ZoneFileError? error);
        Assert.True(isRead, error?.ToString());
        Assert.NotNull(content);
        return content;
    }
}
