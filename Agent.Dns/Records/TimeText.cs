namespace Agent.Dns.Records;

/// <summary>Points of time (RFC 4034 3.2) and spans of time with units, as master files write them.</summary>
internal static class TimeText
{
    private const int DigitsOfTime = 14;

    /// <summary>YYYYMMDDHHmmSS, counting the 32 bits from 1970.</summary>
    public static void WriteTime(uint seconds, RecordTextBuffer text)
    {
        var time = DateTime.UnixEpoch.AddSeconds(seconds);
        text.WriteNumber((uint)time.Year, digits: 4);
        text.WriteNumber((uint)time.Month, digits: 2);
        text.WriteNumber((uint)time.Day, digits: 2);
        text.WriteNumber((uint)time.Hour, digits: 2);
        text.WriteNumber((uint)time.Minute, digits: 2);
        text.WriteNumber((uint)time.Second, digits: 2);
    }

    /// <summary>Reads fourteen digits as a date, fewer as seconds since 1970.</summary>
    public static bool TryParseTime(ReadOnlySpan<byte> word, out uint seconds)
    {
        if (word.Length != DigitsOfTime) return TryParseNumber(word, uint.MaxValue, out seconds);
        seconds = 0;
        if (!TryParseNumber(word[..4], 9999, out var year) || !TryParseNumber(word[4..6], 12, out var month)
            || !TryParseNumber(word[6..8], 31, out var day) || !TryParseNumber(word[8..10], 23, out var hour)
            || !TryParseNumber(word[10..12], 59, out var minute) || !TryParseNumber(word[12..], 59, out var second)) return false;
        if (year < 1970 || month == 0 || day == 0 || day > DateTime.DaysInMonth((int)year, (int)month)) return false;
        var time = new DateTime((int)year, (int)month, (int)day, (int)hour, (int)minute, (int)second, DateTimeKind.Utc);
        seconds = unchecked((uint)(long)(time - DateTime.UnixEpoch).TotalSeconds);
        return true;
    }

    /// <summary>Reads <c>3600</c>, <c>1h</c> or <c>1w2d3h4m5s</c>.</summary>
    public static bool TryParseTtl(ReadOnlySpan<byte> word, out uint seconds)
    {
        seconds = 0;
        if (word.IsEmpty) return false;
        ulong total = 0;
        while (!word.IsEmpty)
        {
            var digits = 0;
            while (digits < word.Length && char.IsAsciiDigit((char)word[digits])) digits++;
            if (!TryParseNumber(word[..digits], uint.MaxValue, out var number)) return false;
            word = word[digits..];
            var unit = 1u;
            if (!word.IsEmpty)
            {
                unit = UnitOf(word[0]);
                word = word[1..];
            }

            total += (ulong)number * unit;
            if (unit == 0 || total > uint.MaxValue) return false;
        }

        seconds = (uint)total;
        return true;
    }

    public static bool TryParseNumber(ReadOnlySpan<byte> word, uint maximum, out uint number)
    {
        ulong value = 0;
        number = 0;
        if (word.IsEmpty) return false;
        foreach (var character in word)
        {
            if (!char.IsAsciiDigit((char)character)) return false;
            value = (value * 10) + (uint)(character - '0');
            if (value > maximum) return false;
        }

        number = (uint)value;
        return true;
    }

    private static uint UnitOf(byte character) => (character | 0x20) switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        'w' => 604800,
        _ => 0,
    };
}
