using System.Runtime.CompilerServices;

namespace Agent.Dns.Records;

/// <summary>Single hexadecimal and base32hex digits.</summary>
internal static class HexText
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte LowerDigit(int value) => "0123456789abcdef"u8[value & 0xF];

    public static bool TryDigit(byte character, out int value)
    {
        value = character switch
        {
            >= (byte)'0' and <= (byte)'9' => character - '0',
            >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
            _ => -1,
        };
        return value >= 0;
    }

    /// <summary>Writes base32 with the extended hex alphabet and without padding (RFC 4648 7, RFC 5155 3.3).</summary>
    public static void WriteBase32(ReadOnlySpan<byte> bytes, RecordTextBuffer text)
    {
        var bits = 0;
        var count = 0;
        foreach (var value in bytes)
        {
            bits = ((bits << 8) | value) & 0xFFFF;
            count += 8;
            for (; count >= 5; count -= 5) text.Write(Digit32(bits >> (count - 5)));
        }

        if (count > 0) text.Write(Digit32(bits << (5 - count)));
    }

    public static bool TryDigit32(byte character, out int value)
    {
        value = character switch
        {
            >= (byte)'0' and <= (byte)'9' => character - '0',
            >= (byte)'a' and <= (byte)'v' => character - 'a' + 10,
            >= (byte)'A' and <= (byte)'V' => character - 'A' + 10,
            _ => -1,
        };
        return value >= 0;
    }

    private static byte Digit32(int value) => "0123456789ABCDEFGHIJKLMNOPQRSTUV"u8[value & 0x1F];
}
