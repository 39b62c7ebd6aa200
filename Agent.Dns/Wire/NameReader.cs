using System.Runtime.CompilerServices;

namespace Agent.Dns.Wire;

/// <summary>
/// Reads names out of messages, following compression pointers (RFC 1035 4.1.4).
/// </summary>
/// <remarks>
/// The work per name is bounded by construction, not by a hop counter: every pointer must point below the place where the part
/// of the name that holds it began, so the offsets fall strictly, and every label uses up some of the 255 bytes of a name.
/// </remarks>
public static class NameReader
{
    /// <summary>The longest name on the wire, root label included.</summary>
    public const int MaximumLength = 255;

    /// <summary>What an octet is at least where a pointer begins.</summary>
    internal const int PointerBits = 0xC0;

    private const int MaximumLabelLength = 63;

    /// <summary>
    /// Copies the name at <paramref name="offset"/> without compression, in its own case, and moves the offset behind it.
    /// </summary>
    /// <param name="message">The whole message, as pointers count from its start.</param>
    /// <param name="offset">Where the name starts; unchanged on error.</param>
    /// <param name="destination">Room for 255 bytes holds every name.</param>
    /// <param name="length">Bytes written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static WireError Read(ReadOnlySpan<byte> message, ref int offset, Span<byte> destination, out int length)
    {
        var position = offset;
        var pointerCeiling = offset;
        var end = -1;
        length = 0;
        while (true)
        {
            if ((uint)position >= (uint)message.Length) return WireError.Truncated;
            int head = message[position];
            if (head >= PointerBits)
            {
                if (position + 1 >= message.Length) return WireError.Truncated;
                if (end < 0) end = position + 2;
                position = ((head & MaximumLabelLength) << 8) | message[position + 1];
                if (position >= pointerCeiling || position < MessageHeader.Size) return WireError.BadPointer;
                pointerCeiling = position;
                continue;
            }

            if (head > MaximumLabelLength) return WireError.BadLabelType;
            var labelBytes = head + 1;
            if (position + labelBytes > message.Length) return WireError.Truncated;
            if (length + labelBytes + (head == 0 ? 0 : 1) > MaximumLength) return WireError.NameTooLong;
            if (length + labelBytes > destination.Length) return WireError.BufferTooSmall;
            message.Slice(position, labelBytes).CopyTo(destination[length..]);
            length += labelBytes;
            position += labelBytes;
            if (head != 0) continue;
            offset = end < 0 ? position : end;
            return WireError.None;
        }
    }

    /// <summary>Moves the offset behind the name without following its pointer; the name itself is not proven good by this.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static WireError Skip(ReadOnlySpan<byte> message, ref int offset)
    {
        var position = offset;
        while ((uint)position < (uint)message.Length)
        {
            int head = message[position];
            if (head >= PointerBits)
            {
                if (position + 2 > message.Length) return WireError.Truncated;
                offset = position + 2;
                return WireError.None;
            }

            if (head > MaximumLabelLength) return WireError.BadLabelType;
            position += head + 1;
            if (position - offset > MaximumLength) return WireError.NameTooLong;
            if (head != 0) continue;
            offset = position;
            return WireError.None;
        }

        return WireError.Truncated;
    }

    /// <summary>Compares the name at <paramref name="offset"/> with an uncompressed one, ASCII case folded, without copying it.</summary>
    public static bool Matches(ReadOnlySpan<byte> message, int offset, ReadOnlySpan<byte> wire) =>
        Matches(message, offset, wire, fold: true);

    /// <summary>Compares byte for byte: what compression needs to keep the case.</summary>
    internal static bool MatchesExactly(ReadOnlySpan<byte> message, int offset, ReadOnlySpan<byte> wire) =>
        Matches(message, offset, wire, fold: false);

    private static bool Matches(ReadOnlySpan<byte> message, int offset, ReadOnlySpan<byte> wire, bool fold)
    {
        var pointerCeiling = offset;
        while (true)
        {
            if ((uint)offset >= (uint)message.Length) return false;
            int head = message[offset];
            if (head >= PointerBits)
            {
                if (offset + 1 >= message.Length) return false;
                offset = ((head & MaximumLabelLength) << 8) | message[offset + 1];
                if (offset >= pointerCeiling || offset < MessageHeader.Size) return false;
                pointerCeiling = offset;
                continue;
            }

            var labelBytes = head + 1;
            if (labelBytes > wire.Length || offset + labelBytes > message.Length) return false;
            var label = message.Slice(offset, labelBytes);
            if (!(fold ? NameBytes.Equal(label, wire[..labelBytes]) : label.SequenceEqual(wire[..labelBytes]))) return false;
            if (head == 0) return wire.Length == 1;
            offset += labelBytes;
            wire = wire[labelBytes..];
        }
    }
}
