using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Finds what leads from one content of a zone to another, for a history of zones that came whole.</summary>
/// <remarks>
/// Both are read side by side, one name at a time, where their names come in canonical order, as most servers send them: memory does
/// not grow with the zone. Contents in another order are sorted first, in memory, if they are small enough for that.
/// </remarks>
public static class ContentComparison
{
    /// <summary>Contents in no order are compared up to this many octets together; they are held in memory for it.</summary>
    public const long LargestUnordered = 16 << 20;

    /// <summary>
    /// The difference as one step; false when there is none to be had: the serial did not advance, it is larger than the bound, or the
    /// contents are out of order and large. An exception of either stream passes through.
    /// </summary>
    public static bool TryCompare(
        ZoneContent from, ZoneContent to, long maximumBytes, [NotNullWhen(true)] out DifferenceSequence? difference)
    {
        difference = null;
        if (!from.Apex.Equals(to.Apex) || !SerialNumber.IsNewer(to.Serial, from.Serial))
            return false;
        return TryCollect(from, to, maximumBytes, isCaseCounted: true, out DifferenceCollector deleted, out DifferenceCollector added)
            && DifferenceSequence.TryLoad(to.Apex, [.. deleted.ToArray(), .. added.ToArray()], out difference);
    }

    /// <summary>
    /// What makes the one into the other whatever their serials, the case of names not counted, since servers keep it or not; false when it
    /// is larger than the bound, or the contents are out of order and large. An exception of either stream passes through.
    /// </summary>
    public static bool TryFindChange(ZoneContent from, ZoneContent to, long maximumBytes, [NotNullWhen(true)] out ContentChange? change)
    {
        change = null;
        if (!from.Apex.Equals(to.Apex)
            || !TryCollect(from, to, maximumBytes, isCaseCounted: false, out DifferenceCollector deleted, out DifferenceCollector added))
            return false;
        change = new ContentChange(WithoutSoa(deleted), WithoutSoa(added));
        return true;
    }

    private static ReadOnlyMemory<byte> WithoutSoa(DifferenceCollector half)
    {
        byte[] octets = half.ToArray();
        StoredRecord.Read(octets, out StoredRecord soa);
        return octets.AsMemory(soa.Whole.Length);
    }

    private static bool TryCollect(
        ZoneContent from,
        ZoneContent to,
        long maximumBytes,
        bool isCaseCounted,
        out DifferenceCollector deleted,
        out DifferenceCollector added)
    {
        deleted = new DifferenceCollector(maximumBytes);
        added = new DifferenceCollector(maximumBytes);
        bool isDone = TryCompareOrdered(from, to, isCaseCounted, deleted, added, out bool isOutOfOrder);
        if (!isOutOfOrder || from.ByteCount + to.ByteCount > LargestUnordered)
            return isDone;
        deleted = new DifferenceCollector(maximumBytes);
        added = new DifferenceCollector(maximumBytes);
        return TrySort(from, out MemoryZoneContent? old) && TrySort(to, out MemoryZoneContent? @new)
            && TryCompareOrdered(old, @new, isCaseCounted, deleted, added, out _);
    }

    private static bool TryCompareOrdered(
        ZoneContent from,
        ZoneContent to,
        bool isCaseCounted,
        DifferenceCollector deleted,
        DifferenceCollector added,
        out bool isOutOfOrder)
    {
        using var old = new OwnerGroups(from);
        using var @new = new OwnerGroups(to);
        isOutOfOrder = false;
        bool hasOld = old.MoveNext();
        bool hasNew = @new.MoveNext();
        bool isFirst = true;
        while ((hasOld || hasNew) && !old.IsBroken && !@new.IsBroken)
        {
            if (isFirst && !(TryTakeSoa(old, deleted) && TryTakeSoa(@new, added)))
                return false;
            isFirst = false;
            int order = !hasOld ? 1 : !hasNew ? -1 : old.Key.SequenceCompareTo(@new.Key);
            if (!Compare(order <= 0 ? old : null, order >= 0 ? @new : null, isCaseCounted, deleted, added))
                return false;
            hasOld = order <= 0 ? old.MoveNext() : hasOld;
            hasNew = order >= 0 ? @new.MoveNext() : hasNew;
        }
        isOutOfOrder = old.IsOutOfOrder || @new.IsOutOfOrder;
        return !old.IsBroken && !@new.IsBroken && !isFirst;
    }

    /// <summary>Each half begins with its SOA, whether that changed or not.</summary>
    private static bool TryTakeSoa(OwnerGroups group, DifferenceCollector half)
    {
        for (int i = 0; i < group.Count; i++)
        {
            if (group[i].Type == RecordType.SOA)
                return half.TryAppend(group.Owner, RecordType.SOA, group[i].Ttl, group.Rdata(i));
        }
        return false;
    }

    /// <summary>Compares two groups of one name, either of which may be absent; false when the bound was passed.</summary>
    private static bool Compare(
        OwnerGroups? old, OwnerGroups? @new, bool isCaseCounted, DifferenceCollector deleted, DifferenceCollector added)
    {
        int oldCount = old?.Count ?? 0;
        int newCount = @new?.Count ?? 0;
        for (int left = 0, right = 0; left < oldCount || right < newCount;)
        {
            int order = left == oldCount ? 1 : right == newCount ? -1 : CanonicalRecord.Compare(old![left], @new![right]);
            bool isSame = order == 0
                && (isCaseCounted ? IsSpelledAlike(old!, left, @new!, right) : old![left].Ttl == @new![right].Ttl);
            if (order <= 0 && !isSame && !TryTake(old!, left, deleted))
                return false;
            if (order >= 0 && !isSame && !TryTake(@new!, right, added))
                return false;
            left += order <= 0 ? 1 : 0;
            right += order >= 0 ? 1 : 0;
        }
        return true;
    }

    private static bool IsSpelledAlike(OwnerGroups old, int left, OwnerGroups @new, int right) =>
        old[left].Ttl == @new[right].Ttl && old.Owner.SequenceEqual(@new.Owner) && old.Rdata(left).SequenceEqual(@new.Rdata(right));

    private static bool TryTake(OwnerGroups group, int index, DifferenceCollector half)
    {
        CanonicalRecord record = group[index];
        return record.Type == RecordType.SOA || half.TryAppend(group.Owner, record.Type, record.Ttl, group.Rdata(index));
    }

    /// <summary>The same content with its names in canonical order behind the SOA.</summary>
    private static bool TrySort(ZoneContent content, [NotNullWhen(true)] out MemoryZoneContent? ordered)
    {
        ordered = null;
        using RecordStream records = content.Open();
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        if (SortedRecords.TryRead(records, content.Apex, out SortedRecords sorted) != ZoneContentError.None)
            return false;
        Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
        for (int pass = 0; pass < 2; pass++)
        {
            for (int i = 0; i < sorted.Count; i++)
            {
                CanonicalRecord record = sorted[i];
                if (record.Type == RecordType.SOA != (pass == 0))
                    continue;
                record.RelativeOwner.CopyTo(owner);
                content.Apex.Wire.CopyTo(owner[record.RelativeOwner.Length..]);
                int length = record.RelativeOwner.Length + content.Apex.Wire.Length;
                builder.TryAppend(owner[..length], record.Type, RecordClass.IN, record.Ttl, record.Rdata);
            }
        }
        return builder.TryBuild(out ordered);
    }
}
