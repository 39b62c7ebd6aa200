using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>
/// Whether RDATA has the outline that its type's standard defines: every field there, counts that add up, lists in the order that they
/// must have, nothing behind the end. Values within a field are whoever made the record's business. A server refuses a whole zone for
/// one record of a wrong outline, so a transfer must not bring any.
/// </summary>
public static partial class RdataShape
{
    private const int AddressBytes4 = AddressText.Bytes4;
    private const int AddressBytes6 = AddressText.Bytes6;
    private const int IsdnStringsMax = 2;

    // Flags, protocol and algorithm.
    private const int KeyHeadBytes = 4;

    // Flags of KEY that say that no key follows (RFC 2535 3.1.2).
    private const byte NoKeyBits = 0xC0;

    /// <summary>True when the bytes fit the type. Types that no standard describes, or none that we know of, fit always.</summary>
    /// <param name="type">Any type.</param>
    /// <param name="rdata">Its data; names in it are not compressed.</param>
    /// <remarks>Allocates nothing and looks at each byte at most twice.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Fits(RecordType type, ReadOnlySpan<byte> rdata)
    {
        switch (type)
        {
            case RecordType.A:
                return rdata.Length == AddressBytes4;
            case RecordType.AAAA:
                return rdata.Length == AddressBytes6;
            case RecordType.KEY when rdata.Length >= KeyHeadBytes && (rdata[0] & NoKeyBits) == NoKeyBits:
                return rdata.Length == KeyHeadBytes;
            case RecordType.LOC when rdata.Length > 0 && rdata[0] != 0:
                // Another version, of which nothing is known (RFC 1876 2).
                return true;
            default:
                return FitsFields(type, rdata);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool FitsFields(RecordType type, ReadOnlySpan<byte> rdata)
    {
        var fields = RdataFields.Of(type);
        if (fields.IsEmpty) return FitsWithoutText(type, rdata);
        var reader = new RdataReader(rdata);
        foreach (var field in fields)
        {
            if (!TryPass(field, ref reader)) return false;
        }

        return reader.Rest.IsEmpty && type switch
        {
            RecordType.ISDN => CountStrings(rdata) <= IsdnStringsMax,
            RecordType.URI => rdata.Length > 2 * sizeof(ushort),
            RecordType.NSEC => !EndsWithName(rdata),
            RecordType.ZONEMD => HasZoneDigestOfItsType(rdata),
            RecordType.SSHFP => HasFingerprintOfItsType(rdata),
            RecordType.DS or RecordType.CDS or RecordType.DLV or RecordType.TA => HasDigestOfItsType(rdata),
            _ => true,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryPass(RdataField field, ref RdataReader reader)
    {
        switch (field)
        {
            case RdataField.Name:
                return reader.TryTakeName(out _);
            case RdataField.Number8 or RdataField.Algorithm or RdataField.Scheme:
                return reader.TryTake(1, out _);
            case RdataField.Number16 or RdataField.CertificateType or RdataField.Type:
                return reader.TryTake(2, out _);
            case RdataField.Number32 or RdataField.Ttl or RdataField.Time or RdataField.Address4:
                return reader.TryTake(4, out _);
            case RdataField.Eui48:
                return reader.TryTake(6, out _);
            case RdataField.Eui64 or RdataField.Locator64:
                return reader.TryTake(8, out _);
            case RdataField.Address6:
                return reader.TryTake(AddressBytes6, out _);
            case RdataField.String or RdataField.Salt:
                return reader.TryTakeCounted(out _);
            case RdataField.Hash:
                return reader.TryTakeCounted(out var hash) && !hash.IsEmpty;
            case RdataField.Tag:
                return reader.TryTakeCounted(out var tag) && StringText.IsTag(tag);
            case RdataField.Strings:
                return TryPassStrings(ref reader);
            case RdataField.Text:
                reader.TakeRest();
                return true;
            case RdataField.Base64 or RdataField.Hex:
                return !reader.TakeRest().IsEmpty;
            default:
                return TryPassCompound(field, ref reader);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryPassStrings(ref RdataReader reader)
    {
        if (reader.Rest.IsEmpty) return false;
        while (!reader.Rest.IsEmpty)
        {
            if (!reader.TryTakeCounted(out _)) return false;
        }

        return true;
    }

    private static int CountStrings(ReadOnlySpan<byte> rdata)
    {
        var count = 0;
        for (; !rdata.IsEmpty; rdata = rdata[(rdata[0] + 1)..]) count++;
        return count;
    }

    private static bool EndsWithName(ReadOnlySpan<byte> rdata) => NameBytes.IsValid(rdata);

    // SHA-384, SHA-512; whatever comes later has at least 12 octets (RFC 8976 2.2.4).
    private static bool HasZoneDigestOfItsType(ReadOnlySpan<byte> rdata) => rdata[5] switch
    {
        1 => rdata.Length == 6 + 48,
        2 => rdata.Length == 6 + 64,
        _ => rdata.Length >= 6 + 12,
    };

    // RFC 4255 and RFC 6594.
    private static bool HasFingerprintOfItsType(ReadOnlySpan<byte> rdata) => rdata[1] switch
    {
        1 => rdata.Length == 2 + 20,
        2 => rdata.Length == 2 + 32,
        _ => true,
    };

    // Digests of these types have one length (RFC 3658, 4509, 6605); of other types nothing is known.
    private static bool HasDigestOfItsType(ReadOnlySpan<byte> rdata) => rdata[3] switch
    {
        1 => rdata.Length == 4 + 20,
        2 => rdata.Length == 4 + 32,
        4 => rdata.Length == 4 + 48,
        _ => true,
    };
}
