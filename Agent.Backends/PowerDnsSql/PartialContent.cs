using System.Diagnostics.CodeAnalysis;
using Agent.Backends.PowerDns;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsSql;

/// <summary>
/// The part of a zone that a change may bear on, before and after it: the apex, and all names that share their label below the apex with a
/// changed one. What the columns of a row follow from lies at its name, above it or below it, so within the part.
/// </summary>
/// <param name="Before">The part as it was.</param>
/// <param name="After">The part as it is to be.</param>
internal sealed record PartialContent(ZoneContent Before, ZoneContent After)
{
    // Where the names of a large zone all lie below one: then the table is compared.
    private const long BytesMax = 32L << 20;

    /// <summary>Reads the new content once. Null when the part is too large, or the change does not lead to that content.</summary>
    /// <exception cref="IOException">The content cannot be read.</exception>
    public static PartialContent? Of(ZoneContent content, ReadOnlySpan<byte> soaBefore, ContentChange change)
    {
        int apexLength = content.Apex.Wire.Length;
        HashSet<ulong> tops = [];
        Dictionary<UInt128, int> added = [];
        Visit(change.Deleted, record => tops.Add(TopOf(record.Owner, apexLength)));
        Visit(change.Added, record =>
        {
            tops.Add(TopOf(record.Owner, apexLength));
            added.Put(Digest128.Of(record.Whole));
        });
        using MemoryStream before = new();
        using MemoryStream after = new();
        before.Write(soaBefore);
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (record.Owner.Length > apexLength && !tops.Contains(TopOf(record.Owner, apexLength)))
                continue;
            after.Write(record.Whole);
            if (record.Type != RecordType.SOA && (added.Count == 0 || !added.Take(Digest128.Of(record.Whole))))
                before.Write(record.Whole);
            if (after.Length > BytesMax)
                return null;
        }

        if (records.Error != ZoneContentError.None)
            throw new IOException($"the content of {content.Apex} cannot be read: {records.Error.Text()}");
        before.Write(change.Deleted.Span);
        return added.Count == 0 && TryLoad(before, out MemoryZoneContent? old) && TryLoad(after, out MemoryZoneContent? now)
            ? new PartialContent(old, now) : null;
    }

    /// <summary>Shows all records of one half of a change.</summary>
    public static void Visit(ReadOnlyMemory<byte> half, Action<StoredRecord> visitor)
    {
        using RecordStream records = new(half);
        while (records.TryRead(out StoredRecord record))
            visitor(record);
    }

    /// <summary>Of the name below the apex that a name is, or lies below. Two with the same make the part larger, and no more.</summary>
    private static ulong TopOf(ReadOnlySpan<byte> name, int apexLength)
    {
        while (name.Length > apexLength && name.Length - name[0] - 1 > apexLength)
            name = name[(name[0] + 1)..];
        return NameBytes.StableHash(name);
    }

    private static bool TryLoad(MemoryStream octets, [NotNullWhen(true)] out MemoryZoneContent? content) =>
        MemoryZoneContent.TryLoad(octets.ToArray(), out content) == ZoneContentError.None && content is not null;
}
