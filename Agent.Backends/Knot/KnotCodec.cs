using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Agent.Backends.Knot;

/// <summary>What reading a unit came to.</summary>
public enum KnotDecoding
{
    /// <summary>A unit.</summary>
    Unit = 0,

    /// <summary>More octets are needed.</summary>
    NeedMore = 1,

    /// <summary>This is not the protocol.</summary>
    Malformed = 2,
}

/// <summary>
/// Units as octets (libknot's control.h is what they are defined by). One octet is the type; behind that of a data unit come its items,
/// each an octet of 16 and more, a length of two octets, the highest first, and so many octets of text. Nothing says where a data unit
/// ends: the type of the next one does, and a block or the end always follows.
/// </summary>
public static class KnotCodec
{
    private const int ItemBase = 16;
    private const int ItemHeadSize = 3;

    /// <summary>Appends a unit.</summary>
    /// <exception cref="ArgumentException">A text is longer than 65535 octets, or holds NUL, at which Knot would cut it off.</exception>
    public static void Write(KnotUnit unit, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(unit);
        WriteType(unit.Type, destination);
        for (int kind = 0; kind < KnotUnit.ItemKinds; kind++)
        {
            if (unit[(KnotItem)kind] is not { } text)
                continue;
            int length = Encoding.UTF8.GetByteCount(text);
            if (length > ushort.MaxValue || text.Contains('\0', StringComparison.Ordinal))
                throw new ArgumentException($"the {(KnotItem)kind} cannot be sent", nameof(unit));
            Span<byte> item = destination.GetSpan(ItemHeadSize + length);
            item[0] = (byte)(ItemBase + kind);
            BinaryPrimitives.WriteUInt16BigEndian(item[1..], (ushort)length);
            Encoding.UTF8.GetBytes(text, item[ItemHeadSize..]);
            destination.Advance(ItemHeadSize + length);
        }
    }

    /// <summary>Appends a unit that is its type alone.</summary>
    public static void WriteType(KnotUnitType type, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        destination.GetSpan(1)[0] = (byte)type;
        destination.Advance(1);
    }

    /// <summary>Reads the unit at the front.</summary>
    /// <param name="octets">What has come so far.</param>
    /// <param name="unit">Null unless there is a whole one.</param>
    /// <param name="consumed">How many octets it took.</param>
    public static KnotDecoding TryRead(ReadOnlySpan<byte> octets, out KnotUnit? unit, out int consumed)
    {
        unit = null;
        consumed = 0;
        if (octets.IsEmpty)
            return KnotDecoding.NeedMore;
        if (octets[0] > (byte)KnotUnitType.Block)
            return KnotDecoding.Malformed;
        KnotUnit read = new() { Type = (KnotUnitType)octets[0] };
        int at = 1;
        if (read.Type is KnotUnitType.Data or KnotUnitType.Extra)
        {
            while (true)
            {
                if (at == octets.Length)
                    return KnotDecoding.NeedMore;
                byte code = octets[at];
                if (code <= (byte)KnotUnitType.Block)
                    break;
                if (code is < ItemBase or >= ItemBase + KnotUnit.ItemKinds)
                    return KnotDecoding.Malformed;
                if (octets.Length - at < ItemHeadSize)
                    return KnotDecoding.NeedMore;
                int length = BinaryPrimitives.ReadUInt16BigEndian(octets[(at + 1)..]);
                at += ItemHeadSize;
                if (octets.Length - at < length)
                    return KnotDecoding.NeedMore;
                read[(KnotItem)(code - ItemBase)] = Encoding.UTF8.GetString(octets.Slice(at, length));
                at += length;
            }
        }

        unit = read;
        consumed = at;
        return KnotDecoding.Unit;
    }
}
