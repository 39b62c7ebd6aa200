using System.Globalization;
using System.Numerics;

namespace Agent.Host.Configuration.Hocon;

/// <summary>Durations and sizes in the HOCON specification's units: a number, optional white space, an optional unit.</summary>
public static class HoconUnits
{
    /// <summary>Nanoseconds per unit; a bare number is milliseconds.</summary>
    private static readonly Dictionary<string, decimal> DurationUnits = Table(
        (1m, "ns nano nanos nanosecond nanoseconds"),
        (1_000m, "us micro micros microsecond microseconds"),
        (1_000_000m, "ms milli millis millisecond milliseconds"),
        (1_000_000_000m, "s second seconds"),
        (60_000_000_000m, "m minute minutes"),
        (3_600_000_000_000m, "h hour hours"),
        (86_400_000_000_000m, "d day days"));

    private static readonly Dictionary<string, decimal> SizeUnits = SizeTable();

    /// <summary>Rounded to .NET's 100 ns ticks. False also where the value does not fit.</summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        duration = default;
        if (!TrySplit(text, DurationUnits, defaultFactor: 1_000_000m, out decimal nanoseconds)) return false;
        decimal ticks = decimal.Round(nanoseconds / 100m, MidpointRounding.AwayFromZero);
        if (ticks < long.MinValue || ticks > long.MaxValue) return false;
        duration = new TimeSpan((long)ticks);
        return true;
    }

    /// <summary>Whether a number stands there without a unit.</summary>
    public static bool IsBare(string text) => text.Length > 0 && !char.IsLetter(text.TrimEnd()[^1]);

    /// <summary>Bytes; decimal units by powers of 1000, binary ones and the single letters by powers of 1024.</summary>
    public static bool TryParseSize(string text, out long bytes)
    {
        bytes = 0;
        if (!TrySplit(text, SizeUnits, defaultFactor: 1m, out decimal exact)) return false;
        decimal whole = decimal.Round(exact, MidpointRounding.AwayFromZero);
        if (whole < long.MinValue || whole > long.MaxValue) return false;
        bytes = (long)whole;
        return true;
    }

    /// <summary>The shortest text of whole units that reads back as the same duration.</summary>
    public static string Render(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        if (duration.Ticks % TimeSpan.TicksPerDay == 0) return $"{duration.Ticks / TimeSpan.TicksPerDay}d";
        if (duration.Ticks % TimeSpan.TicksPerHour == 0) return $"{duration.Ticks / TimeSpan.TicksPerHour}h";
        if (duration.Ticks % TimeSpan.TicksPerMinute == 0) return $"{duration.Ticks / TimeSpan.TicksPerMinute}m";
        if (duration.Ticks % TimeSpan.TicksPerSecond == 0) return $"{duration.Ticks / TimeSpan.TicksPerSecond}s";
        return duration.Ticks % TimeSpan.TicksPerMillisecond == 0
            ? $"{duration.Ticks / TimeSpan.TicksPerMillisecond}ms"
            : $"{(BigInteger)duration.Ticks * 100}ns";
    }

    private static bool TrySplit(string text, Dictionary<string, decimal> units, decimal defaultFactor, out decimal value)
    {
        value = 0;
        string trimmed = text.Trim();
        int digits = trimmed.Length;
        while (digits > 0 && char.IsLetter(trimmed[digits - 1])) digits--;
        string unit = trimmed[digits..];
        decimal factor = defaultFactor;
        if (unit.Length > 0 && !units.TryGetValue(unit, out factor)) return false;
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!decimal.TryParse(trimmed[..digits].TrimEnd(), style, CultureInfo.InvariantCulture, out decimal number)) return false;
        if (Math.Abs(number) > decimal.MaxValue / factor) return false;
        value = number * factor;
        return true;
    }

    private static Dictionary<string, decimal> Table(params (decimal Factor, string Names)[] rows)
    {
        var table = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach ((decimal factor, string names) in rows)
        {
            foreach (string name in names.Split(' ')) table.Add(name, factor);
        }

        return table;
    }

    private static Dictionary<string, decimal> SizeTable()
    {
        Dictionary<string, decimal> table = Table((1m, "B b byte bytes"));
        string[] decimalNames = ["kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta"];
        string[] binaryNames = ["kibi", "mebi", "gibi", "tebi", "pebi", "exbi", "zebi", "yobi"];
        decimal thousands = 1;
        decimal binary = 1;
        for (int i = 0; i < decimalNames.Length; i++)
        {
            thousands *= 1000;
            binary *= 1024;
            char letter = char.ToUpperInvariant(decimalNames[i][0]);
            string[] decimalUnits = [i == 0 ? "kB" : $"{letter}B", $"{decimalNames[i]}byte", $"{decimalNames[i]}bytes"];
            char small = char.ToLowerInvariant(letter);
            string[] binaryUnits =
                [$"{letter}", $"{small}", $"{letter}i", $"{letter}iB", $"{binaryNames[i]}byte", $"{binaryNames[i]}bytes"];
            foreach (string name in decimalUnits) table.Add(name, thousands);
            foreach (string name in binaryUnits) table.Add(name, binary);
        }

        return table;
    }
}
