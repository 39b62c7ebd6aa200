using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

/// <summary>Text and wire as the standards print them side by side, and the variants of text that mean the same.</summary>
public class RdataVectorTests
{
    [Theory]

    // RFC 9460 appendix D.
    [InlineData(RecordType.SVCB, "0 foo.example.com.", "000003666f6f076578616d706c6503636f6d00")]
    [InlineData(RecordType.SVCB, "1 .", "000100")]
    [InlineData(RecordType.SVCB, "16 foo.example.com. port=53", "001003666f6f076578616d706c6503636f6d00000300020035")]
    [InlineData(RecordType.SVCB, "1 foo.example.com. key667=hello", "000103666f6f076578616d706c6503636f6d00029b000568656c6c6f")]
    [InlineData(
        RecordType.SVCB,
        "1 foo.example.com. key667=\"hello\\210qoo\"",
        "000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f")]
    [InlineData(
        RecordType.SVCB,
        "1 foo.example.com. ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
        "000103666f6f076578616d706c6503636f6d000006002020010db800000000000000000000000120010db8000000000000000000530001")]
    [InlineData(
        RecordType.SVCB,
        "16 foo.example.org. ( alpn=h2,h3-19 mandatory=ipv4hint,alpn\n ipv4hint=192.0.2.1 ) ; a comment",
        "001003666f6f076578616d706c65036f72670000000004000100040001000902683205" + "68332d31390004" + "0004c0000201")]
    [InlineData(
        RecordType.SVCB,
        @"16 foo.example.org. alpn=""f\\\\oo\\,bar,h2""",
        "001003666f6f076578616d706c65036f72670000" + "01000c08665c6f6f2c626172026832")]
    [InlineData(
        RecordType.SVCB,
        @"16 foo.example.org. alpn=f\\\092oo\092,bar,h2",
        "001003666f6f076578616d706c65036f72670000" + "01000c08665c6f6f2c626172026832")]

    // RFC 4034 4.3.
    [InlineData(
        RecordType.NSEC,
        "host.example.com. A MX RRSIG NSEC TYPE1234",
        "04686f7374076578616d706c6503636f6d000006400100000003041b000000000000000000000000000000000000000000000000000020")]

    // RFC 3123 4, RFC 7043 3.2 and 4.2, RFC 6742.
    [InlineData(RecordType.APL, "1:192.168.32.0/21 !1:192.168.38.0/28", "00011503c0a82000011c83c0a826")]
    [InlineData(RecordType.APL, "", "")]
    [InlineData(RecordType.EUI48, "00-00-5E-00-53-2A", "00005e00532a")]
    [InlineData(RecordType.EUI64, "00-00-5e-ef-10-00-00-2a", "00005eef1000002a")]
    [InlineData(RecordType.NID, "10 14:4fff:ff20:ee64", "000a00144fffff20ee64")]

    // Other ways to say the same.
    [InlineData(RecordType.SOA, "@ h 1 2h 1h30m 1w 1d", "076578616d706c65000168076578616d706c65000000000100001c200000151800093a8000015180")]
    [InlineData(RecordType.MX, "10 mail", "000a046d61696c076578616d706c6500")]
    [InlineData(RecordType.MX, @"\# 3 00 0A 00", "000a00")]
    [InlineData(RecordType.TXT, "plain \"a;b\" c\\;d", "05706c61696e03613b6203633b64")]
    [InlineData(RecordType.TXT, "a\\\\\"b", null)]
    [InlineData(RecordType.AAAA, "::ffff:192.0.2.1", "00000000000000000000ffffc0000201")]
    [InlineData(RecordType.AAAA, "1:2:3:4:5:6:7::", "00010002000300040005000600070000")]
    [InlineData(RecordType.LOC, "42 21 54 N 71 06 18 W -24m 30m", "0033161389172dd070be15f000988d20")]
    [InlineData(RecordType.LOC, "52 N 0 E 1m", "001216138b28720080000000009896e4")]
    [InlineData(RecordType.DS, "60485 RSASHA1 1 2BB183AF 5F2258", "ec4505012bb183af5f2258")]
    [InlineData(RecordType.CERT, "PGP 0 0 AQID", "00030000000" + "10203")]
    [InlineData(RecordType.DNSKEY, "256 3 ED25519 AQ ID", "0100030f010203")]
    [InlineData(RecordType.DSYNC, "CDS 1 5359 s.example.", "003b0114ef0173076578616d706c6500")]
    [InlineData(RecordType.HTTPS, "1 . key7=\"/q{?dns}\"", "00010000070008" + "2f717b3f646e737d")]
    [InlineData(RecordType.HTTPS, "1 . dohpath=/q{?dns}", "00010000070008" + "2f717b3f646e737d")]
    public void TextHasThisWire(RecordType type, string text, string? wire)
    {
        var isParsed = RdataParser.TryParse(type, text, DomainName.Parse("example."), out var rdata, out var error);
        Assert.True(isParsed == (wire is not null), error);
        Assert.Equal(wire, rdata is null ? null : Convert.ToHexStringLower(rdata));
    }

    [Theory]
    [InlineData(RecordType.A, "192.0.2")]
    [InlineData(RecordType.A, "192.0.2.256")]
    [InlineData(RecordType.A, "192.0.2.1.5")]
    [InlineData(RecordType.A, "192.0.2.1 5")]
    [InlineData(RecordType.A, "")]
    [InlineData(RecordType.AAAA, "1:2:3:4:5:6:7")]
    [InlineData(RecordType.AAAA, "1::2::3")]
    [InlineData(RecordType.AAAA, "1:2:3:4:5:6:7:8:9")]
    [InlineData(RecordType.AAAA, "::1:2:3:4:5:6:7:8")]
    [InlineData(RecordType.AAAA, ":1::")]
    [InlineData(RecordType.AAAA, "1:")]
    [InlineData(RecordType.AAAA, "12345::")]
    [InlineData(RecordType.MX, "mail.example.")]
    [InlineData(RecordType.MX, "65536 mail.example.")]
    [InlineData(RecordType.MX, "10 a..b")]
    [InlineData(RecordType.MX, @"\# 4 000A00")]
    [InlineData(RecordType.MX, @"\# 3 000A0")]
    [InlineData(RecordType.TXT, "")]
    [InlineData(RecordType.TXT, "\"open")]
    [InlineData(RecordType.DS, "1 8 2 ABC")]
    [InlineData(RecordType.DS, "1 NONE 2 AB")]
    [InlineData(RecordType.DNSKEY, "256 3 8 AQI")]
    [InlineData(RecordType.DNSKEY, "256 3 8 A===")]
    [InlineData(RecordType.DNSKEY, "256 3 8")]
    [InlineData(RecordType.NSEC, "a. A NOTYPE")]
    [InlineData(RecordType.NSEC3, "1 0 0 - 0")]
    [InlineData(RecordType.RRSIG, "A 8 2 300 20240230000000 20240101000000 1 example. AQID")]
    [InlineData(RecordType.LOC, "91 0 0 N 0 0 0 E 0m")]
    [InlineData(RecordType.LOC, "90 0 0.001 N 0 0 0 E 0m")]
    [InlineData(RecordType.LOC, "0 60 0 N 0 0 0 E 0m")]
    [InlineData(RecordType.LOC, "0 0 0 N 0 0 0 E -100000.01m")]
    [InlineData(RecordType.SVCB, "1 . alpn=")]
    [InlineData(RecordType.SVCB, "1 . alpn=h2,,h3")]
    [InlineData(RecordType.SVCB, "1 . port=53 port=54")]
    [InlineData(RecordType.SVCB, "1 . mandatory=port,port")]
    [InlineData(RecordType.SVCB, "1 . no-default-alpn=x")]
    [InlineData(RecordType.SVCB, "1 . key65536=x")]
    [InlineData(RecordType.SVCB, "1 . what=x")]
    [InlineData(RecordType.APL, "3:1.2.3.4/5")]
    [InlineData(RecordType.APL, "1:1.2.3.4/33")]
    [InlineData(RecordType.CAA, "0 is-sue \"x\"")]
    [InlineData(RecordType.EUI48, "00-00-5e-00-53")]
    [InlineData(RecordType.L64, "10 1:2:3")]
    [InlineData(RecordType.IPSECKEY, "10 4 2 . AQID")]
    [InlineData(RecordType.HIP, "2 ABC AQID")]
    [InlineData(RecordType.NULL, "abc")]
    [InlineData((RecordType)65400, "abc")]
    public void BadTextIsRefusedWithAReason(RecordType type, string text)
    {
        Assert.False(RdataParser.TryParse(type, text, null, out var rdata, out var error));
        Assert.Null(rdata);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void TooMuchDataIsRefused()
    {
        var text = string.Join(' ', Enumerable.Repeat(new string('x', 255), 256));
        Assert.False(RdataParser.TryParse(RecordType.TXT, text, null, out _, out var error));
        Assert.Equal("the data is longer than 65535 bytes", error);
        Assert.False(RdataParser.TryParse(RecordType.TXT, new string('x', 256), null, out _, out _));
    }

    [Fact]
    public void ParametersKeepTheirOrderFromTheWire()
    {
        // A secondary prints port before alpn if the master sent them so (against RFC 9460 2.2), instead of refusing the zone.
        var rdata = Convert.FromHexString("000100" + "000300020035" + "00010003026832");
        using var buffer = new RecordTextBuffer();
        Assert.True(RdataText.TryWrite(RecordType.SVCB, rdata, buffer));
        Assert.Equal("1 . port=53 alpn=\"h2\"", Encoding.ASCII.GetString(buffer.Written));
    }

    [Theory]
    [InlineData(RecordType.NSEC, "0001610000060000000000")] // a name, then bytes that are no bitmap
    [InlineData(RecordType.NSEC, "00" + "00020000")] // window with zeros only
    [InlineData(RecordType.NSEC, "00" + "000140" + "000140")] // a window twice
    [InlineData(RecordType.APL, "00011802c000")] // prefix with a zero at its end
    [InlineData(RecordType.APL, "00031801c0")] // unknown family
    [InlineData(RecordType.LOC, "01121613000000000000000000000000")] // unknown version
    [InlineData(RecordType.LOC, "00A21613800000008000000000989680")] // size with a digit above 9
    [InlineData(RecordType.SVCB, "000100" + "0003000135")] // a port of one byte
    [InlineData(RecordType.CAA, "00022d2d")] // a tag that is no word
    [InlineData(RecordType.TXT, "0561")] // a string longer than the data
    [InlineData(RecordType.A, "c000020101")] // five bytes of address
    public void DataThatTextWouldChangeIsWrittenGenerically(RecordType type, string wire)
    {
        var rdata = Convert.FromHexString(wire);
        using var buffer = new RecordTextBuffer();
        buffer.Write("before "u8);
        Assert.False(RdataText.TryWrite(type, rdata, buffer));
        RdataText.Write(type, rdata, buffer);
        Assert.Equal($"before \\# {rdata.Length} {Convert.ToHexString(rdata)}", Encoding.ASCII.GetString(buffer.Written));
    }

    [Fact]
    public void ALineHasOwnerTtlClassTypeAndData()
    {
        using var buffer = new RecordTextBuffer(16);
        var owner = DomainName.Parse(@"*.a\032b.Example.");
        RecordText.WriteLine(owner.Wire, 3600, RecordClass.IN, RecordType.A, [192, 0, 2, 1], buffer);
        RecordText.WriteLine(owner.Wire, 0, RecordClass.CH, RecordType.A, [1], buffer);
        RecordText.WriteLine(owner.Wire, 0, RecordClass.IN, (RecordType)65400, [], buffer);
        Assert.Equal(
            @"*.a\032b.Example. 3600 IN A 192.0.2.1" + "\n" + @"*.a\032b.Example. 0 CLASS3 TYPE1 \# 1 01" + "\n"
            + @"*.a\032b.Example. 0 IN TYPE65400 \# 0" + "\n",
            Encoding.ASCII.GetString(buffer.Written));
    }

    [Fact]
    public void TypesThatTheReaderLacksAreNumbersInBitmapsToo()
    {
        var rdata = RecordSamples.Parse(RecordType.NSEC, "a. A HIP");
        using var buffer = new RecordTextBuffer();
        RdataText.Write(RecordType.NSEC, rdata, buffer, RdataTextStyle.Knot32);
        Assert.Equal("a. A TYPE55", Encoding.ASCII.GetString(buffer.Written));
    }

    [Fact]
    public void WritingRecordsAllocatesNothing()
    {
        var owner = DomainName.Parse("www.example.");
        var records = RecordSamples.All.Select(sample => (sample.Type, Rdata: RecordSamples.Parse(sample.Type, sample.Text))).ToArray();
        using var buffer = new RecordTextBuffer(1 << 20);
        WriteAll();
        var before = GC.GetAllocatedBytesForCurrentThread();
        WriteAll();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void WriteAll()
        {
            buffer.Clear();
            foreach (var (type, rdata) in records) RecordText.WriteLine(owner.Wire, 60, RecordClass.IN, type, rdata, buffer);
        }
    }
}
