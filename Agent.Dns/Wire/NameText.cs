using System.Runtime.CompilerServices;

namespace Agent.Dns.Wire;

/// <summary>Names between wire and presentation form, with the escapes of RFC 1035 5.1 (<c>\.</c> and <c>\DDD</c>).</summary>
public static class NameText
{
    /// <summary>Room that holds the text of every name: four characters for each of 255 bytes.</summary>
    public const int MaximumLength = 1020;

    private const int MaximumLabelLength = 63;

    // Letters, digits, '-', '_' and '*', which occur in host names: a bit for each octet below 64, and for each of the next 64.
    private const ulong PlainBelow64 = (1UL << '-') | (1UL << '*') | (0x3FFUL << '0');
    private const ulong PlainFrom64 = (0x3FFFFFFUL << ('A' - 64)) | (1UL << ('_' - 64)) | (0x3FFFFFFUL << ('a' - 64));

    /// <summary>Writes an uncompressed name as ASCII with its final dot.</summary>
    /// <param name="wire">A well-formed name.</param>
    /// <param name="destination">Room for <see cref="MaximumLength"/> bytes is enough for any name.</param>
    /// <param name="forMasterFile">
    /// Escapes every sign that some server's reader of master files stumbles over (Knot wants it of all but <c>-_*/</c>). Otherwise only
    /// those that have a meaning there, as people and tools write names.
    /// </param>
    /// <returns>Bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Write(ReadOnlySpan<byte> wire, Span<byte> destination, bool forMasterFile = false)
    {
        if (wire[0] == 0)
        {
            destination[0] = (byte)'.';
            return 1;
        }

        var written = 0;
        for (var position = 0; wire[position] != 0;)
        {
            var label = wire.Slice(position + 1, wire[position]);
            position += label.Length + 1;
            if (IsPlain(label))
            {
                label.CopyTo(destination[written..]);
                written += label.Length;
            }
            else
            {
                foreach (var value in label) written += WriteByte(value, destination[written..], forMasterFile);
            }

            destination[written++] = (byte)'.';
        }

        return written;
    }

    /// <summary>
    /// Reads presentation form. A name without final dot is completed by <paramref name="originWire"/>, or by the root if that is
    /// empty; <c>@</c> alone is the origin.
    /// </summary>
    /// <param name="text">ASCII; bytes above 127 are taken as they are.</param>
    /// <param name="originWire">An uncompressed name, or empty.</param>
    /// <param name="destination">Room for 255 bytes.</param>
    /// <param name="length">Bytes written.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, ReadOnlySpan<byte> originWire, Span<byte> destination, out int length)
    {
        length = 0;
        ReadOnlySpan<byte> root = [0];
        if (originWire.IsEmpty) originWire = root;
        if (text.IsEmpty) return false;
        if (text is [(byte)'.']) return TryAppend(root, destination, ref length);
        if (text is [(byte)'@']) return TryAppend(originWire, destination, ref length);

        Span<byte> label = stackalloc byte[MaximumLabelLength];
        var labelLength = 0;
        while (!text.IsEmpty)
        {
            var value = text[0];
            var used = 1;
            if (value == '.')
            {
                if (!TryAppendLabel(label[..labelLength], destination, ref length)) return false;
                labelLength = 0;
                text = text[1..];
                continue;
            }

            if (value == '\\' && !TryUnescape(text, out value, out used)) return false;
            if (labelLength == MaximumLabelLength) return false;
            label[labelLength++] = value;
            text = text[used..];
        }

        if (labelLength == 0) return TryAppend(root, destination, ref length);
        return TryAppendLabel(label[..labelLength], destination, ref length) && TryAppend(originWire, destination, ref length);
    }

    /// <summary>Reads one escape: <c>\DDD</c>, or a backslash and any one character.</summary>
    /// <param name="text">Starts with the backslash.</param>
    /// <param name="value">The byte meant.</param>
    /// <param name="used">Characters consumed, 2 or 4.</param>
    public static bool TryUnescape(ReadOnlySpan<byte> text, out byte value, out int used)
    {
        value = 0;
        used = 2;
        if (text.Length < 2) return false;
        value = text[1];
        if (!char.IsAsciiDigit((char)value)) return true;

        used = 4;
        if (text.Length < 4 || !char.IsAsciiDigit((char)text[2]) || !char.IsAsciiDigit((char)text[3])) return false;
        var number = ((text[1] - '0') * 100) + ((text[2] - '0') * 10) + text[3] - '0';
        value = (byte)number;
        return number <= byte.MaxValue;
    }

    /// <summary>Labels are short: a look at each octet costs less than the search for any of many values begins with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(ReadOnlySpan<byte> label)
    {
        foreach (var octet in label)
        {
            if (!IsPlain(octet)) return false;
        }

        return true;
    }

    /// <summary>True for an octet that needs no escape.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(byte octet) =>
        octet < 64 ? (PlainBelow64 >> octet & 1) != 0 : octet < 128 && (PlainFrom64 >> (octet - 64) & 1) != 0;

    private static int WriteByte(byte value, Span<byte> destination, bool forMasterFile)
    {
        switch (value)
        {
            case <= 0x20 or >= 0x7F:
                return WriteNumber(value, destination);
            case (byte)'\\' when forMasterFile:
                // NSD takes the second of two backslashes for the beginning of an escape when a dot follows.
                return WriteNumber(value, destination);
            case (byte)'"' or (byte)'$' or (byte)'(' or (byte)')' or (byte)'.' or (byte)';' or (byte)'@' or (byte)'\\':
                destination[1] = value;
                destination[0] = (byte)'\\';
                return 2;
            default:
                // By its number, as a backslash before a bracket means something else to BIND.
                if (forMasterFile && value != (byte)'/' && !IsPlain(value)) return WriteNumber(value, destination);
                destination[0] = value;
                return 1;
        }
    }

    private static int WriteNumber(byte value, Span<byte> destination)
    {
        destination[3] = (byte)('0' + (value % 10));
        destination[2] = (byte)('0' + (value / 10 % 10));
        destination[1] = (byte)('0' + (value / 100));
        destination[0] = (byte)'\\';
        return 4;
    }

    private static bool TryAppendLabel(ReadOnlySpan<byte> label, Span<byte> destination, ref int length)
    {
        if (label.IsEmpty || length + label.Length + 1 > destination.Length) return false;
        destination[length] = (byte)label.Length;
        label.CopyTo(destination[(length + 1)..]);
        length += label.Length + 1;
        return length < NameReader.MaximumLength;
    }

    private static bool TryAppend(ReadOnlySpan<byte> wire, Span<byte> destination, ref int length)
    {
        if (length + wire.Length > Math.Min(destination.Length, NameReader.MaximumLength)) return false;
        wire.CopyTo(destination[length..]);
        length += wire.Length;
        return true;
    }
}
