using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

public class RdataCanonicalTests
{
    [Theory]
    [InlineData(RecordType.NS, "NS1.Example.", "ns1.example.")]
    [InlineData(RecordType.SOA, "NS1.Example. Host.Example. 1 2 3 4 5", "ns1.example. host.example. 1 2 3 4 5")]
    [InlineData(RecordType.MX, "65 Mail.Example.", "65 mail.example.")]
    [InlineData(RecordType.SRV, "65 66 67 Sip.Example.", "65 66 67 sip.example.")]
    [InlineData(RecordType.PX, "65 A.Example. B.Example.", "65 a.example. b.example.")]
    [InlineData(RecordType.NAPTR, "1 2 \"U\" \"SIP\" \"REGEX\" Sip.Example.", "1 2 \"U\" \"SIP\" \"REGEX\" sip.example.")]
    [InlineData(RecordType.RRSIG, "A 5 3 1 2 3 65 Example. QUJD", "A 5 3 1 2 3 65 example. QUJD")]
    [InlineData(RecordType.DNAME, "Other.Example.", "other.example.")]
    [InlineData(RecordType.NSEC, "Next.Example. A", "Next.Example. A")] // no longer, RFC 6840 5.1
    [InlineData(RecordType.SVCB, "1 Svc.Example.", "1 Svc.Example.")]
    [InlineData(RecordType.TXT, "ABC", "ABC")]
    public void NamesInsideAreLoweredWhereTheStandardSays(RecordType type, string text, string expected)
    {
        var rdata = RecordSamples.Parse(type, text);
        RdataCanonical.Fold(type, rdata);
        Assert.Equal(Convert.ToHexString(RecordSamples.Parse(type, expected)), Convert.ToHexString(rdata));
    }

    [Fact]
    public void DataThatDoesNotFitItsTypeStaysAsItIs()
    {
        foreach (var type in Enum.GetValues<RecordType>())
        {
            byte[] rdata = [0x41, 0x42, 0xC0, 0x0C];
            RdataCanonical.Fold(type, rdata);
            Assert.Equal([0x41, 0x42, 0xC0, 0x0C], rdata);
            RdataCanonical.Fold(type, []);
        }
    }

    [Fact]
    public void OrderIsThatOfUnsignedBytes()
    {
        Assert.True(RdataCanonical.Compare([1], [1, 0]) < 0);
        Assert.True(RdataCanonical.Compare([0x80], [0x7F, 1]) > 0);
        Assert.Equal(0, RdataCanonical.Compare([1, 2], [1, 2]));
    }
}
