using System.Buffers;
using System.Runtime.CompilerServices;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Applies a sequence of differences to a content, strictly: to delete what is absent, or to add what is present, means that nobody can say
/// which version the result would be.
/// </summary>
/// <remarks>
/// All steps are folded to one change first: a record that comes and goes between the two ends is touched once or not at all. Then the old
/// content is copied record by record without what goes; what comes is put in at its place in canonical order, as far as the old content
/// kept that order. The result depends on nothing but the octets of both, so that two nodes which apply the same get the same hash. Memory
/// is that of the difference, never of the zone.
///
/// Two records are the same when owner, type and RDATA are, names compared without case (RFC 4034 section 6.2); the TTL is the set's and
/// no part of the comparison (RFC 2136 section 1.1.1), so a step that changes it deletes and adds.
/// </remarks>
public sealed class DifferenceFold : IDisposable
{
    private const int NoEntry = -1;

    private readonly DifferenceSequence _sequence;
    private readonly DomainName _apex;
    private readonly ulong[] _ownerBits;
    private readonly int[] _buckets;
    private Entry[] _entries = new Entry[16];
    private byte[] _left = ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
    private byte[] _right = ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
    private int _count;
    private SortedRecords? _additions;

    private DifferenceFold(DomainName apex, DifferenceSequence sequence)
    {
        _apex = apex;
        _sequence = sequence;
        long records = sequence.DeletedCount + sequence.AddedCount + 2L * sequence.StepCount;
        int size = (int)Math.Min(1 << 28, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Max(16, records)));
        _buckets = new int[size];
        _buckets.AsSpan().Fill(NoEntry);
        _ownerBits = new ulong[Math.Max(1, size / 8)];
    }

    /// <summary>Folds a sequence; an error when a step contradicts one before it.</summary>
    public static ZoneDiffError TryFold(DomainName apex, DifferenceSequence sequence, out DifferenceFold? fold)
    {
        fold = new DifferenceFold(apex, sequence);
        ZoneDiffError error = fold.Fold();
        if (error == ZoneDiffError.None)
            return error;
        fold.Dispose();
        fold = null;
        return error;
    }

    /// <summary>Writes the new version. An exception of either stream passes through.</summary>
    /// <param name="from">The old version, from its SOA on.</param>
    /// <param name="to">Takes the new one; when it refuses a record its own error says why.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ZoneDiffError TryApply(RecordStream from, ZoneContentBuilder to)
    {
        ObjectDisposedException.ThrowIf(_left.Length == 0, this);
        if (!TryAppendSoa(to))
            return ZoneDiffError.BadContent;
        int nextAddition = 0;
        bool isTouched = false;
        Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
        int ownerLength = 0;
        while (from.TryRead(out StoredRecord record))
        {
            if (!record.Owner.SequenceEqual(owner[..ownerLength]))
            {
                record.Owner.CopyTo(owner);
                ownerLength = record.Owner.Length;
                isTouched = HasOwner(NameHash.Of(record.Owner));
                if (!TryAddBefore(record.Owner, ref nextAddition, to))
                    return ZoneDiffError.BadContent;
            }
            int entry = isTouched || record.Type == RecordType.SOA ? Find(record, out _) : NoEntry;
            if (entry != NoEntry)
            {
                if (_entries[entry].StartsWithAddition)
                    return ZoneDiffError.AddsPresent;
                _entries[entry].WasThere = true;
            }
            else if (record.Type == RecordType.SOA)
            {
                // Same serial, yet another SOA: ours is not the version that the master means.
                return ZoneDiffError.DeletesAbsent;
            }
            else if (!to.TryAppendKept(record))
            {
                return ZoneDiffError.BadContent;
            }
        }
        if (from.Error != ZoneContentError.None || !TryAddUntil(_additions!.Count, ref nextAddition, to))
            return ZoneDiffError.BadContent;
        return HasMetAll ? ZoneDiffError.None : ZoneDiffError.DeletesAbsent;
    }

    /// <summary>Records that the steps touch, each once.</summary>
    internal int ChangeCount => _count;

    /// <summary>All records that were there before were met.</summary>
    internal bool HasMetAll
    {
        get
        {
            foreach (ref readonly Entry entry in _entries.AsSpan(0, _count))
            {
                if (!entry.StartsWithAddition && !entry.WasThere)
                    return false;
            }
            return true;
        }
    }

    /// <summary>A record that the steps touch: as it was added last, or else as it was deleted.</summary>
    internal StoredRecord Change(int index, out bool isThereAfter)
    {
        isThereAfter = _entries[index].EndsWithAddition;
        return At(_entries[index].Offset);
    }

    /// <summary>Notes a record of the old version.</summary>
    internal FoldMatch Meet(ReadOnlySpan<byte> owner, RecordType type, ReadOnlySpan<byte> rdata)
    {
        int entry = Find(NameHash.Of(owner), owner, type, rdata, out _);
        if (entry == NoEntry)
            return FoldMatch.Stays;
        if (_entries[entry].StartsWithAddition)
            return FoldMatch.AddsPresent;
        _entries[entry].WasThere = true;
        return FoldMatch.Goes;
    }

    /// <summary>Returns the buffers.</summary>
    public void Dispose()
    {
        if (_left.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_left);
        ArrayPool<byte>.Shared.Return(_right);
        _left = _right = [];
    }

    private ZoneDiffError Fold()
    {
        using var records = new RecordStream(_sequence.Octets);
        bool isAddition = true;
        for (int offset = 0; records.TryRead(out StoredRecord record); offset = (int)records.Position)
        {
            if (record.Type == RecordType.SOA)
                isAddition = !isAddition;
            int found = Find(record, out uint hash);
            if (found == NoEntry)
            {
                Insert(new Entry(offset, hash, isAddition));
                SetOwner(NameHash.Of(record.Owner));
                continue;
            }
            ref Entry entry = ref _entries[found];
            if (entry.EndsWithAddition == isAddition)
                return isAddition ? ZoneDiffError.AddsPresent : ZoneDiffError.DeletesAbsent;
            entry.EndsWithAddition = isAddition;
            if (isAddition)
                entry.Offset = offset;
        }
        return TrySortAdditions() ? ZoneDiffError.None : ZoneDiffError.BadContent;
    }

    private bool TrySortAdditions()
    {
        var added = new ArrayBufferWriter<byte>();
        foreach (ref readonly Entry entry in _entries.AsSpan(0, _count))
        {
            StoredRecord record = At(entry.Offset);
            if (entry.EndsWithAddition && record.Type != RecordType.SOA)
                added.Write(record.Whole);
        }
        using var records = new RecordStream(added.WrittenMemory);
        return SortedRecords.TryRead(records, _apex, out _additions) == ZoneContentError.None;
    }

    /// <summary>The SOA that the last step adds, which is the only one left.</summary>
    private bool TryAppendSoa(ZoneContentBuilder to)
    {
        foreach (ref readonly Entry entry in _entries.AsSpan(0, _count))
        {
            StoredRecord record = At(entry.Offset);
            if (entry.EndsWithAddition && record.Type == RecordType.SOA)
                return to.TryAppend(record);
        }
        return false;
    }

    /// <summary>Puts in what comes before an owner in canonical order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryAddBefore(ReadOnlySpan<byte> owner, ref int next, ZoneContentBuilder to)
    {
        int end = next;
        while (end < _additions!.Count && CanonicalKey.Compare(owner, _apex.Wire.Length, _additions[end].Key) > 0)
            end++;
        return TryAddUntil(end, ref next, to);
    }

    private bool TryAddUntil(int end, ref int next, ZoneContentBuilder to)
    {
        Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
        for (; next < end; next++)
        {
            CanonicalRecord record = _additions![next];
            record.RelativeOwner.CopyTo(owner);
            _apex.Wire.CopyTo(owner[record.RelativeOwner.Length..]);
            int length = record.RelativeOwner.Length + _apex.Wire.Length;
            if (!to.TryAppend(owner[..length], record.Type, RecordClass.IN, record.Ttl, record.Rdata))
                return false;
        }
        return true;
    }

    private StoredRecord At(int offset)
    {
        StoredRecord.Read(_sequence.Octets.Span[offset..], out StoredRecord record);
        return record;
    }

    private int Find(in StoredRecord record, out uint hash) =>
        Find(NameHash.Of(record.Owner), record.Owner, record.Type, record.Rdata, out hash);

    private int Find(ulong ownerHash, ReadOnlySpan<byte> owner, RecordType type, ReadOnlySpan<byte> spelled, out uint hash)
    {
        ReadOnlySpan<byte> rdata = Folded(type, spelled, _left);
        var mix = default(HashCode);
        mix.Add(ownerHash);
        mix.Add((ushort)type);
        mix.AddBytes(rdata);
        hash = (uint)mix.ToHashCode();
        for (int at = _buckets[hash & (uint)(_buckets.Length - 1)]; at != NoEntry; at = _entries[at].Next)
        {
            if (_entries[at].Hash != hash)
                continue;
            StoredRecord other = At(_entries[at].Offset);
            if (other.Type == type && NameBytes.Equal(other.Owner, owner) && Folded(type, other.Rdata, _right).SequenceEqual(rdata))
                return at;
        }
        return NoEntry;
    }

    private void Insert(Entry entry)
    {
        if (_count == _entries.Length)
            Array.Resize(ref _entries, _count * 2);
        ref int bucket = ref _buckets[entry.Hash & (uint)(_buckets.Length - 1)];
        entry.Next = bucket;
        bucket = _count;
        _entries[_count++] = entry;
    }

    // One bit for each owner that the difference touches: most records of a zone are told by it to be none of them.
    private bool HasOwner(ulong hash) => (_ownerBits[(hash >> 6) & (ulong)(_ownerBits.Length - 1)] & 1UL << (int)(hash & 63)) != 0;

    private void SetOwner(ulong hash) => _ownerBits[(hash >> 6) & (ulong)(_ownerBits.Length - 1)] |= 1UL << (int)(hash & 63);

    private static ReadOnlySpan<byte> Folded(RecordType type, ReadOnlySpan<byte> spelled, byte[] buffer)
    {
        if (!RdataNames.Of(type).Foldable)
            return spelled;
        Span<byte> rdata = buffer.AsSpan(0, spelled.Length);
        spelled.CopyTo(rdata);
        RdataCanonical.Fold(type, rdata);
        return rdata;
    }

    /// <summary>One record that the steps touch: how they begin and end with it, and where it stands as it was added last.</summary>
    private struct Entry(int offset, uint hash, bool isAddition)
    {
        public int Offset = offset;
        public int Next = NoEntry;
        public readonly uint Hash = hash;
        public readonly bool StartsWithAddition = isAddition;
        public bool EndsWithAddition = isAddition;
        public bool WasThere;
    }
}

/// <summary>What becomes of a record of the old version.</summary>
internal enum FoldMatch
{
    /// <summary>No step touches it.</summary>
    Stays = 0,

    /// <summary>It is taken away; where the steps bring it back, it comes with the additions.</summary>
    Goes = 1,

    /// <summary>It is added though it is there.</summary>
    AddsPresent = 2,
}
