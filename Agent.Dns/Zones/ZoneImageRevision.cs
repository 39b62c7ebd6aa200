using System.Buffers;
using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Makes the parts of an image from those of the version before it: pages that hold no touched name are shared, the others are written
/// anew, and of their sets only those that change get new bytes, behind the end of the arenas that both versions share.
/// </summary>
internal sealed class ZoneImageRevision
{
    // Beyond these the whole is built at about the same cost, and compact again.
    private const int LargestShareOfRecords = 4;
    private const int LargestDeadShare = 4;
    private const int RunMaximum = 8 * ImagePage.MaximumNodes;

    private readonly ZoneImage _from;
    private readonly DifferenceFold _fold;
    private readonly ByteArena _names;
    private readonly ByteArena _rdata;
    private readonly ByteArena _keys = new();
    private readonly ImagePageWriter _pages = new(RunMaximum);
    private readonly Change[] _changes;
    private readonly ArrayBufferWriter<byte> _scratch = new();
    private readonly List<(int Start, int Length)> _set = [];
    private long _deadBytes;
    private ZoneRevisionError _error;

    private ZoneImageRevision(ZoneImage from, ImageParts parts, DifferenceFold fold)
    {
        _from = from;
        _fold = fold;
        _names = parts.Names.Continue();
        _rdata = parts.Rdata.Continue();
        _changes = new Change[fold.ChangeCount];
        _deadBytes = parts.DeadBytes;
    }

    public static ZoneRevisionError TryRevise(ZoneImage from, ImageParts parts, DifferenceFold fold, out ImageParts? revised)
    {
        revised = null;
        if (fold.ChangeCount > from.RecordCount / LargestShareOfRecords)
            return ZoneRevisionError.TooMany;
        if (parts.DeadBytes > (parts.Names.Capacity + parts.Rdata.Capacity) / LargestDeadShare)
            return ZoneRevisionError.Worn;
        var revision = new ZoneImageRevision(from, parts, fold);
        ZoneRevisionError error = revision.Run(parts.Pages, out ImagePage[] pages);
        if (error == ZoneRevisionError.None)
            revised = new ImageParts(pages, revision._names, revision._rdata) { DeadBytes = revision._deadBytes };
        return error;
    }

    private ZoneRevisionError Run(ImagePage[] pages, out ImagePage[] revised)
    {
        revised = [];
        if (!TrySortChanges())
            return ZoneRevisionError.Contradiction;
        int next = 0;
        for (int page = 0; page < pages.Length; page++)
        {
            int end = page + 1 < pages.Length ? EndBefore(_from.Key((page + 1) << ImagePage.SlotBits), next) : _changes.Length;
            if (end == next)
                _pages.Share(pages[page]);
            else
                Revise(page, pages[page], next, end);
            if (_error != ZoneRevisionError.None)
                return _error;
            next = end;
        }
        revised = _pages.Complete();
        return _fold.HasMetAll ? ZoneRevisionError.None : ZoneRevisionError.Contradiction;
    }

    private bool TrySortChanges()
    {
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        for (int i = 0; i < _changes.Length; i++)
        {
            StoredRecord record = _fold.Change(i, out _);
            if (!NameBytes.IsSameOrBelow(record.Owner, _from.Apex.Wire) || !_keys.HasRoom)
                return false;
            int length = CanonicalKey.Write(record.Owner, _from.Apex.Wire.Length, key);
            RecordType covered = CanonicalRecord.CoveredType(record.Type, record.Rdata);
            _changes[i] = new Change(i, _keys.Append(key[..length]), length, record.Type, covered);
        }
        _changes.AsSpan().Sort(Compare);
        return true;
    }

    private int Compare(Change left, Change right)
    {
        int order = Key(left).SequenceCompareTo(Key(right));
        if (order == 0)
            order = ImageRrset.CompareKinds(left.Type, left.Covered, right.Type, right.Covered);
        return order != 0 ? order : left.Index.CompareTo(right.Index);
    }

    private ReadOnlySpan<byte> Key(in Change change) => _keys.Slice(change.Key, change.KeyLength);

    private int EndBefore(ReadOnlySpan<byte> key, int from)
    {
        while (from < _changes.Length && Key(_changes[from]).SequenceCompareTo(key) < 0)
            from++;
        return from;
    }

    private int EndOfName(int from)
    {
        int end = from + 1;
        while (end < _changes.Length && Key(_changes[end]).SequenceEqual(Key(_changes[from])))
            end++;
        return end;
    }

    /// <summary>Writes a page anew with the changes of its range.</summary>
    private void Revise(int page, ImagePage old, int next, int end)
    {
        for (int slot = 0; slot < old.Nodes.Length && _error == ZoneRevisionError.None; slot++)
        {
            int node = page << ImagePage.SlotBits | slot;
            next = AddNamesBefore(_from.Key(node), next, end);
            if (next < end && Key(_changes[next]).SequenceEqual(_from.Key(node)))
            {
                int endOfName = EndOfName(next);
                ReviseName(node, old, slot, next, endOfName);
                next = endOfName;
            }
            else
            {
                Keep(old, slot);
            }
        }
        while (next < end && _error == ZoneRevisionError.None)
        {
            int endOfName = EndOfName(next);
            AddName(next, endOfName);
            next = endOfName;
        }
    }

    private int AddNamesBefore(ReadOnlySpan<byte> key, int next, int end)
    {
        while (next < end && _error == ZoneRevisionError.None && Key(_changes[next]).SequenceCompareTo(key) < 0)
        {
            int endOfName = EndOfName(next);
            AddName(next, endOfName);
            next = endOfName;
        }
        return next;
    }

    private void Keep(ImagePage old, int slot)
    {
        ref readonly ImageNode node = ref old.Nodes[slot];
        _pages.BeginNode(node.Name, node.KeyLength, node.OwnerLength);
        foreach (ref readonly ImageRrset set in old.RrsetsOf(slot))
            _pages.Add(set);
    }

    private void AddName(int first, int end)
    {
        StoredRecord spelling = _fold.Change(_changes[first].Index, out _);
        for (int i = first; i < end; i++)
        {
            StoredRecord record = _fold.Change(_changes[i].Index, out bool isThereAfter);
            if (!isThereAfter)
                continue;
            spelling = record;
            break;
        }
        BeginName(_changes[first], spelling.Owner);
        for (int i = first; i < end;)
            i = MergeSet(default, [], i, end);
        _pages.DropEmptyNode();
    }

    private void BeginName(in Change change, ReadOnlySpan<byte> spelling)
    {
        ReadOnlySpan<byte> owner = spelling[..^_from.Apex.Wire.Length];
        _pages.BeginNode(_names.Append(Key(change), owner), change.KeyLength, owner.Length);
    }

    private void ReviseName(int node, ImagePage old, int slot, int next, int end)
    {
        ref readonly ImageNode entry = ref old.Nodes[slot];
        Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
        owner = owner[.._from.CopyOwner(node, owner)];
        _pages.BeginNode(entry.Name, entry.KeyLength, entry.OwnerLength);
        foreach (ref readonly ImageRrset set in old.RrsetsOf(slot))
        {
            while (next < end && Order(_changes[next], set) < 0)
                next = MergeSet(default, [], next, end);
            if (next < end && Order(_changes[next], set) == 0)
                next = MergeSet(set, owner, next, end);
            else
                _pages.Add(set);
        }
        while (next < end)
            next = MergeSet(default, [], next, end);
        if (_pages.DropEmptyNode())
            _deadBytes += entry.KeyLength + entry.OwnerLength;
    }

    private static int Order(in Change change, in ImageRrset set) =>
        ImageRrset.CompareKinds(change.Type, change.Covered, set.Type, set.Covered);

    /// <summary>Writes one set of the name begun last; the first change behind it.</summary>
    /// <param name="old">The set as it was; without records where there was none.</param>
    /// <param name="owner">The name, where there was a set.</param>
    /// <param name="first">The first change of the set.</param>
    /// <param name="end">Where the changes of the name end.</param>
    private int MergeSet(in ImageRrset old, ReadOnlySpan<byte> owner, int first, int end)
    {
        (RecordType type, RecordType covered) = (_changes[first].Type, _changes[first].Covered);
        _scratch.ResetWrittenCount();
        _set.Clear();
        uint ttl = uint.MaxValue;
        bool isMixed = false;
        if (old.Count > 0)
            KeepRecords(old, owner, ref ttl);
        int next = first;
        for (; next < end && _changes[next].Type == type && _changes[next].Covered == covered; next++)
        {
            StoredRecord record = _fold.Change(_changes[next].Index, out bool isThereAfter);
            if (!isThereAfter)
                continue;
            uint recordTtl = record.Ttl > int.MaxValue ? 0 : record.Ttl;
            isMixed |= _set.Count > 0 && recordTtl != ttl;
            ttl = Math.Min(ttl, recordTtl);
            Take(record.Rdata);
        }
        if (_set.Count > 0 && _error == ZoneRevisionError.None)
            _pages.Add(new ImageRrset(WriteSet(), _set.Count, ttl, type, covered, isMixed));
        return next;
    }

    private void KeepRecords(in ImageRrset old, ReadOnlySpan<byte> owner, ref uint ttl)
    {
        // Which of the records that stay has the lowest TTL cannot be known.
        if (old.IsMixed)
            _error = ZoneRevisionError.MixedTtl;
        foreach (ReadOnlySpan<byte> rdata in new RrsetView(old, _rdata))
        {
            _deadBytes += sizeof(ushort) + rdata.Length;
            FoldMatch match = _fold.Meet(owner, old.Type, rdata);
            if (match == FoldMatch.AddsPresent)
                _error = ZoneRevisionError.Contradiction;
            if (match != FoldMatch.Stays)
                continue;
            ttl = old.Ttl;
            Take(rdata);
        }
    }

    private void Take(ReadOnlySpan<byte> rdata)
    {
        // A set is read as one span.
        if (_scratch.WrittenCount > Array.MaxLength / 4)
            _error = ZoneRevisionError.TooMany;
        if (_error != ZoneRevisionError.None)
            return;
        _set.Add((_scratch.WrittenCount, rdata.Length));
        _scratch.Write(rdata);
    }

    private int WriteSet()
    {
        ReadOnlyMemory<byte> octets = _scratch.WrittenMemory;
        _set.Sort((left, right) =>
            octets.Span.Slice(left.Start, left.Length).SequenceCompareTo(octets.Span.Slice(right.Start, right.Length)));
        if (!_rdata.HasRoom || !_names.HasRoom)
            _error = ZoneRevisionError.Worn;
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        int address = 0;
        for (int i = 0; i < _set.Count && _error == ZoneRevisionError.None; i++)
        {
            ReadOnlySpan<byte> rdata = octets.Span.Slice(_set[i].Start, _set[i].Length);
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)rdata.Length);
            address = i == 0 ? _rdata.Append(length, rdata) : _rdata.Extend(address, length, rdata);
        }
        return address;
    }

    /// <summary>A record that the differences touch, for sorting.</summary>
    private readonly record struct Change(int Index, int Key, int KeyLength, RecordType Type, RecordType Covered);
}
