using System.Buffers.Binary;

namespace Agent.Dns.Records;

/// <summary>Brings parameters of SVCB into ascending order of their keys (RFC 9460 2.2).</summary>
internal static class SvcParamsOrder
{
    private const int Head = 4;

    /// <summary>Sorts whole parameters in place; false if a key stands twice.</summary>
    public static bool TrySort(Span<byte> parameters)
    {
        if (IsAscending(parameters)) return true;

        var items = new SortedDictionary<ushort, byte[]>();
        for (ReadOnlySpan<byte> rest = parameters; !rest.IsEmpty;)
        {
            var length = LengthOf(rest);
            if (!items.TryAdd(KeyOf(rest), rest[..length].ToArray())) return false;
            rest = rest[length..];
        }

        foreach (var item in items.Values)
        {
            item.CopyTo(parameters);
            parameters = parameters[item.Length..];
        }

        return true;
    }

    /// <summary>Sorts a list of keys in place; false if one stands twice.</summary>
    public static bool TrySortKeys(Span<byte> keys)
    {
        var values = new ushort[keys.Length / sizeof(ushort)];
        for (var i = 0; i < values.Length; i++) values[i] = KeyOf(keys[(i * sizeof(ushort))..]);
        Array.Sort(values);
        for (var i = 0; i < values.Length; i++)
        {
            if (i > 0 && values[i] == values[i - 1]) return false;
            BinaryPrimitives.WriteUInt16BigEndian(keys[(i * sizeof(ushort))..], values[i]);
        }

        return true;
    }

    private static bool IsAscending(ReadOnlySpan<byte> rest)
    {
        for (var last = -1; !rest.IsEmpty; rest = rest[LengthOf(rest)..])
        {
            if (KeyOf(rest) <= last) return false;
            last = KeyOf(rest);
        }

        return true;
    }

    private static ushort KeyOf(ReadOnlySpan<byte> parameter) => BinaryPrimitives.ReadUInt16BigEndian(parameter);

    private static int LengthOf(ReadOnlySpan<byte> parameter) => Head + BinaryPrimitives.ReadUInt16BigEndian(parameter[2..]);
}
