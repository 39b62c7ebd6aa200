using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Bench.Ingest;

/// <summary>The zone that is brought in: mixed types as a hosting provider has them, about 36 octets each in a transfer.</summary>
internal static class LargeZone
{
    private const int OwnRecords = 3;

    /// <param name="records">In all, the SOA counted once.</param>
    public static MasterZone Create(string name, uint serial, int records) =>
        new(name, serial, [.. Enumerable.Range(0, records - OwnRecords).Select(Line)]);

    private static string Line(int i)
    {
        string label = i.ToString("x6", CultureInfo.InvariantCulture);
        return (i % 10) switch
        {
            < 4 => $"host-{label} A 192.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}",
            < 6 => $"six-{label} AAAA 2001:db8::{i >> 16:x}:{i & 0xFFFF:x}",
            6 => $"text-{label} TXT \"v=spf1 ip4:192.0.2.{i & 255} -all\"",
            7 => $"alias-{label} CNAME host-{(i - 7):x6}",
            _ => $"child-{label} NS ns{i & 1}.host-{(i - 8):x6}",
        };
    }
}
