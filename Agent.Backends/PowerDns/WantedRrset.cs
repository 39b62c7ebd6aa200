using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDns;

/// <summary>A set of records as a content has it.</summary>
/// <param name="Owner">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Ttl">The lowest TTL of its records.</param>
/// <param name="Rdata">Their data, uncompressed.</param>
internal sealed record WantedRrset(DomainName Owner, RecordType Type, uint Ttl, IReadOnlyList<byte[]> Rdata)
{
    /// <summary>The SOA of a content.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static WantedRrset SoaOf(ZoneContent content)
    {
        using RecordStream records = content.Open();
        return records.TryRead(out StoredRecord record) && record.Type == RecordType.SOA
            ? new WantedRrset(content.Apex, RecordType.SOA, record.Ttl, [record.Rdata.ToArray()])
            : throw Unreadable(content, records);
    }

    /// <summary>
    /// The sets of a content that an index has, each whole. One whose records stand in several places is held until its last one; of
    /// contents in order that is one at a time.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IEnumerable<WantedRrset> Of(ZoneContent content, RrsetIndex index)
    {
        Dictionary<UInt128, List<byte[]>> open = [];
        using RecordStream records = content.Open();
        while (TryNext(records, index, open, out WantedRrset? whole))
        {
            if (whole is not null)
                yield return whole;
        }

        if (records.Error != ZoneContentError.None)
            throw Unreadable(content, records);
    }

    private static bool TryNext(RecordStream records, RrsetIndex index, Dictionary<UInt128, List<byte[]>> open, out WantedRrset? whole)
    {
        whole = null;
        if (!records.TryRead(out StoredRecord record))
            return false;
        UInt128 key = RrsetIndex.KeyOf(record.Owner, record.Type);
        if (record.Type == RecordType.SOA || index.Find(key) is not { } wanted)
            return true;
        if (!open.TryGetValue(key, out List<byte[]>? rdata))
            open.Add(key, rdata = []);
        rdata.Add(record.Rdata.ToArray());
        if (rdata.Count == wanted.Count && DomainName.TryFromWire(record.Owner, out DomainName? owner))
        {
            open.Remove(key);
            whole = new WantedRrset(owner, record.Type, wanted.Ttl, rdata);
        }

        return true;
    }

    private static IOException Unreadable(ZoneContent content, RecordStream records) =>
        new($"the content of {content.Apex} cannot be read: {records.Error.Text()}");
}
