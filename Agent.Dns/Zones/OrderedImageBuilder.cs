using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Builds an image while a content is read, holding one name's records at a time. It needs the names in canonical order, as most servers
/// send them; the records of a name may come in any order (an SOA is always first).
/// </summary>
internal sealed class OrderedImageBuilder(DomainName apex, ContentHash contentHash)
{
    private readonly ZoneImageAssembler _assembler = new(apex, contentHash);
    private readonly byte[] _key = new byte[CanonicalKey.MaximumLength];
    private readonly byte[] _owner = new byte[NameReader.MaximumLength];
    private byte[] _rdata = new byte[1024];
    private Entry[] _entries = new Entry[8];
    private int _keyLength;
    private int _ownerLength;
    private int _rdataUsed;
    private int _count;
    private bool _isSorted = true;

    /// <summary>A name came that lies before the one before it: this way leads nowhere, the records must be sorted.</summary>
    public bool IsOutOfOrder { get; private set; }

    /// <summary>Reads to the end; nothing is built when <see cref="IsOutOfOrder"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ZoneContentError TryBuild(RecordStream records, out ZoneImage? image)
    {
        image = null;
        while (records.TryRead(out StoredRecord record))
        {
            ZoneContentError error = Take(record);
            if (error != ZoneContentError.None || IsOutOfOrder)
                return error;
        }
        if (records.Error != ZoneContentError.None)
            return records.Error;
        return TryEndName() ? _assembler.TryComplete(out image) : ZoneContentError.TooManyBytes;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ZoneContentError Take(in StoredRecord record)
    {
        ReadOnlySpan<byte> owner = record.Owner;
        if (!NameBytes.IsSameOrBelow(owner, apex.Wire))
            return ZoneContentError.OutOfZone;
        ReadOnlySpan<byte> relativeOwner = owner[..^apex.Wire.Length];
        if (_count == 0 || !relativeOwner.SequenceEqual(_owner.AsSpan(0, _ownerLength)))
        {
            Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
            key = key[..CanonicalKey.Write(owner, apex.Wire.Length, key)];
            // The same name in another case goes on with the name; the first spelling stays.
            int order = _count == 0 ? 1 : key.SequenceCompareTo(_key.AsSpan(0, _keyLength));
            IsOutOfOrder = order < 0;
            if (IsOutOfOrder)
                return ZoneContentError.None;
            if (order > 0)
            {
                if (!TryEndName())
                    return ZoneContentError.TooManyBytes;
                key.CopyTo(_key);
                _keyLength = key.Length;
                relativeOwner.CopyTo(_owner);
                _ownerLength = relativeOwner.Length;
            }
        }
        return TryAdd(record.Type, record.Ttl, record.Rdata) ? ZoneContentError.None : ZoneContentError.TooManyBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryAdd(RecordType type, uint ttl, ReadOnlySpan<byte> rdata)
    {
        if (_rdataUsed > Array.MaxLength - rdata.Length)
            return false;
        if (_rdata.Length - _rdataUsed < rdata.Length)
            Array.Resize(ref _rdata, (int)Math.Min(Array.MaxLength, 2L * (_rdataUsed + rdata.Length)));
        if (_count == _entries.Length)
            Array.Resize(ref _entries, _count * 2);
        rdata.CopyTo(_rdata.AsSpan(_rdataUsed));
        var entry = new Entry(type, CanonicalRecord.CoveredType(type, rdata), ttl, _rdataUsed, rdata.Length);
        _rdataUsed += rdata.Length;
        if (_count > 0 && Compare(_entries[_count - 1], entry) > 0)
            _isSorted = false;
        _entries[_count++] = entry;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryEndName()
    {
        if (!_isSorted)
            _entries.AsSpan(0, _count).Sort(Compare);
        foreach (ref readonly Entry entry in _entries.AsSpan(0, _count))
        {
            if (!_assembler.TryAppend(View(entry)))
                return false;
        }
        _count = 0;
        _rdataUsed = 0;
        _isSorted = true;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private CanonicalRecord View(in Entry entry) => new()
    {
        Key = _key.AsSpan(0, _keyLength),
        RelativeOwner = _owner.AsSpan(0, _ownerLength),
        Type = entry.Type,
        Covered = entry.Covered,
        Ttl = entry.Ttl,
        Rdata = _rdata.AsSpan(entry.Rdata, entry.RdataLength),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Compare(Entry left, Entry right)
    {
        int order = ((uint)left.Type << 16 | (uint)left.Covered).CompareTo((uint)right.Type << 16 | (uint)right.Covered);
        if (order == 0)
            order = _rdata.AsSpan(left.Rdata, left.RdataLength).SequenceCompareTo(_rdata.AsSpan(right.Rdata, right.RdataLength));
        // Arrival decides between equals, so that the result does not depend on the sorting method.
        return order != 0 ? order : left.Rdata.CompareTo(right.Rdata);
    }

    private readonly record struct Entry(RecordType Type, RecordType Covered, uint Ttl, int Rdata, int RdataLength);
}
