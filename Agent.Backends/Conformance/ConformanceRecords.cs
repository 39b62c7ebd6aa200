using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Conformance;

/// <summary>A record of every type, and the records of contents as text.</summary>
public static class ConformanceRecords
{
    private const string Key =
        "AwEAAcMnWBKLuvG/LwnPVykcmpvnntwxfshHlHRhlY0F3oz8AMcuF8gw9McCw+BoC2YxWaiTpNPuxjSNhUlBtcJmcdkz3/r7PIn0oDf14ept1Y9pdPh8"
        + "SbIBIWx50ZPfVRlj8oQXv2Y6yKiQik7bi3MT37zMRU2kw2oy3cgrsGAzGN4s/C6SFYon5N1Q2O4hGDbeOq538kATOy0GFELjuauV9guX/431msYu4Rgb"
        + "5lLuQ3Mx5FSIxXpI/RaAn2mhM4nEZ/5IeRPKZVGydcuLBS8GLxW4qbBJE1X5xK4DPIJbZYKKQ1fAyBj5bGJiUxCZpHQhRXlPAKV7DVN3Ezt7bbEaxgM=";

    /// <summary>Owner relative to the zone, type and data, as in a master file.</summary>
    public static IReadOnlyList<string> OfEveryType { get; } =
    [
        "a A 192.0.2.1",
        "aaaa AAAA 2001:db8::1",
        "ns NS ns.elsewhere.example.",
        "ptr PTR host.example.org.",
        "mx MX 10 mail.example.org.",
        "txt TXT \"one\" \"two; three\" \"\\007\\255\\\"\\\\\"",
        "spf SPF \"v=spf1 -all\"",
        "hinfo HINFO \"PC\" \"Linux 6\"",
        "minfo MINFO a.example.org. b.example.org.",
        "rp RP mbox.example.org. txt.example.org.",
        "afsdb AFSDB 1 afs.example.org.",
        "x25 X25 \"311061700956\"",
        "isdn ISDN \"150862028003217\" \"004\"",
        "rt RT 2 relay.example.org.",
        "px PX 10 map822.example.org. mapx400.example.org.",
        "loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m",
        "srv SRV 0 5 443 srv.example.org.",
        "naptr NAPTR 100 50 \"s\" \"z3950+I2L+I2C\" \"\" _z3950._tcp.gatech.example.",
        "kx KX 10 kx.example.org.",
        "cert CERT PKIX 1 RSASHA256 MxFcby9k",
        "dname DNAME target.example.net.",
        "apl APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32",
        "ds DS 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A",
        "ds NS ns.elsewhere.example.",
        "sshfp SSHFP 1 1 123456789ABCDEF67890123456789ABCDEF67890",
        "ipseckey IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
        $"dnskey DNSKEY 256 3 8 {Key}",
        "dhcid DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        "tlsa TLSA 3 1 1 0D6FCE3E38C8F12A0B4A9E0C7B12D2C8F9B4A0C0E4F1A2B3C4D5E6F708192A3B",
        "smimea SMIMEA 3 1 1 0D6FCE3E38C8F12A0B4A9E0C7B12D2C8F9B4A0C0E4F1A2B3C4D5E6F708192A3B",
        "hip HIP 2 200100107B1A74DF365639CC39F1D578 "
            + "AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSR"
            + "GQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D" + " rvs.example.com.",
        "cds CDS 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A",
        $"cdnskey CDNSKEY 257 3 8 {Key}",
        "openpgpkey OPENPGPKEY mQENBFVHm5sBCADKmHb4NjAA",
        "csync CSYNC 66 3 A NS AAAA",
        "svcb SVCB 1 svc.example.org. mandatory=alpn alpn=\"h2,h3\" port=8443"
            + " ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 key65000=\"x\"",
        "https HTTPS 0 alias.example.org.",
        "nid NID 10 0014:4fff:ff20:ee64",
        "l32 L32 10 10.1.2.0",
        "l64 L64 10 2001:0DB8:1140:1000",
        "lp LP 10 l64.example.org.",
        "eui48 EUI48 00-00-5e-00-53-2a",
        "eui64 EUI64 00-00-5e-ef-10-00-00-2a",
        "uri URI 10 1 \"https://www.example.org/path\"",
        "caa CAA 0 issue \"ca.example.net; policy=ev\"",
        "avc AVC \"app-name:WOLFGANG|app-class:OAM\"",
        "amtrelay AMTRELAY 10 0 1 203.0.113.15",
        "mb MB mb.example.org.",
        "mg MG mg.example.org.",
        "mr MR mr.example.org.",
        "gpos GPOS \"-32.6882\" \"116.8652\" \"10.0\"",
        "key KEY 512 3 8 AwEAAQ==",
        "sig SIG A 8 3 300 20300101000000 20200101000000 1234 example.org. AwEAAQ==",
        "rrsig RRSIG A 8 3 300 20300101000000 20200101000000 1234 example.org. AwEAAQ==",
        "nsec NSEC next.example.org. A RRSIG NSEC TYPE65400",
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG",
        "nsec3param NSEC3PARAM 1 0 12 AABBCCDD",
        "zonemd ZONEMD 2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C6BD647DE",
        "ta TA 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A",
        "dlv DLV 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A",
        "dsync DSYNC CDS NOTIFY 5359 notify.example.org.",
        "resinfo RESINFO \"qnamemin\" \"exterr=15-17\"",
        "wallet WALLET \"ETH\" \"0x1234\"",
        "unknown TYPE65400 \\# 4 DEADBEEF",
        "empty TYPE65401 \\# 0",
    ];

    /// <summary>Each record as text, sorted, names in lower case: what two servers that hold the same have in common.</summary>
    public static List<string> Lines(ZoneContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        List<string> lines = [];
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            byte[] whole = record.Whole.ToArray();
            NameBytes.Fold(whole.AsSpan(0, record.Owner.Length));
            RdataCanonical.Fold(record.Type, whole.AsSpan(whole.Length - record.Rdata.Length));
            StoredRecord.Read(whole, out StoredRecord folded);
            using RecordTextBuffer text = new();
            RecordText.WriteLine(folded.Owner, folded.Ttl, folded.Class, folded.Type, folded.Rdata, text);
            lines.Add(Encoding.UTF8.GetString(text.Written));
        }

        if (records.Error != ZoneContentError.None) throw new InvalidDataException(records.Error.Text());
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
