using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Contents;

/// <summary>
/// Differences that are in nothing but a TTL and that are the server's right. PowerDNS makes the denials of a zone that its master has
/// signed, with the TTL that they ought to have. A set whose records came with several TTLs is served with one of them, for it can have
/// no more (RFC 2181 section 5.2); which one, servers choose differently. Of all others the TTL is compared.
/// </summary>
internal static class TtlDifferences
{
    /// <summary>The change without them.</summary>
    /// <param name="change">What makes the served content into the wanted one.</param>
    /// <param name="wanted">The whole of what is to be served; an exception of its stream passes through.</param>
    public static ContentChange Spare(ContentChange change, ZoneContent wanted)
    {
        HashSet<string> spared = RecordsOf(change.Deleted);
        spared.IntersectWith(RecordsOf(change.Added));
        if (spared.Count == 0) return change;
        Dictionary<string, HashSet<uint>> ttls = TtlsOf(wanted, SetsOf(change.Deleted, spared));
        using (RecordStream served = new(change.Deleted))
        {
            while (served.TryRead(out StoredRecord record))
            {
                if (!IsDenial(record.Type) && spared.Contains(KeyOf(record)) && !IsOneOfSeveral(record.Ttl, ttls[SetOf(record)]))
                    spared.Remove(KeyOf(record));
            }
        }

        return new ContentChange(Without(change.Deleted, spared), Without(change.Added, spared));
    }

    private static bool IsOneOfSeveral(uint ttl, HashSet<uint> ttls) => ttls.Count > 1 && ttls.Contains(ttl);

    private static bool IsDenial(RecordType type) => type is RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM;

    private static HashSet<string> RecordsOf(ReadOnlyMemory<byte> half)
    {
        HashSet<string> keys = new(StringComparer.Ordinal);
        using RecordStream records = new(half);
        while (records.TryRead(out StoredRecord record))
            keys.Add(KeyOf(record));
        return keys;
    }

    private static Dictionary<string, HashSet<uint>> SetsOf(ReadOnlyMemory<byte> half, HashSet<string> among)
    {
        Dictionary<string, HashSet<uint>> sets = new(StringComparer.Ordinal);
        using RecordStream records = new(half);
        while (records.TryRead(out StoredRecord record))
        {
            if (!IsDenial(record.Type) && among.Contains(KeyOf(record)))
                sets.TryAdd(SetOf(record), []);
        }

        return sets;
    }

    /// <summary>The TTLs that the records of some sets have.</summary>
    private static Dictionary<string, HashSet<uint>> TtlsOf(ZoneContent content, Dictionary<string, HashSet<uint>> sets)
    {
        if (sets.Count == 0) return sets;
        HashSet<RecordType> types = [.. sets.Keys.Select(static set => (RecordType)set[0])];
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (types.Contains(record.Type) && sets.TryGetValue(SetOf(record), out HashSet<uint>? ttls))
                ttls.Add(record.Ttl);
        }

        return sets;
    }

    /// <summary>The type, then the owner.</summary>
    private static string SetOf(in StoredRecord record)
    {
        byte[] owner = record.Owner.ToArray();
        NameBytes.Fold(owner);
        return (char)record.Type + Encoding.Latin1.GetString(owner);
    }

    private static string KeyOf(in StoredRecord record)
    {
        byte[] rdata = record.Rdata.ToArray();
        RdataCanonical.Fold(record.Type, rdata);
        return SetOf(record) + Encoding.Latin1.GetString(rdata);
    }

    private static ReadOnlyMemory<byte> Without(ReadOnlyMemory<byte> half, HashSet<string> spared)
    {
        using RecordStream records = new(half);
        using MemoryStream others = new();
        while (records.TryRead(out StoredRecord record))
        {
            if (!spared.Contains(KeyOf(record)))
                others.Write(record.Whole);
        }

        return others.ToArray();
    }
}
