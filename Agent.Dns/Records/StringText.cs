using System.Buffers;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>Character strings (RFC 1035 3.3 and 5.1).</summary>
internal static class StringText
{
    public const int MaximumLength = 255;

    private static readonly SearchValues<byte> Plain =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x7F - 0x20).Select(value => (byte)value).Except("\"\\"u8.ToArray())]);

    /// <summary>Writes in quotes; quotes and backslashes get a backslash, what is not printable ASCII its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteQuoted(ReadOnlySpan<byte> bytes, RecordTextBuffer text)
    {
        text.Write((byte)'"');
        while (true)
        {
            var plain = bytes.IndexOfAnyExcept(Plain);
            text.Write(plain < 0 ? bytes : bytes[..plain]);
            if (plain < 0) break;
            WriteByte(bytes[plain], text);
            bytes = bytes[(plain + 1)..];
        }

        text.Write((byte)'"');
    }

    public static void WriteByte(byte value, RecordTextBuffer text)
    {
        if (value is < 0x20 or >= 0x7F)
        {
            text.Write((byte)'\\');
            text.WriteNumber(value, digits: 3);
            return;
        }

        if (value is (byte)'"' or (byte)'\\') text.Write((byte)'\\');
        text.Write(value);
    }

    /// <summary>True for the words that may stand as a tag of CAA without quotes and escapes (RFC 8659 4.1).</summary>
    public static bool IsTag(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (!char.IsAsciiLetterOrDigit((char)value)) return false;
        }

        return !bytes.IsEmpty;
    }

    /// <summary>Takes the first character off a word, undoing its escape.</summary>
    public static bool TryTakeByte(ref ReadOnlySpan<byte> word, out byte value)
    {
        value = word[0];
        var used = 1;
        if (value == '\\' && !NameText.TryUnescape(word, out value, out used)) return false;
        word = word[used..];
        return true;
    }
}
