using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <content>Fields that have fields of their own, and the types that we have no text form for.</content>
public static partial class RdataShape
{
    private const int WindowBytesMax = 32;
    private const int ServicesBytesMax = 8192;
    private const int OldBitmapBytesMax = 16;
    private const int LocationSizes = 3;
    private const int GatewayTypeMax = 3;

    private static bool TryPassCompound(RdataField field, ref RdataReader reader) => field switch
    {
        RdataField.TypeBitmap => TryPassBitmap(ref reader),
        RdataField.SvcParams => SvcParamsShape.TryPass(ref reader),
        RdataField.Location => TryPassLocation(ref reader),
        RdataField.Prefixes => TryPassPrefixes(ref reader),
        RdataField.IpsecGateway => TryPassIpsec(ref reader),
        RdataField.Relay => TryPassRelay(ref reader),
        RdataField.HostIdentity => TryPassHostIdentity(ref reader),
        _ => false,
    };

    // Windows ascend, have 1 to 32 bytes, and do not end with a zero (RFC 4034 4.1.2).
    private static bool TryPassBitmap(ref RdataReader reader)
    {
        for (var last = -1; !reader.Rest.IsEmpty;)
        {
            if (!reader.TryTake8(out var window) || window <= last) return false;
            if (!reader.TryTakeCounted(out var bits) || bits.Length is 0 or > WindowBytesMax || bits[^1] == 0) return false;
            last = window;
        }

        return true;
    }

    private static bool TryPassLocation(ref RdataReader reader)
    {
        if (!reader.TryTake(1, out _) || !reader.TryTake(LocationSizes, out var sizes)) return false;
        foreach (var size in sizes)
        {
            // One digit and one power of ten; zero has no power.
            if (size >> 4 > 9 || (size & 0xF) > 9 || (size >> 4 == 0 && size != 0)) return false;
        }

        if (!reader.TryTake32(out var latitude) || !reader.TryTake32(out var longitude) || !reader.TryTake(4, out _)) return false;
        return LocationText.IsLatitude(latitude) && LocationText.IsLongitude(longitude);
    }

    // Zeros at the end of an address are left out (RFC 3123 4); of other families only the outline is known.
    private static bool TryPassPrefixes(ref RdataReader reader)
    {
        while (!reader.Rest.IsEmpty)
        {
            if (!reader.TryTake16(out var family) || !reader.TryTake8(out var prefix) || !reader.TryTake8(out var length)) return false;
            if (!reader.TryTake(length & 0x7F, out var address) || (!address.IsEmpty && address[^1] == 0)) return false;
            var size = family switch { 1 => AddressBytes4, 2 => AddressBytes6, _ => byte.MaxValue };
            if (address.Length > size || prefix > size * 8) return false;
        }

        return true;
    }

    private static bool TryPassIpsec(ref RdataReader reader)
    {
        if (!reader.TryTake8(out var type) || !reader.TryTake(1, out _) || !TryPassGateway(type, ref reader)) return false;
        reader.TakeRest();
        return true;
    }

    // Kinds of relays that are not defined yet may have any form (RFC 8777 4.2.3).
    private static bool TryPassRelay(ref RdataReader reader)
    {
        if (!reader.TryTake8(out var discoveryAndType)) return false;
        var type = (byte)(discoveryAndType & 0x7F);
        if (type <= GatewayTypeMax) return TryPassGateway(type, ref reader);
        reader.TakeRest();
        return true;
    }

    private static bool TryPassGateway(byte type, ref RdataReader reader) => type switch
    {
        0 => true,
        1 => reader.TryTake(AddressBytes4, out _),
        2 => reader.TryTake(AddressBytes6, out _),
        3 => reader.TryTakeName(out _),
        _ => false,
    };

    private static bool TryPassHostIdentity(ref RdataReader reader)
    {
        if (!reader.TryTake8(out var tagLength) || !reader.TryTake(1, out _) || !reader.TryTake16(out var keyLength)) return false;
        if (tagLength == 0 || keyLength == 0 || !reader.TryTake(tagLength, out _) || !reader.TryTake(keyLength, out _)) return false;
        while (!reader.Rest.IsEmpty)
        {
            if (!reader.TryTakeName(out _)) return false;
        }

        return true;
    }

    private static bool FitsWithoutText(RecordType type, ReadOnlySpan<byte> rdata)
    {
        var reader = new RdataReader(rdata);
        switch (type)
        {
            case RecordType.NSAP:
                return !rdata.IsEmpty;
            case RecordType.WKS:
                // Address and protocol, then a bit for each port.
                return reader.TryTake(AddressBytes4 + 1, out _) && reader.Rest.Length <= ServicesBytesMax;
            case RecordType.NXT:
                return reader.TryTakeName(out _) && FitsOldBitmap(reader.Rest);
            case RecordType.A6:
                return FitsA6(ref reader);
            default:
                return true;
        }
    }

    // The bitmap of RFC 2535 5.2: at most 128 types. Its first bit announces a form that was never defined.
    private static bool FitsOldBitmap(ReadOnlySpan<byte> bits) =>
        bits.IsEmpty || ((bits[0] & 0x80) == 0 && bits.Length <= OldBitmapBytesMax && bits[^1] != 0);

    // How many bits the name stands for, the other bits of the address, the name (RFC 2874 3.1).
    private static bool FitsA6(ref RdataReader reader)
    {
        if (!reader.TryTake8(out var prefix) || prefix > AddressBytes6 * 8) return false;
        if (!reader.TryTake(AddressBytes6 - (prefix / 8), out _)) return false;
        return (prefix == 0 || reader.TryTakeName(out _)) && reader.Rest.IsEmpty;
    }
}
