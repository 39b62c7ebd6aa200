using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Reads a content name by name: the records of each sorted and without duplicates, which may differ in the case of names inside their
/// RDATA. Needs the names in canonical order.
/// </summary>
internal sealed class OwnerGroups : IDisposable
{
    private readonly RecordStream _records;
    private readonly int _apexLength;
    private readonly byte[] _owner = new byte[NameReader.MaximumLength];
    private readonly byte[] _key = new byte[CanonicalKey.MaximumLength];
    private readonly byte[] _nextKey = new byte[CanonicalKey.MaximumLength];
    private readonly byte[] _held = new byte[StoredRecord.MaximumSize];
    private byte[] _rdata = new byte[1024];
    private Entry[] _entries = new Entry[8];
    private int _heldLength;
    private int _ownerLength;
    private int _keyLength = -1;
    private int _rdataUsed;

    public OwnerGroups(ZoneContent content)
    {
        _records = content.Open();
        _apexLength = content.Apex.Wire.Length;
    }

    /// <summary>A name came before the one it follows, or came twice.</summary>
    public bool IsOutOfOrder { get; private set; }

    /// <summary>Nothing more can be said: out of order, or the content is damaged.</summary>
    public bool IsBroken => IsOutOfOrder || _records.Error != ZoneContentError.None;

    /// <summary>The records of the present name.</summary>
    public int Count { get; private set; }

    /// <summary>The present name as its first record spells it.</summary>
    public ReadOnlySpan<byte> Owner => _owner.AsSpan(0, _ownerLength);

    public ReadOnlySpan<byte> Key => _key.AsSpan(0, Math.Max(0, _keyLength));

    /// <summary>A record for comparisons: its RDATA in canonical form.</summary>
    public CanonicalRecord this[int index] => new()
    {
        Key = Key,
        RelativeOwner = Owner[..^_apexLength],
        Type = _entries[index].Type,
        Covered = _entries[index].Covered,
        Ttl = _entries[index].Ttl,
        Rdata = _rdata.AsSpan(_entries[index].Folded, _entries[index].RdataLength),
    };

    /// <summary>A record's RDATA as it came.</summary>
    public ReadOnlySpan<byte> Rdata(int index) => _rdata.AsSpan(_entries[index].Rdata, _entries[index].RdataLength);

    /// <summary>Goes to the next name; false at the end and when <see cref="IsBroken"/>.</summary>
    public bool MoveNext()
    {
        Count = 0;
        _rdataUsed = 0;
        if (_heldLength > 0)
        {
            StoredRecord.Read(_held.AsSpan(0, _heldLength), out StoredRecord held);
            if (!TryBegin(held))
                return false;
        }
        _heldLength = 0;
        while (_records.TryRead(out StoredRecord record))
        {
            if (_keyLength < 0)
            {
                if (!TryBegin(record))
                    return false;
                continue;
            }
            if (!NameBytes.Equal(record.Owner, Owner))
            {
                record.Whole.CopyTo(_held);
                _heldLength = record.Whole.Length;
                break;
            }
            Add(record);
        }
        Sort();
        return Count > 0 && !IsBroken;
    }

    public void Dispose() => _records.Dispose();

    private bool TryBegin(in StoredRecord record)
    {
        int length = CanonicalKey.Write(record.Owner, _apexLength, _nextKey);
        IsOutOfOrder = _keyLength >= 0 && _nextKey.AsSpan(0, length).SequenceCompareTo(Key) <= 0;
        if (IsOutOfOrder)
            return false;
        _nextKey.AsSpan(0, length).CopyTo(_key);
        _keyLength = length;
        record.Owner.CopyTo(_owner);
        _ownerLength = record.Owner.Length;
        Add(record);
        return true;
    }

    private void Add(in StoredRecord record)
    {
        if (_rdata.Length - _rdataUsed < 2 * record.Rdata.Length)
            Array.Resize(ref _rdata, Math.Max(2 * _rdata.Length, _rdataUsed + 2 * record.Rdata.Length));
        if (Count == _entries.Length)
            Array.Resize(ref _entries, Count * 2);
        record.Rdata.CopyTo(_rdata.AsSpan(_rdataUsed));
        RecordType covered = CanonicalRecord.CoveredType(record.Type, record.Rdata);
        var entry = new Entry(record.Type, covered, record.Ttl, _rdataUsed, record.Rdata.Length, _rdataUsed);
        _rdataUsed += record.Rdata.Length;
        if (RdataNames.Of(record.Type).Foldable)
        {
            entry = entry with { Folded = _rdataUsed };
            Span<byte> folded = _rdata.AsSpan(_rdataUsed, record.Rdata.Length);
            record.Rdata.CopyTo(folded);
            RdataCanonical.Fold(record.Type, folded);
            _rdataUsed += record.Rdata.Length;
        }
        _entries[Count++] = entry;
    }

    private void Sort()
    {
        _entries.AsSpan(0, Count).Sort(Compare);
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (kept == 0 || CanonicalRecord.Compare(this[kept - 1], this[i]) != 0)
                _entries[kept++] = _entries[i];
        }
        Count = kept;
    }

    private int Compare(Entry left, Entry right)
    {
        int order = ((uint)left.Type << 16 | (uint)left.Covered).CompareTo((uint)right.Type << 16 | (uint)right.Covered);
        if (order == 0)
            order = _rdata.AsSpan(left.Folded, left.RdataLength).SequenceCompareTo(_rdata.AsSpan(right.Folded, right.RdataLength));
        return order != 0 ? order : left.Rdata.CompareTo(right.Rdata);
    }

    private readonly record struct Entry(RecordType Type, RecordType Covered, uint Ttl, int Rdata, int RdataLength, int Folded);
}
