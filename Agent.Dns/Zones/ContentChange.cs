using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// What makes one content of a zone into another, in one step and whatever their serials: the records that go and those that come, in the
/// stored form, the SOAs left out. A record whose TTL or spelling changes is in both.
/// </summary>
/// <param name="Deleted">Records that go.</param>
/// <param name="Added">Records that come.</param>
public sealed record ContentChange(ReadOnlyMemory<byte> Deleted, ReadOnlyMemory<byte> Added)
{
    /// <summary>Nothing but perhaps the SOA differs.</summary>
    public bool IsEmpty => Deleted.IsEmpty && Added.IsEmpty;

    /// <summary>
    /// What all steps of a sequence come to: what one adds and a later one deletes again is in neither half. Takes memory for each record
    /// of the sequence.
    /// </summary>
    /// <returns>False for a sequence that contradicts itself.</returns>
    public static bool TryFold(DifferenceSequence sequence, [NotNullWhen(true)] out ContentChange? change)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        change = null;
        var net = new Dictionary<string, Net>(StringComparer.Ordinal);
        using var records = new RecordStream(sequence.Octets);
        bool isAddition = true;
        for (int offset = 0; records.TryRead(out StoredRecord record); offset = (int)records.Position)
        {
            if (record.Type == RecordType.SOA)
            {
                isAddition = !isAddition;
                continue;
            }
            ReadOnlyMemory<byte> whole = sequence.Octets.Slice(offset, record.Whole.Length);
            string key = KeyOf(record);
            if (!net.TryGetValue(key, out Net known))
                known = new Net(isAddition ? default : whole, default, !isAddition);
            else if (isAddition != known.Added.IsEmpty)
                return false;
            net[key] = known with { Added = isAddition ? whole : default };
        }
        using var deleted = new MemoryStream();
        using var added = new MemoryStream();
        foreach (Net record in net.Values)
        {
            if (record.WasThere && record.Deleted.Span.SequenceEqual(record.Added.Span))
                continue;
            deleted.Write(record.Deleted.Span);
            added.Write(record.Added.Span);
        }
        change = new ContentChange(deleted.ToArray(), added.ToArray());
        return true;
    }

    /// <summary>Owner, type and data with names in lower case, as two records are compared (RFC 2136 section 1.1.1).</summary>
    private static string KeyOf(in StoredRecord record)
    {
        byte[] key = record.Whole.ToArray();
        int rdata = key.Length - record.Rdata.Length;
        NameBytes.Fold(key.AsSpan(0, record.Owner.Length));
        // The class is IN, and the TTL is no part of the comparison.
        key.AsSpan(record.Owner.Length + 4, 4).Clear();
        if (RdataNames.Of(record.Type).Foldable)
            RdataCanonical.Fold(record.Type, key.AsSpan(rdata));
        return Convert.ToBase64String(key);
    }

    private readonly record struct Net(ReadOnlyMemory<byte> Deleted, ReadOnlyMemory<byte> Added, bool WasThere);
}
