using Agent.Backends.Conformance;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Zones;

/// <summary>A record of every type, by its text, for round trips through our files and through real servers.</summary>
internal static class RecordSamples
{
    public static IEnumerable<(string Text, PlainRecord Record)> All()
    {
        foreach (string line in ConformanceRecords.OfEveryType)
        {
            string[] parts = line.Split(' ', 3);
            if (!RecordTypeText.TryParse(System.Text.Encoding.ASCII.GetBytes(parts[1]), out RecordType type))
                throw new InvalidOperationException(line);
            if (!RdataParser.TryParse(type, parts[2], RandomZones.Apex, out byte[]? rdata, out string? error))
                throw new InvalidOperationException($"{line}: {error}");
            yield return (line, RandomZones.Record($"{parts[0]}.types.example.org.", type, rdata));
        }
    }
}
