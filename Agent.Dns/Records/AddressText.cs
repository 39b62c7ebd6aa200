using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Agent.Dns.Records;

/// <summary>IP addresses as text without allocating: dotted decimal, and IPv6 as in RFC 5952.</summary>
internal static class AddressText
{
    public const int Bytes4 = 4;
    public const int Bytes6 = 16;
    private const int Groups = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write4(ReadOnlySpan<byte> address, RecordTextBuffer text)
    {
        for (var i = 0; i < Bytes4; i++)
        {
            if (i > 0) text.Write((byte)'.');
            text.WriteOctet(address[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write6(ReadOnlySpan<byte> address, RecordTextBuffer text)
    {
        var (runStart, runLength) = FindLongestZeroRun(address);
        for (var i = 0; i < Groups; i++)
        {
            if (i == runStart)
            {
                text.Write("::"u8);
                i += runLength - 1;
                continue;
            }

            if (i > 0 && i != runStart + runLength) text.Write((byte)':');
            WriteGroup(BinaryPrimitives.ReadUInt16BigEndian(address[(2 * i)..]), text);
        }
    }

    public static bool TryParse4(ReadOnlySpan<byte> word, Span<byte> address)
    {
        for (var i = 0; i < Bytes4; i++)
        {
            if (i > 0)
            {
                if (word.IsEmpty || word[0] != '.') return false;
                word = word[1..];
            }

            var value = 0;
            var digits = 0;
            for (; digits < word.Length && char.IsAsciiDigit((char)word[digits]); digits++)
            {
                value = (value * 10) + word[digits] - '0';
                if (value > byte.MaxValue) return false;
            }

            if (digits is 0 or > 3) return false;
            address[i] = (byte)value;
            word = word[digits..];
        }

        return word.IsEmpty;
    }

    public static bool TryParse6(ReadOnlySpan<byte> word, Span<byte> address)
    {
        Span<byte> parsed = stackalloc byte[Bytes6];
        var length = 0;
        var gap = -1;
        if (word.StartsWith("::"u8))
        {
            gap = 0;
            word = word[2..];
        }

        while (!word.IsEmpty)
        {
            var digits = 0;
            var value = 0;
            for (; digits < word.Length && digits <= 4 && HexText.TryDigit(word[digits], out var digit); digits++)
            {
                value = (value << 4) | digit;
            }

            if (digits < word.Length && word[digits] == '.')
            {
                if (length + Bytes4 > Bytes6 || !TryParse4(word, parsed[length..])) return false;
                length += Bytes4;
                break;
            }

            if (digits is 0 or > 4 || length + 2 > Bytes6) return false;
            BinaryPrimitives.WriteUInt16BigEndian(parsed[length..], (ushort)value);
            length += 2;
            word = word[digits..];
            if (word.IsEmpty) break;
            if (word[0] != ':' || word.Length == 1) return false;
            word = word[1..];
            if (word[0] != ':') continue;
            if (gap >= 0) return false;
            gap = length;
            word = word[1..];
        }

        if (gap < 0 ? length != Bytes6 : length > Bytes6 - 2) return false;
        address[..Bytes6].Clear();
        var head = gap < 0 ? length : gap;
        parsed[..head].CopyTo(address);
        parsed[head..length].CopyTo(address[(Bytes6 - (length - head))..]);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Start, int Length) FindLongestZeroRun(ReadOnlySpan<byte> address)
    {
        var best = (Start: -1, Length: 1);
        for (var i = 0; i < Groups; i++)
        {
            var start = i;
            while (i < Groups && BinaryPrimitives.ReadUInt16BigEndian(address[(2 * i)..]) == 0) i++;
            if (i - start > best.Length) best = (start, i - start);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteGroup(ushort group, RecordTextBuffer text)
    {
        for (var shift = 12; shift >= 0; shift -= 4)
        {
            if (group >> shift != 0 || shift == 0) text.Write(HexText.LowerDigit(group >> shift));
        }
    }
}
