using System.Buffers.Binary;

namespace Agent.Dns.Records;

/// <summary>
/// When the parameters of SVCB and HTTPS count as malformed (RFC 9460 2.2): keys that do not ascend, a value without the form of its
/// key, a mandatory key that is missing.
/// </summary>
internal static class SvcParamsShape
{
    private const int KeyBytes = sizeof(ushort);

    public static bool TryPass(ref RdataReader reader)
    {
        var parameters = reader.Rest;
        for (var last = -1; !reader.Rest.IsEmpty;)
        {
            if (!reader.TryTake16(out var key) || !reader.TryTake16(out var length) || !reader.TryTake(length, out var value)) return false;
            if (key <= last || !FitsKey(key, value, parameters)) return false;
            last = key;
        }

        return true;
    }

    private static bool FitsKey(ushort key, ReadOnlySpan<byte> value, ReadOnlySpan<byte> parameters) => key switch
    {
        SvcParamsText.Mandatory => FitsMandatory(value, parameters),
        SvcParamsText.Alpn => FitsProtocols(value),
        SvcParamsText.NoDefaultAlpn => value.IsEmpty && Has(parameters, SvcParamsText.Alpn),
        SvcParamsText.Port => value.Length == sizeof(ushort),
        SvcParamsText.Ipv4Hint => !value.IsEmpty && value.Length % AddressText.Bytes4 == 0,
        SvcParamsText.Ech => !value.IsEmpty,
        SvcParamsText.Ipv6Hint => !value.IsEmpty && value.Length % AddressText.Bytes6 == 0,
        _ => true,
    };

    // Ascending, not itself, and each of them there (RFC 9460 8).
    private static bool FitsMandatory(ReadOnlySpan<byte> keys, ReadOnlySpan<byte> parameters)
    {
        if (keys.IsEmpty || keys.Length % KeyBytes != 0) return false;
        for (int last = SvcParamsText.Mandatory; !keys.IsEmpty; keys = keys[KeyBytes..])
        {
            var key = BinaryPrimitives.ReadUInt16BigEndian(keys);
            if (key <= last || !Has(parameters, key)) return false;
            last = key;
        }

        return true;
    }

    private static bool FitsProtocols(ReadOnlySpan<byte> value)
    {
        var reader = new RdataReader(value);
        while (!reader.Rest.IsEmpty)
        {
            if (!reader.TryTakeCounted(out var protocol) || protocol.IsEmpty) return false;
        }

        return !value.IsEmpty;
    }

    private static bool Has(ReadOnlySpan<byte> parameters, ushort wanted)
    {
        var reader = new RdataReader(parameters);
        while (reader.TryTake16(out var key) && reader.TryTake16(out var length) && reader.TryTake(length, out _))
        {
            if (key == wanted) return true;
        }

        return false;
    }
}
