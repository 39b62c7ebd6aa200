namespace Agent.Dns.Records;

/// <summary>
/// LOC (RFC 1876): <c>51 30 12.748 N 0 7 39.612 W 0.00m 0.00m 0.00m 0.00m</c>. On the wire angles are thousandths of a second of arc
/// from 2^31, heights centimetres from 100 km below the surface, and the three sizes one digit and one power of ten each.
/// </summary>
internal static class LocationText
{
    private const uint Middle = 0x8000_0000;
    private const long UnitsPerSecond = 1000;
    private const long UnitsPerMinute = 60 * UnitsPerSecond;
    private const long UnitsPerDegree = 60 * UnitsPerMinute;
    private const int LatitudeDegreesMax = 90;
    private const int LongitudeDegreesMax = 180;
    private const long AltitudeBaseCentimetres = 100_000_00;
    private const long LargestSizeCentimetres = 9_000_000_000;
    private const byte DefaultSize = 0x12;
    private const byte DefaultHorizontal = 0x16;
    private const byte DefaultVertical = 0x13;

    public static bool IsLatitude(uint value) => IsAngle(value, LatitudeDegreesMax);

    public static bool IsLongitude(uint value) => IsAngle(value, LongitudeDegreesMax);

    public static bool TryWrite(ref RdataReader reader, RecordTextBuffer text)
    {
        if (!reader.TryTake8(out var version) || version != 0) return false;
        if (!reader.TryTake(3, out var sizes) || !reader.TryTake32(out var latitude)) return false;
        if (!reader.TryTake32(out var longitude) || !reader.TryTake32(out var altitude)) return false;
        if (!TryWriteAngle(latitude, LatitudeDegreesMax, (byte)'N', (byte)'S', text)) return false;
        if (!TryWriteAngle(longitude, LongitudeDegreesMax, (byte)'E', (byte)'W', text)) return false;
        var centimetres = altitude - AltitudeBaseCentimetres;
        if (centimetres < 0) text.Write((byte)'-');
        WriteMetres((ulong)Math.Abs(centimetres), text);
        foreach (var size in sizes)
        {
            int digit = size >> 4, power = size & 0xF;
            if (digit > 9 || power > 9 || (digit == 0 && power != 0)) return false;
            ulong value = (uint)digit;
            for (; power > 0; power--) value *= 10;
            text.Write((byte)' ');
            WriteMetres(value, text);
        }

        return true;
    }

    public static bool TryParse(ref RdataComposer composer)
    {
        if (!TryParseAngle(ref composer, LatitudeDegreesMax, 'N', 'S', out var latitude)) return composer.Fail("a latitude is expected");
        if (!TryParseAngle(ref composer, LongitudeDegreesMax, 'E', 'W', out var longitude)) return composer.Fail("a longitude is expected");
        if (!composer.TryWord(out var word) || !TryParseMetres(word, out var centimetres)) return composer.Fail("an altitude is expected");
        centimetres += AltitudeBaseCentimetres;
        if (centimetres is < 0 or > uint.MaxValue) return composer.Fail("the altitude is out of range");
        byte size = DefaultSize, horizontal = DefaultHorizontal, vertical = DefaultVertical;
        if (!TryParseSize(ref composer, ref size) || !TryParseSize(ref composer, ref horizontal)
            || !TryParseSize(ref composer, ref vertical))
        {
            return composer.Fail("a size or precision in metres is expected");
        }

        return composer.TryAppend([0, size, horizontal, vertical]) && composer.TryAppend32(latitude) && composer.TryAppend32(longitude)
            && composer.TryAppend32((uint)centimetres);
    }

    private static bool IsAngle(uint value, int degreesMax) => Math.Abs((long)value - Middle) <= degreesMax * UnitsPerDegree;

    private static bool TryWriteAngle(uint value, int degreesMax, byte positive, byte negative, RecordTextBuffer text)
    {
        if (!IsAngle(value, degreesMax)) return false;
        var units = (long)value - Middle;
        var magnitude = Math.Abs(units);
        text.WriteNumber((ulong)(magnitude / UnitsPerDegree));
        text.Write((byte)' ');
        text.WriteNumber((ulong)(magnitude / UnitsPerMinute % 60));
        text.Write((byte)' ');
        text.WriteNumber((ulong)(magnitude / UnitsPerSecond % 60));
        text.Write((byte)'.');
        text.WriteNumber((uint)(magnitude % UnitsPerSecond), digits: 3);
        text.Write((byte)' ');
        text.Write(units < 0 ? negative : positive);
        text.Write((byte)' ');
        return true;
    }

    private static void WriteMetres(ulong centimetres, RecordTextBuffer text)
    {
        text.WriteNumber(centimetres / 100);
        text.Write((byte)'.');
        text.WriteNumber((uint)(centimetres % 100), digits: 2);
        text.Write((byte)'m');
    }

    private static bool TryParseAngle(ref RdataComposer composer, int degreesMax, char positive, char negative, out uint value)
    {
        value = 0;
        long units = 0;
        for (var part = 0; part < 4; part++)
        {
            if (!composer.TryWord(out var word)) return false;
            if (word.Length == 1 && char.IsAsciiLetter((char)word[0]))
            {
                var letter = char.ToUpperInvariant((char)word[0]);
                if (part == 0 || (letter != positive && letter != negative) || units > degreesMax * UnitsPerDegree) return false;
                value = (uint)(Middle + (letter == positive ? units : -units));
                return true;
            }

            long number;
            switch (part)
            {
                case 0 when TimeText.TryParseNumber(word, (uint)degreesMax, out var degrees):
                    number = degrees * UnitsPerDegree;
                    break;
                case 1 when TimeText.TryParseNumber(word, 59, out var minutes):
                    number = minutes * UnitsPerMinute;
                    break;
                case 2 when TryParseDecimal(word, decimals: 3, out number) && number is >= 0 and < UnitsPerMinute:
                    break;
                default:
                    return false;
            }

            units += number;
        }

        return false;
    }

    private static bool TryParseSize(ref RdataComposer composer, ref byte size)
    {
        if (composer.Tokens.Remaining == 0) return true;
        if (!composer.TryWord(out var word) || !TryParseMetres(word, out var centimetres)) return false;
        if (centimetres is < 0 or > LargestSizeCentimetres) return false;
        var power = 0;
        for (; centimetres > 9; power++) centimetres /= 10;
        size = (byte)((centimetres << 4) | (long)power);
        return true;
    }

    private static bool TryParseMetres(ReadOnlySpan<byte> word, out long centimetres)
    {
        if (word.EndsWith("m"u8)) word = word[..^1];
        return TryParseDecimal(word, decimals: 2, out centimetres);
    }

    /// <summary>Reads <c>-12.5</c> as so many of the smallest unit; further decimals must not follow.</summary>
    private static bool TryParseDecimal(ReadOnlySpan<byte> word, int decimals, out long value)
    {
        value = 0;
        var negative = word.StartsWith("-"u8);
        if (negative) word = word[1..];
        var dot = word.IndexOf((byte)'.');
        var whole = dot < 0 ? word : word[..dot];
        var fraction = dot < 0 ? default : word[(dot + 1)..];
        if (fraction.Length > decimals || !TimeText.TryParseNumber(whole, uint.MaxValue, out var number)) return false;
        value = number;
        for (var i = 0; i < decimals; i++)
        {
            if (i < fraction.Length && !char.IsAsciiDigit((char)fraction[i])) return false;
            value = (value * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
        }

        if (negative) value = -value;
        return true;
    }
}
