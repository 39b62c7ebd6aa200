using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Tinydns;

/// <summary>What tinydns would not answer as it is in the content, although data.cdb can hold it.</summary>
public static class TinydnsContentRules
{
    /// <summary>Of more addresses at a name tinydns answers with so many, another choice each time.</summary>
    public const int AddressesMax = 8;

    private const int SmallestTable = 64 * 1024;
    private const int LargestTable = 16 * 1024 * 1024;
    private const int PlacesForEachRecord = 4;

    /// <summary>Why tinydns would not serve the content; null when it would.</summary>
    /// <param name="content">The zone.</param>
    /// <param name="dataBytes">What it takes of data.cdb.</param>
    public static string? Objection(ZoneContent content, out long dataBytes)
    {
        dataBytes = 0;
        bool hasNameServers = false;
        // How many addresses fall on each place: exact counts are made only for names on a place with too many.
        byte[] places = new byte[Math.Clamp(content.RecordCount * PlacesForEachRecord, SmallestTable, LargestTable)];
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            dataBytes += TinydnsRecord.SizeOf(record);
            if (ObjectionTo(record) is { } objection)
                return $"{objection} at {NameOf(record.Owner)}";
            hasNameServers |= record.Type == RecordType.NS && record.Owner.Length == content.Apex.Wire.Length;
            if (record.Type == RecordType.A)
            {
                ref byte count = ref places[NameBytes.StableHash(record.Owner) % (ulong)places.Length];
                count = (byte)Math.Min(count + 1, byte.MaxValue);
            }
        }

        return hasNameServers ? TooManyAddresses(content, places) : "no NS record at its apex, by which tinydns finds a zone";
    }

    private static string? ObjectionTo(in StoredRecord record) => record.Type switch
    {
        RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3 =>
            $"signatures (tinydns has no DNSSEC and would leave them out of its answers): {record.Type}",
        _ when record.Rdata.Length > TinydnsRecord.DataMax - TinydnsRecord.HeadSize =>
            $"a record of more than {TinydnsRecord.DataMax - TinydnsRecord.HeadSize} octets, which tinydns does not read: {record.Type}",
        _ => null,
    };

    private static string? TooManyAddresses(ZoneContent content, byte[] places)
    {
        if (!places.Any(static count => count > AddressesMax))
            return null;
        Dictionary<ulong, int> exact = [];
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (record.Type != RecordType.A)
                continue;
            ulong owner = NameBytes.StableHash(record.Owner);
            if (places[owner % (ulong)places.Length] <= AddressesMax)
                continue;
            int count = exact[owner] = exact.GetValueOrDefault(owner) + 1;
            if (count > AddressesMax)
                return $"more than {AddressesMax} A records, of which tinydns answers with {AddressesMax} only, at {NameOf(record.Owner)}";
        }

        return null;
    }

    private static string NameOf(ReadOnlySpan<byte> wire) => DomainName.TryFromWire(wire, out DomainName? name) ? name.ToString() : "?";
}
