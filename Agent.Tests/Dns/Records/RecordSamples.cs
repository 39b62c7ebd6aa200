using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

/// <summary>One or more records of every type with a text form, as we print them: reading and printing must give the same text.</summary>
public static class RecordSamples
{
    public static readonly (RecordType Type, string Text)[] All =
    [
        (RecordType.A, "192.0.2.1"),
        (RecordType.NS, "ns1.example."),
        (RecordType.CNAME, @"a\.b.Example."),
        (RecordType.SOA, "ns1.example. host\\.master.example. 2024010101 7200 3600 1209600 300"),
        (RecordType.MB, "mb.example."),
        (RecordType.MG, "mg.example."),
        (RecordType.MR, "mr.example."),
        (RecordType.PTR, "host.example."),
        (RecordType.HINFO, "\"PC Intel\" \"Debian\""),
        (RecordType.MINFO, "rm.example. em.example."),
        (RecordType.MX, "10 mail.example."),
        (RecordType.MX, "0 ."),
        (RecordType.TXT, "\"one\" \"\" \"say \\\"hi\\\"; \\\\ \\000\\200\""),
        (RecordType.RP, "a.example. b.example."),
        (RecordType.AFSDB, "1 afs.example."),
        (RecordType.X25, "\"311061700956\""),
        (RecordType.ISDN, "\"150862028003217\" \"004\""),
        (RecordType.ISDN, "\"150862028003217\""),
        (RecordType.RT, "10 relay.example."),
        (RecordType.NSAPPTR, "foo.example."),
        (RecordType.SIG, "A 5 3 86400 20050322173103 20040220173103 2642 example. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dU"),
        (RecordType.KEY, "256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTk"),
        (RecordType.PX, "10 map822.example. mapx400.example."),
        (RecordType.GPOS, "\"-32.6882\" \"116.8652\" \"10.0\""),
        (RecordType.AAAA, "2001:db8::1"),
        (RecordType.AAAA, "::"),
        (RecordType.AAAA, "2001:db8:0:1:1:1:1:1"),
        (RecordType.LOC, "51 30 12.748 N 0 7 39.611 W 0.00m 1.00m 10000.00m 10.00m"),
        (RecordType.LOC, "90 0 0.000 S 180 0 0.000 E -100000.00m 0.00m 90000000.00m 0.01m"),
        (RecordType.SRV, "0 5 5060 sip.example."),
        (RecordType.NAPTR, "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:a\\\\.b@example!\" ."),
        (RecordType.KX, "10 kx.example."),
        (RecordType.CERT, "1 0 8 MxFcby9k/yvedMfQgKzhH5er0Mu/vILz45IkskceFGgiWCn/GxHhai6VAuHAoNUz4YoU1tVfSCSqQYn6//11U6Nld80jEeC8"),
        (RecordType.DNAME, "other.example."),
        (RecordType.APL, "1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8"),
        (RecordType.DS, "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
        (RecordType.SSHFP, "2 1 123456789ABCDEF67890123456789ABCDEF67890"),
        (RecordType.IPSECKEY, "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="),
        (RecordType.IPSECKEY, "10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="),
        (RecordType.IPSECKEY, "10 3 2 mygateway.example. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="),
        (RecordType.IPSECKEY, "10 2 2 2001:db8:0:8002::2000:1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="),
        (RecordType.RRSIG, "A 5 3 86400 20030322173103 20030220173103 2642 example. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dU"),
        (RecordType.NSEC, "host.example. A MX RRSIG NSEC TYPE1234"),
        (RecordType.DNSKEY, "256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTk"),
        (RecordType.DHCID, "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),
        (RecordType.NSEC3, "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARAM"),
        (RecordType.NSEC3, "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"),
        (RecordType.NSEC3PARAM, "1 0 12 AABBCCDD"),
        (RecordType.NSEC3PARAM, "1 0 0 -"),
        (RecordType.TLSA, "1 1 2 92003BA34942DC74152E2F2C408D29ECA5A520E7F2E06BB944F4DCA346BAF63C"
            + "1B177615D466F6C4B71C216A50292BD58C9EBDD2F74E38FE51FFD48C43326CBC"),
        (RecordType.SMIMEA, "3 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971"),
        (RecordType.HIP, "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87U"
            + "OoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D"
            + " rvs1.example. rvs2.example."),
        (RecordType.CDS, "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
        (RecordType.CDS, "0 0 0 00"),
        (RecordType.CDNSKEY, "0 3 0 AA=="),
        (RecordType.OPENPGPKEY, "mQINBFHRvWIBEADFVZ+2ZyRmEyd1nJXDcGhfRVhGzBk="),
        (RecordType.CSYNC, "66 3 A NS AAAA"),
        (RecordType.ZONEMD, "2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F"
            + "22C6BD647DE"),
        (RecordType.SVCB, "0 foo.example."),
        (RecordType.SVCB, "16 foo.example. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1,192.0.2.2"),
        (RecordType.HTTPS, "1 ."),
        (RecordType.HTTPS, "1 . alpn=\"h2\" no-default-alpn port=8443 ech=AEP+DQA/ ipv6hint=2001:db8::1,2001:db8::53:1 key667=\""
            + "hello\\210qoo\""),
        (RecordType.SVCB, "16 foo.example. alpn=\"f\\\\\\\\oo\\\\,bar,h2\""),
        (RecordType.SPF, "\"v=spf1 -all\""),
        (RecordType.NID, "10 0014:4FFF:FF20:EE64"),
        (RecordType.L32, "10 10.1.2.0"),
        (RecordType.L64, "10 2001:0DB8:1140:1000"),
        (RecordType.LP, "10 l64-subnet1.example."),
        (RecordType.EUI48, "00-00-5e-00-53-2a"),
        (RecordType.EUI64, "00-00-5e-ef-10-00-00-2a"),
        (RecordType.URI, "10 1 \"ftp://ftp1.example/public; x\""),
        (RecordType.CAA, "0 issue \"ca.example; policy=ev\""),
        (RecordType.CAA, "128 tbs \"Unknown\""),
        (RecordType.AVC, "\"app-name:WOLFGANG|app-class:OAM\""),
        (RecordType.AMTRELAY, "10 0 1 203.0.113.15"),
        (RecordType.AMTRELAY, "128 1 3 amtrelays.example."),
        (RecordType.AMTRELAY, "10 0 0 ."),
        (RecordType.DLV, "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
        (RecordType.TA, "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
        (RecordType.DSYNC, "CDS NOTIFY 5359 cds-scanner.example."),
        (RecordType.RESINFO, "\"qnamemin\" \"exterr=15,16,17\""),
        (RecordType.WALLET, "\"BTC\" \"addr\""),
    ];

    /// <summary>Types that no other row reaches: written generically, as they have no text form in our table.</summary>
    public static readonly (RecordType Type, string Text)[] Generic =
    [
        (RecordType.NULL, @"\# 3 010203"),
        (RecordType.WKS, @"\# 6 C00002010640"),
        (RecordType.NSAP, @"\# 5 4700058000"),
        (RecordType.A6, @"\# 17 0020010DB8000000000000000000000001"),
        ((RecordType)65400, @"\# 0"),
        ((RecordType)65400, @"\# 4 0A000001"),
    ];

    public static TheoryData<string, string> Rows(IEnumerable<(RecordType Type, string Text)> samples)
    {
        var data = new TheoryData<string, string>();
        foreach (var (type, text) in samples) data.Add(RecordTypeText.ToText(type), text);
        return data;
    }

    public static bool HasTextForm(RecordType type) =>
        RdataParser.TryParse(type, "", null, out _, out var error) || !error.StartsWith("this type has no", StringComparison.Ordinal);

    public static byte[] Parse(RecordType type, string text)
    {
        var isParsed = RdataParser.TryParse(type, text, DomainName.Parse("example."), out var rdata, out var error);
        Assert.True(isParsed, $"{type} {text}: {error}");
        return rdata!;
    }
}
