using Agent.Actors.Backends;
using Agent.Backends.PowerDns;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsSql;

// A change of a content as a change of rows: both sides of the part of the zone that it may bear on are made into rows as a whole zone
// would be, and what is the same on both sides stays. So this way and the comparison of the whole table cannot come to different rows
// where the part was chosen rightly (PartialContent). The rows at the names that change are read, and must be those of before: somebody
// else's edit there, or another serial in the SOA, and the whole table is compared.

/// <summary>What a zone's rows were left at.</summary>
/// <param name="Content">Made of which content.</param>
/// <param name="Order">With which order for denials.</param>
/// <param name="EmptyNames">How many names without records it has.</param>
internal sealed record WrittenZone(ContentHash Content, DenialOrder Order, int EmptyNames);

/// <summary>The rows that a known change takes away and adds.</summary>
internal sealed class RowChange
{
    // Beyond that, or a quarter of the zone, going through the table is no more work.
    private const int NamesMax = 5000;
    private const int RecordsForEachChange = 4;

    private RowChange(
        HashSet<string> names, Dictionary<UInt128, int> before, Dictionary<UInt128, int> gone, List<RecordRow> added, int emptyNames) =>
        (Names, Before, Gone, Added, EmptyNames) = (names, before, gone, added, emptyNames);

    /// <summary>The names whose rows change, and that of the zone.</summary>
    public IReadOnlyCollection<string> Names { get; }

    /// <summary>The rows that they must have, by digests.</summary>
    public Dictionary<UInt128, int> Before { get; }

    /// <summary>Those of them that go.</summary>
    public Dictionary<UInt128, int> Gone { get; }

    /// <summary>The rows that come.</summary>
    public IReadOnlyList<RecordRow> Added { get; }

    /// <summary>How many names without records the zone has afterwards.</summary>
    public int EmptyNames { get; }

    /// <summary>Null when the change is not known, too large, or bears on more than the names that it touches.</summary>
    /// <param name="order">The content, and what led to it.</param>
    /// <param name="before">What the rows were left at.</param>
    /// <param name="denial">How the zone denies now.</param>
    /// <param name="chain">Of a zone that its master has signed.</param>
    public static RowChange? Of(ApplyZone order, WrittenZone before, DenialOrder denial, MasterChain? chain)
    {
        if (before.Order != denial || before.EmptyNames > ZoneShape.EmptyNamesMax
            || Find(order, before.Content) is not { } sequence || !ContentChange.TryFold(sequence, out ContentChange? change))
            return null;
        MasterChain? chainBefore = chain?.Before(change);
        if (chainBefore is not null && !chainBefore.DiffersOnlyAt(change))
            return null;
        StoredRecord.Read(sequence.Octets.Span, out StoredRecord soa);
        return PartialContent.Of(order.Content, soa.Whole, change) is not { } part ? null
            : Between(part, ZoneShape.Of(part.Before, denial, chainBefore), ZoneShape.Of(part.After, denial, chain), before.EmptyNames);
    }

    private static DifferenceSequence? Find(ApplyZone order, ContentHash from)
    {
        try
        {
            return order.History?.Find(order.Content, from) is { } sequence
                && (sequence.DeletedCount + sequence.AddedCount) * RecordsForEachChange <= order.Content.RecordCount ? sequence : null;
        }
        catch (IOException)
        {
            // It cannot be read just now: the table will do.
            return null;
        }
    }

    private static RowChange? Between(PartialContent part, ZoneShape shapeBefore, ZoneShape shapeAfter, int emptyBefore)
    {
        Dictionary<UInt128, int> missing = [];
        foreach (RecordRow row in ZoneRows.Of(part.After, shapeAfter))
            missing.Put(row.Digest());
        HashSet<string> names = new(StringComparer.Ordinal) { TableName.Of(part.After.Apex.Wire) };
        Dictionary<UInt128, int> gone = [];
        foreach (RecordRow row in ZoneRows.Of(part.Before, shapeBefore))
        {
            UInt128 digest = row.Digest();
            if (missing.Take(digest))
                continue;
            gone.Put(digest);
            names.Add(row.Name);
        }

        List<RecordRow> added = missing.Count == 0 ? [] : [.. ZoneRows.Of(part.After, shapeAfter).Where(row => missing.Take(row.Digest()))];
        names.UnionWith(added.Select(row => row.Name));
        Dictionary<UInt128, int> before = [];
        foreach (RecordRow row in ZoneRows.Of(part.Before, shapeBefore).Where(row => names.Contains(row.Name)))
            before.Put(row.Digest());
        int empty = emptyBefore + shapeAfter.EmptyCount - shapeBefore.EmptyCount;
        return names.Count > NamesMax || empty > ZoneShape.EmptyNamesMax ? null : new RowChange(names, before, gone, added, empty);
    }
}
