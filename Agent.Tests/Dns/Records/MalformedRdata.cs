using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

/// <summary>For every type whose RDATA has a defined shape, data that breaks it: each a record for which servers refuse a zone.</summary>
internal static class MalformedRdata
{
    private static readonly byte[] Name = [1, (byte)'n', 0];
    private static readonly byte[] Pointer = [0xC0, 12];

    public static IReadOnlyList<(RecordType Type, string What, byte[] Rdata)> All { get; } =
        [.. Addresses(), .. Names(), .. Strings(), .. Keys(), .. Denials(), .. Services(), .. Others()];

    private static IEnumerable<(RecordType Type, string What, byte[] Rdata)> Addresses()
    {
        yield return (RecordType.A, "three octets", [192, 0, 2]);
        yield return (RecordType.A, "five octets", [192, 0, 2, 1, 1]);
        yield return (RecordType.AAAA, "fifteen octets", new byte[15]);
        yield return (RecordType.A6, "prefix of 129 bits", [129, .. Name]);
        yield return (RecordType.A6, "address too short", [0, 1, 2, 3]);
        yield return (RecordType.WKS, "no protocol", [192, 0, 2, 1]);
        yield return (RecordType.APL, "address beyond its end", [0, 1, 24, 4, 192]);
        yield return (RecordType.APL, "five octets of IPv4", [0, 1, 24, 5, 192, 0, 2, 1, 1]);
        yield return (RecordType.APL, "zero at the end of an address", [0, 1, 24, 2, 192, 0]);
        yield return (RecordType.L32, "three octets", [0, 10, 1, 2, 3]);
        yield return (RecordType.L64, "nine octets", [0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        yield return (RecordType.NID, "seven octets", [0, 10, 1, 2, 3, 4, 5, 6, 7]);
        yield return (RecordType.EUI48, "five octets", new byte[5]);
        yield return (RecordType.EUI64, "nine octets", new byte[9]);
        yield return (RecordType.NSAP, "nothing", []);
        yield return (RecordType.LOC, "fifteen octets", [0, 0x12, 0x16, 0x13, .. new byte[11]]);
        yield return (RecordType.LOC, "beyond the pole", [0, 0x12, 0x16, 0x13, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0, 0, 0x98, 0x96, 0x80]);
    }

    private static IEnumerable<(RecordType Type, string What, byte[] Rdata)> Names()
    {
        RecordType[] single =
        [
            RecordType.NS, RecordType.CNAME, RecordType.PTR, RecordType.DNAME, RecordType.MB, RecordType.MG, RecordType.MR, RecordType.MD,
            RecordType.MF, RecordType.NSAPPTR,
        ];
        foreach (RecordType type in single)
            yield return (type, "octet behind the name", [.. Name, 0]);
        foreach (RecordType type in new[] { RecordType.MX, RecordType.KX, RecordType.AFSDB, RecordType.RT, RecordType.LP })
            yield return (type, "no name", [0, 10]);
        yield return (RecordType.LP, "compressed name", [0, 10, .. Pointer]);
        yield return (RecordType.RP, "one name", Name);
        yield return (RecordType.MINFO, "one name", Name);
        yield return (RecordType.PX, "one name", [0, 1, .. Name]);
        yield return (RecordType.SRV, "no name", [0, 1, 0, 2, 0, 3]);
        yield return (RecordType.NAPTR, "string beyond its end", [0, 1, 0, 2, 0, 0, 200, .. Name]);
        yield return (RecordType.DSYNC, "compressed name", [0, 59, 1, 0, 53, .. Pointer]);
        yield return (RecordType.IPSECKEY, "gateway of an unknown kind", [10, 4, 2, 1, 2, 3]);
        yield return (RecordType.IPSECKEY, "half an address", [10, 1, 2, 192, 0]);
        yield return (RecordType.AMTRELAY, "relay that is not there", [10, 1]);
        yield return (RecordType.HIP, "key beyond its end", [1, 2, 0, 9, 1, 1, 1]);
        yield return (RecordType.HIP, "compressed server", [1, 2, 0, 1, 1, 1, .. Pointer]);
    }

    private static IEnumerable<(RecordType Type, string What, byte[] Rdata)> Strings()
    {
        RecordType[] lists =
        [
            RecordType.TXT, RecordType.SPF, RecordType.AVC, RecordType.RESINFO, RecordType.WALLET, RecordType.ISDN, RecordType.X25,
        ];
        foreach (RecordType type in lists)
            yield return (type, "string beyond its end", [5, (byte)'a']);
        yield return (RecordType.TXT, "nothing", []);
        yield return (RecordType.ISDN, "three strings", [1, (byte)'1', 1, (byte)'2', 1, (byte)'3']);
        yield return (RecordType.HINFO, "one string", [1, (byte)'a']);
        yield return (RecordType.GPOS, "two strings", [1, (byte)'1', 1, (byte)'2']);
        yield return (RecordType.CAA, "no tag", [0, 0, (byte)'v']);
        yield return (RecordType.CAA, "tag beyond its end", [0, 9, (byte)'i']);
        yield return (RecordType.URI, "no target", [0, 1, 0, 1]);
    }

    private static IEnumerable<(RecordType Type, string What, byte[] Rdata)> Keys()
    {
        foreach (RecordType type in new[] { RecordType.DNSKEY, RecordType.CDNSKEY, RecordType.KEY })
            yield return (type, "no key", [1, 0, 3, 8]);
        foreach (RecordType type in new[] { RecordType.DS, RecordType.CDS, RecordType.DLV, RecordType.TA })
            yield return (type, "digest too short", [0x12, 0x34, 8, 2, .. new byte[31]]);
        foreach (RecordType type in new[] { RecordType.RRSIG, RecordType.SIG })
            yield return (type, "no signature", [0, 1, 8, 2, .. new byte[14], .. Name]);
        yield return (RecordType.CERT, "no certificate", [0, 1, 0, 0, 8]);
        yield return (RecordType.SSHFP, "no fingerprint", [1, 1]);
        yield return (RecordType.TLSA, "two octets", [3, 1]);
        yield return (RecordType.SMIMEA, "two octets", [3, 1]);
        yield return (RecordType.DHCID, "nothing", []);
        yield return (RecordType.OPENPGPKEY, "nothing", []);
        yield return (RecordType.ZONEMD, "no digest", [0, 0, 0, 1, 1, 1]);
    }

    private static IEnumerable<(RecordType Type, string What, byte[] Rdata)> Denials()
    {
        yield return (RecordType.NSEC, "no types", Name);
        yield return (RecordType.NSEC, "windows out of order", [.. Name, 1, 1, 0x40, 0, 1, 0x40]);
        yield return (RecordType.NSEC, "window of 33 octets", [.. Name, 0, 33, .. Enumerable.Repeat((byte)1, 33)]);
        yield return (RecordType.NSEC, "zero at the end of a window", [.. Name, 0, 2, 0x40, 0]);
        yield return (RecordType.NSEC3, "salt beyond its end", [1, 0, 0, 1, 9, 1]);
        yield return (RecordType.NSEC3, "no hash", [1, 0, 0, 1, 0, 0]);
        yield return (RecordType.NSEC3PARAM, "octet behind the salt", [1, 0, 0, 1, 0, 0]);
        yield return (RecordType.CSYNC, "window without octets", [0, 0, 0, 1, 0, 3, 0, 0]);
        yield return (RecordType.NXT, "zero at the end of the bitmap", [.. Name, 0x40, 0]);
    }

    private static IEnumerable<(RecordType Type, string What, byte[] Rdata)> Services()
    {
        foreach (RecordType type in new[] { RecordType.SVCB, RecordType.HTTPS })
        {
            yield return (type, "parameter beyond its end", [0, 1, .. Name, 0, 3, 0, 2, 1]);
            yield return (type, "keys out of order", [0, 1, .. Name, 0, 3, 0, 2, 1, 1, 0, 1, 0, 3, 2, (byte)'h', (byte)'2']);
            yield return (type, "port of one octet", [0, 1, .. Name, 0, 3, 0, 1, 1]);
            yield return (type, "half an address", [0, 1, .. Name, 0, 4, 0, 3, 192, 0, 2]);
            yield return (type, "empty protocol", [0, 1, .. Name, 0, 1, 0, 1, 0]);
            yield return (type, "mandatory key that is missing", [0, 1, .. Name, 0, 0, 0, 2, 0, 3]);
            yield return (type, "compressed name", [0, 1, .. Pointer]);
        }
    }

    private static IEnumerable<(RecordType Type, string What, byte[] Rdata)> Others()
    {
        yield return (RecordType.SOA, "short numbers", [.. Name, .. Name, .. new byte[19]]);
    }
}
