using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Tinydns;

/// <summary>What tinydns would not answer as it is in the content, although data.cdb can hold it.</summary>
public static class TinydnsContentRules
{
    // Of more addresses at a name tinydns answers with so many, another choice each time.
    private const int AddressesMax = 8;

    private const string NoSignatures = "tinydns has no DNSSEC and would leave signatures out of its answers";

    /// <summary>What is refused by type, number and size.</summary>
    public static ZoneLimits Limits { get; } = new()
    {
        Types =
        [
            new TypeLimit(RecordType.RRSIG, NoSignatures),
            new TypeLimit(RecordType.NSEC, NoSignatures),
            new TypeLimit(RecordType.NSEC3, NoSignatures),
        ],
        Sets = [new SetLimit(RecordType.A, AddressesMax)],
        DataOctets = TinydnsRecord.DataMax - TinydnsRecord.HeadSize,
        FileNameOctets = ZoneFileName.LengthMax - TinydnsData.DamagedSuffix.Length,
    };

    /// <summary>Why tinydns would not serve a content within <see cref="Limits"/>; null when it would.</summary>
    /// <param name="content">The zone.</param>
    /// <param name="dataBytes">What it takes of data.cdb.</param>
    public static string? Objection(ZoneContent content, out long dataBytes)
    {
        dataBytes = 0;
        bool hasNameServers = false;
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            dataBytes += TinydnsRecord.SizeOf(record);
            hasNameServers |= record.Type == RecordType.NS && record.Owner.Length == content.Apex.Wire.Length;
        }

        return hasNameServers ? null : "no NS record at its apex, by which tinydns finds a zone";
    }
}
