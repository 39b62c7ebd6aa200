using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Records of a stream in canonical order, all held at once. Sorting is left out where the sender kept that order.</summary>
internal sealed class SortedRecords
{
    private readonly ByteArena _names = new();
    private readonly ByteArena _rdata = new();
    private readonly int _apexLength;
    private readonly byte[]? _folded;
    private Entry[] _entries = new Entry[16];
    private bool _isSorted = true;

    private SortedRecords(int apexLength, bool isCanonical)
    {
        _apexLength = apexLength;
        _folded = isCanonical ? new byte[ushort.MaxValue] : null;
    }

    public int Count { get; private set; }

    public CanonicalRecord this[int index] => View(_entries[index]);

    /// <param name="records">What to read, to its end.</param>
    /// <param name="apex">The zone's name.</param>
    /// <param name="sorted">The records in order.</param>
    /// <param name="isCanonical">RDATA in canonical form (RFC 4034 section 6.2) and ordered by that; else as it came.</param>
    public static ZoneContentError TryRead(RecordStream records, DomainName apex, out SortedRecords sorted, bool isCanonical = false)
    {
        sorted = new SortedRecords(apex.Wire.Length, isCanonical);
        while (records.TryRead(out StoredRecord record))
        {
            if (!NameBytes.IsSameOrBelow(record.Owner, apex.Wire))
                return ZoneContentError.OutOfZone;
            if (!sorted.TryAdd(record))
                return ZoneContentError.TooManyBytes;
        }
        if (!sorted._isSorted)
            sorted._entries.AsSpan(0, sorted.Count).Sort(sorted.Compare);
        return records.Error;
    }

    private bool TryAdd(in StoredRecord record)
    {
        if (!_names.HasRoom || !_rdata.HasRoom)
            return false;
        if (Count == _entries.Length)
            Array.Resize(ref _entries, Count * 2);
        ReadOnlySpan<byte> relativeOwner = record.Owner[..^_apexLength];
        ReadOnlySpan<byte> rdata = RdataOf(record);
        var entry = new Entry
        {
            Ttl = record.Ttl,
            Type = record.Type,
            Covered = CanonicalRecord.CoveredType(record.Type, rdata),
            RdataLength = (ushort)rdata.Length,
            Rdata = _rdata.Append(rdata),
        };
        // Records of one owner mostly come together and then share their name.
        if (Count > 0 && View(_entries[Count - 1]).RelativeOwner.SequenceEqual(relativeOwner))
        {
            Entry previous = _entries[Count - 1];
            (entry.Key, entry.KeyLength, entry.OwnerLength) = (previous.Key, previous.KeyLength, previous.OwnerLength);
        }
        else
        {
            Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
            entry.KeyLength = (ushort)CanonicalKey.Write(record.Owner, _apexLength, key);
            entry.Key = _names.Append(key[..entry.KeyLength], relativeOwner);
            entry.OwnerLength = (byte)relativeOwner.Length;
        }
        if (_isSorted && Count > 0 && Compare(_entries[Count - 1], entry) > 0)
            _isSorted = false;
        _entries[Count++] = entry;
        return true;
    }

    private ReadOnlySpan<byte> RdataOf(in StoredRecord record)
    {
        if (_folded is null)
            return record.Rdata;
        Span<byte> rdata = _folded.AsSpan(0, record.Rdata.Length);
        record.Rdata.CopyTo(rdata);
        RdataCanonical.Fold(record.Type, rdata);
        return rdata;
    }

    private CanonicalRecord View(Entry entry) => new()
    {
        Key = _names.Slice(entry.Key, entry.KeyLength),
        RelativeOwner = _names.Slice(entry.Key, entry.KeyLength + entry.OwnerLength)[entry.KeyLength..],
        Type = entry.Type,
        Covered = entry.Covered,
        Ttl = entry.Ttl,
        Rdata = _rdata.Slice(entry.Rdata, entry.RdataLength),
    };

    private int Compare(Entry left, Entry right)
    {
        int order = CanonicalRecord.Compare(View(left), View(right));
        // Arrival decides between equals, so that the result does not depend on the sorting method.
        return order != 0 ? order : left.Rdata.CompareTo(right.Rdata);
    }

    private struct Entry
    {
        public int Key;
        public int Rdata;
        public uint Ttl;
        public ushort KeyLength;
        public ushort RdataLength;
        public RecordType Type;
        public RecordType Covered;
        public byte OwnerLength;
    }
}
