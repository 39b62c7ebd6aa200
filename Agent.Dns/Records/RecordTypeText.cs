using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>Mnemonics of types and classes, and the forms <c>TYPEnnn</c> and <c>CLASSnnn</c> for all others (RFC 3597 5).</summary>
public static class RecordTypeText
{
    private const int LongestMnemonic = 16;

    private static readonly FrozenDictionary<RecordType, byte[]> Mnemonics = Enum.GetValues<RecordType>()
        .Where(type => type is not (RecordType.CommandCreate or RecordType.CommandDelete))
        .ToFrozenDictionary(type => type, type => Encoding.ASCII.GetBytes(type == RecordType.NSAPPTR ? "NSAP-PTR" : type.ToString()));

    private static readonly FrozenDictionary<string, RecordType>.AlternateLookup<ReadOnlySpan<char>> Types = Mnemonics
        .ToFrozenDictionary(pair => Encoding.ASCII.GetString(pair.Value), pair => pair.Key, StringComparer.OrdinalIgnoreCase)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The mnemonic, or an empty span for a type without one.</summary>
    public static ReadOnlySpan<byte> MnemonicOf(RecordType type) => Mnemonics.TryGetValue(type, out var mnemonic) ? mnemonic : default;

    /// <summary>The text of a type: for logs and tables; zone data goes through <see cref="RecordText"/>.</summary>
    public static string ToText(RecordType type) =>
        Mnemonics.TryGetValue(type, out var mnemonic) ? Encoding.ASCII.GetString(mnemonic) : $"TYPE{(ushort)type}";

    /// <summary>The text of a class.</summary>
    public static string ToText(RecordClass recordClass) =>
        recordClass is RecordClass.IN or RecordClass.CH or RecordClass.HS or RecordClass.NONE or RecordClass.ANY
            ? recordClass.ToString()
            : $"CLASS{(ushort)recordClass}";

    /// <summary>Reads a mnemonic or <c>TYPEnnn</c>, in any case.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out RecordType type)
    {
        Span<char> chars = stackalloc char[LongestMnemonic];
        type = default;
        if (!TryWiden(text, chars, out var length)) return false;
        if (Types.TryGetValue(chars[..length], out type)) return true;
        if (!TryParseNumbered(chars[..length], "TYPE", out var number)) return false;
        type = (RecordType)number;
        return true;
    }

    /// <summary>Reads <c>IN</c>, <c>CH</c>, <c>HS</c> or <c>CLASSnnn</c>, in any case.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out RecordClass recordClass)
    {
        Span<char> chars = stackalloc char[LongestMnemonic];
        recordClass = default;
        if (!TryWiden(text, chars, out var length)) return false;
        ReadOnlySpan<char> word = chars[..length];
        if (word.Equals("IN", StringComparison.OrdinalIgnoreCase)) recordClass = RecordClass.IN;
        else if (word.Equals("CH", StringComparison.OrdinalIgnoreCase)) recordClass = RecordClass.CH;
        else if (word.Equals("HS", StringComparison.OrdinalIgnoreCase)) recordClass = RecordClass.HS;
        else if (TryParseNumbered(word, "CLASS", out var number)) recordClass = (RecordClass)number;
        else return false;
        return true;
    }

    private static bool TryWiden(ReadOnlySpan<byte> text, Span<char> chars, out int length)
    {
        length = 0;
        return text.Length <= chars.Length && Ascii.ToUtf16(text, chars, out length) == OperationStatus.Done;
    }

    private static bool TryParseNumbered(ReadOnlySpan<char> word, string prefix, out ushort number)
    {
        number = 0;
        return word.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
            && ushort.TryParse(word[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
