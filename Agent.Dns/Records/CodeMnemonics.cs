using System.Collections.Frozen;
using System.Text;

namespace Agent.Dns.Records;

/// <summary>Words that master files may hold instead of numbers. We read them and write numbers, which every server reads.</summary>
internal static class CodeMnemonics
{
    private const int LongestWord = 24;

    private static readonly FrozenDictionary<string, byte>.AlternateLookup<ReadOnlySpan<char>> Algorithms =
        new Dictionary<string, byte>(StringComparer.OrdinalIgnoreCase)
    {
        ["RSAMD5"] = 1,
        ["DH"] = 2,
        ["DSA"] = 3,
        ["RSASHA1"] = 5,
        ["DSA-NSEC3-SHA1"] = 6,
        ["NSEC3DSA"] = 6,
        ["RSASHA1-NSEC3-SHA1"] = 7,
        ["NSEC3RSASHA1"] = 7,
        ["RSASHA256"] = 8,
        ["RSASHA512"] = 10,
        ["ECC-GOST"] = 12,
        ["ECDSAP256SHA256"] = 13,
        ["ECDSAP384SHA384"] = 14,
        ["ED25519"] = 15,
        ["ED448"] = 16,
        ["INDIRECT"] = 252,
        ["PRIVATEDNS"] = 253,
        ["PRIVATEOID"] = 254,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenDictionary<string, ushort>.AlternateLookup<ReadOnlySpan<char>> Certificates =
        new Dictionary<string, ushort>(StringComparer.OrdinalIgnoreCase)
    {
        ["PKIX"] = 1,
        ["SPKI"] = 2,
        ["PGP"] = 3,
        ["IPKIX"] = 4,
        ["ISPKI"] = 5,
        ["IPGP"] = 6,
        ["ACPKIX"] = 7,
        ["IACPKIX"] = 8,
        ["URI"] = 253,
        ["OID"] = 254,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool TryParseAlgorithm(ReadOnlySpan<byte> word, out byte algorithm)
    {
        if (TimeText.TryParseNumber(word, byte.MaxValue, out var number))
        {
            algorithm = (byte)number;
            return true;
        }

        Span<char> chars = stackalloc char[LongestWord];
        algorithm = 0;
        return TryWiden(word, chars, out var length) && Algorithms.TryGetValue(chars[..length], out algorithm);
    }

    public static bool TryParseCertificateType(ReadOnlySpan<byte> word, out ushort type)
    {
        if (TimeText.TryParseNumber(word, ushort.MaxValue, out var number))
        {
            type = (ushort)number;
            return true;
        }

        Span<char> chars = stackalloc char[LongestWord];
        type = 0;
        return TryWiden(word, chars, out var length) && Certificates.TryGetValue(chars[..length], out type);
    }

    private static bool TryWiden(ReadOnlySpan<byte> word, Span<char> chars, out int length)
    {
        length = 0;
        return word.Length <= LongestWord && Ascii.ToUtf16(word, chars, out length) == System.Buffers.OperationStatus.Done;
    }
}
