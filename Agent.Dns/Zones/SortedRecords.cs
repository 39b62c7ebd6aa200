using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Records of a stream in canonical order, all held at once. Sorting is left out where the sender kept that order.</summary>
internal sealed class SortedRecords
{
    private readonly ByteArena _names = new();
    private readonly ByteArena _rdata = new();
    private readonly int _apexLength;
    private Entry[] _entries = new Entry[16];
    private bool _isSorted = true;

    private SortedRecords(int apexLength) => _apexLength = apexLength;

    public int Count { get; private set; }

    public CanonicalRecord this[int index] => View(_entries[index]);

    public static ZoneContentError TryRead(RecordStream records, DomainName apex, out SortedRecords sorted)
    {
        sorted = new SortedRecords(apex.Wire.Length);
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
        var entry = new Entry
        {
            Ttl = record.Ttl,
            Type = record.Type,
            Covered = CanonicalRecord.CoveredType(record.Type, record.Rdata),
            RdataLength = (ushort)record.Rdata.Length,
            Rdata = _rdata.Append(record.Rdata),
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
