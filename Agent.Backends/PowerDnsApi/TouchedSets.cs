using Agent.Actors.Backends;
using Agent.Backends.PowerDns;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsApi;

/// <summary>The sets of records that a change has to send.</summary>
/// <param name="Wanted">Sets of the content, to be sent as they are there.</param>
/// <param name="Gone">Sets that the content does not have: types by the text of their owner.</param>
internal sealed record TouchedSets(RrsetIndex Wanted, Dictionary<string, List<string>> Gone)
{
    /// <summary>All of a content.</summary>
    public static TouchedSets All(ZoneContent content) => new(RrsetIndex.Of(content), []);

    /// <summary>What the history knows to have changed since a content; null when it does not lead on from there.</summary>
    public static TouchedSets? TryFollow(ApplyZone order, ContentHash left)
    {
        try
        {
            return order.History?.Find(order.Content, left) is { } sequence && ContentChange.TryFold(sequence, out ContentChange? change)
                ? Of(order.Content, change) : null;
        }
        catch (IOException)
        {
            // It cannot be read just now: the server's own records will do.
            return null;
        }
    }

    private static TouchedSets Of(ZoneContent content, ContentChange change)
    {
        Dictionary<UInt128, (string Owner, string Type)> touched = [];
        foreach (ReadOnlyMemory<byte> half in (ReadOnlyMemory<byte>[])[change.Deleted, change.Added])
        {
            using RecordStream records = new(half);
            while (records.TryRead(out StoredRecord record))
            {
                UInt128 key = RrsetIndex.KeyOf(record.Owner, record.Type);
                if (!touched.ContainsKey(key) && DomainName.TryFromWire(record.Owner, out DomainName? owner))
                    touched.Add(key, (ApiZoneId.TextOf(owner.Fold()), PowerDnsTypes.NameOf(record.Type)));
            }
        }

        RrsetIndex wanted = RrsetIndex.Of(content, touched.ContainsKey);
        Dictionary<string, List<string>> gone = new(StringComparer.OrdinalIgnoreCase);
        foreach ((UInt128 key, (string owner, string type)) in touched)
        {
            if (wanted.Find(key) is not null)
                continue;
            if (!gone.TryGetValue(owner, out List<string>? types))
                gone.Add(owner, types = []);
            types.Add(type);
        }

        return new TouchedSets(wanted, gone);
    }
}
