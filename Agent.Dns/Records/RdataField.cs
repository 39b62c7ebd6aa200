using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>The kinds of fields that RDATA is made of, as one sees them in master files.</summary>
internal enum RdataField : byte
{
    Name,
    Number8,
    Number16,
    Number32,

    /// <summary>Seconds, read also with units (<c>1h30m</c>).</summary>
    Ttl,

    /// <summary>Seconds since 1970, written as YYYYMMDDHHmmSS (RFC 4034 3.2).</summary>
    Time,

    /// <summary>A record type by mnemonic.</summary>
    Type,

    /// <summary>A DNSSEC algorithm, read also by mnemonic.</summary>
    Algorithm,

    /// <summary>A certificate type of CERT, read also by mnemonic.</summary>
    CertificateType,

    /// <summary>The scheme of DSYNC.</summary>
    Scheme,

    Address4,
    Address6,
    String,

    /// <summary>One or more character strings up to the end.</summary>
    Strings,

    /// <summary>A character string without length, up to the end.</summary>
    Text,

    /// <summary>A short word of letters and digits with a length before it: the tag of CAA.</summary>
    Tag,

    /// <summary>Base64 up to the end.</summary>
    Base64,

    /// <summary>Hexadecimal up to the end.</summary>
    Hex,

    /// <summary>Hexadecimal with a length before it, <c>-</c> if empty: the salt of NSEC3.</summary>
    Salt,

    /// <summary>Base32hex with a length before it: the hash of NSEC3.</summary>
    Hash,

    TypeBitmap,
    Eui48,
    Eui64,

    /// <summary>64 bits as four groups of hexadecimal digits (RFC 6742).</summary>
    Locator64,

    SvcParams,
    Location,
    Prefixes,

    /// <summary>Gateway type, algorithm, gateway and key of IPSECKEY.</summary>
    IpsecGateway,

    /// <summary>Discovery bit, type and address of AMTRELAY.</summary>
    Relay,

    /// <summary>The whole of HIP.</summary>
    HostIdentity,
}

/// <summary>The fields of every type whose text form we know. Types that are not here are written as in RFC 3597.</summary>
internal static class RdataFields
{
    /// <summary>The fields in order; empty for a type without a text form of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ReadOnlySpan<RdataField> Of(RecordType type) => type switch
    {
        RecordType.A => [RdataField.Address4],
        RecordType.AAAA => [RdataField.Address6],
        RecordType.NS or RecordType.CNAME or RecordType.PTR or RecordType.DNAME or RecordType.MB or RecordType.MG or RecordType.MR
            or RecordType.MD or RecordType.MF or RecordType.NSAPPTR => [RdataField.Name],
        RecordType.SOA =>
        [
            RdataField.Name, RdataField.Name, RdataField.Number32, RdataField.Ttl, RdataField.Ttl, RdataField.Ttl, RdataField.Ttl,
        ],
        RecordType.MX or RecordType.KX or RecordType.AFSDB or RecordType.RT or RecordType.LP => [RdataField.Number16, RdataField.Name],
        RecordType.TXT or RecordType.SPF or RecordType.AVC or RecordType.RESINFO or RecordType.WALLET or RecordType.ISDN =>
            [RdataField.Strings],
        RecordType.HINFO => [RdataField.String, RdataField.String],
        RecordType.X25 => [RdataField.String],
        RecordType.GPOS => [RdataField.String, RdataField.String, RdataField.String],
        RecordType.RP or RecordType.MINFO => [RdataField.Name, RdataField.Name],
        RecordType.PX => [RdataField.Number16, RdataField.Name, RdataField.Name],
        RecordType.LOC => [RdataField.Location],
        RecordType.NAPTR =>
        [
            RdataField.Number16, RdataField.Number16, RdataField.String, RdataField.String, RdataField.String, RdataField.Name,
        ],
        RecordType.SRV => [RdataField.Number16, RdataField.Number16, RdataField.Number16, RdataField.Name],
        RecordType.CERT => [RdataField.CertificateType, RdataField.Number16, RdataField.Algorithm, RdataField.Base64],
        RecordType.SSHFP => [RdataField.Number8, RdataField.Number8, RdataField.Hex],
        RecordType.IPSECKEY => [RdataField.Number8, RdataField.IpsecGateway],
        RecordType.AMTRELAY => [RdataField.Number8, RdataField.Relay],
        RecordType.HIP => [RdataField.HostIdentity],
        RecordType.APL => [RdataField.Prefixes],
        RecordType.SVCB or RecordType.HTTPS => [RdataField.Number16, RdataField.Name, RdataField.SvcParams],
        RecordType.EUI48 => [RdataField.Eui48],
        RecordType.EUI64 => [RdataField.Eui64],
        RecordType.NID or RecordType.L64 => [RdataField.Number16, RdataField.Locator64],
        RecordType.L32 => [RdataField.Number16, RdataField.Address4],
        RecordType.URI => [RdataField.Number16, RdataField.Number16, RdataField.Text],
        RecordType.CAA => [RdataField.Number8, RdataField.Tag, RdataField.Text],
        RecordType.TLSA or RecordType.SMIMEA => [RdataField.Number8, RdataField.Number8, RdataField.Number8, RdataField.Hex],
        RecordType.DHCID or RecordType.OPENPGPKEY => [RdataField.Base64],
        RecordType.ZONEMD => [RdataField.Number32, RdataField.Number8, RdataField.Number8, RdataField.Hex],
        RecordType.DSYNC => [RdataField.Type, RdataField.Scheme, RdataField.Number16, RdataField.Name],
        _ => OfDnssec(type),
    };

    private static ReadOnlySpan<RdataField> OfDnssec(RecordType type) => type switch
    {
        RecordType.DNSKEY or RecordType.CDNSKEY or RecordType.KEY =>
            [RdataField.Number16, RdataField.Number8, RdataField.Algorithm, RdataField.Base64],
        RecordType.DS or RecordType.CDS or RecordType.DLV or RecordType.TA =>
            [RdataField.Number16, RdataField.Algorithm, RdataField.Number8, RdataField.Hex],
        RecordType.RRSIG or RecordType.SIG =>
        [
            RdataField.Type, RdataField.Algorithm, RdataField.Number8, RdataField.Ttl, RdataField.Time, RdataField.Time,
            RdataField.Number16, RdataField.Name, RdataField.Base64,
        ],
        RecordType.NSEC => [RdataField.Name, RdataField.TypeBitmap],
        RecordType.NSEC3 =>
        [
            RdataField.Number8, RdataField.Number8, RdataField.Number16, RdataField.Salt, RdataField.Hash, RdataField.TypeBitmap,
        ],
        RecordType.NSEC3PARAM => [RdataField.Number8, RdataField.Number8, RdataField.Number16, RdataField.Salt],
        RecordType.CSYNC => [RdataField.Number32, RdataField.Number16, RdataField.TypeBitmap],
        _ => [],
    };
}
