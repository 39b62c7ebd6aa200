using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Contents;

/// <summary>An RRset of a content: whom to ask for, and what the answer is to be.</summary>
/// <param name="Owner">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Ttl">The time to live of all its records; null when they have several, which servers make into one.</param>
/// <param name="Rdatas">The data of its records in canonical form, each once.</param>
public sealed record SampledRrset(DomainName Owner, RecordType Type, uint? Ttl, IReadOnlyList<byte[]> Rdatas);

/// <summary>
/// Draws RRsets of a content: the name servers at the apex always, and others by a hash of name, type and serial, so that each version of a
/// zone is looked at in other places, and every observer of one version in the same.
/// </summary>
/// <remarks>
/// Reads the content twice from end to end and keeps no more than the sample. What a server does not answer as plain data is not drawn:
/// signatures and proofs of nonexistence, the SOA (its serial is looked at in any case), and name servers of other zones.
/// </remarks>
public static class RrsetSample
{
    /// <summary>Draws a sample.</summary>
    /// <param name="content">The content; an exception of its stream passes through.</param>
    /// <param name="count">How many RRsets beside that at the apex.</param>
    public static IReadOnlyList<SampledRrset> Draw(ZoneContent content, int count)
    {
        ArgumentNullException.ThrowIfNull(content);
        var chosen = new SortedList<ulong, (DomainName Owner, RecordType Type)>(count + 2);
        using (RecordStream records = content.Open())
        {
            while (records.TryRead(out StoredRecord record))
            {
                if (!CanAsk(record, content.Apex)) continue;
                bool isApexServers = record.Type == RecordType.NS;
                ulong place = isApexServers ? 0 : 1 + (HashOf(record, content.Serial) >> 1);
                if (chosen.ContainsKey(place) || (chosen.Count > count && place > chosen.Keys[^1])) continue;
                if (!DomainName.TryFromWire(record.Owner, out DomainName? owner)) continue;
                chosen.Add(place, (owner, record.Type));
                if (chosen.Count > count + 1) chosen.RemoveAt(chosen.Count - 1);
            }
        }

        return Collect(content, [.. chosen.Values]);
    }

    private static bool CanAsk(in StoredRecord record, DomainName apex) => record.Type switch
    {
        RecordType.SOA or RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3 => false,
        RecordType.NS => NameBytes.Equal(record.Owner, apex.Wire),
        _ => true,
    };

    /// <summary>Spreads also over names that differ in little.</summary>
    private static ulong HashOf(in StoredRecord record, uint serial)
    {
        ulong hash = NameBytes.StableHash(record.Owner) ^ ((ulong)record.Type << 32) ^ serial;
        hash = unchecked((hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL);
        hash = unchecked((hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL);
        return hash ^ (hash >> 33);
    }

    private static List<SampledRrset> Collect(ZoneContent content, List<(DomainName Owner, RecordType Type)> chosen)
    {
        var order = Comparer<byte[]>.Create(static (one, other) => RdataCanonical.Compare(one, other));
        var rdatas = chosen.ConvertAll(_ => new SortedSet<byte[]>(order));
        var ttls = chosen.ConvertAll(static _ => new HashSet<uint>());
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            for (int i = 0; i < chosen.Count; i++)
            {
                if (record.Type != chosen[i].Type || !NameBytes.Equal(record.Owner, chosen[i].Owner.Wire)) continue;
                byte[] rdata = record.Rdata.ToArray();
                RdataCanonical.Fold(record.Type, rdata);
                rdatas[i].Add(rdata);
                ttls[i].Add(record.Ttl);
            }
        }

        return [.. chosen.Select((c, i) => new SampledRrset(c.Owner, c.Type, ttls[i].Count == 1 ? ttls[i].First() : null, [.. rdatas[i]]))];
    }
}
