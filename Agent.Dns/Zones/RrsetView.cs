using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>A record set inside an image. Enumerating gives the RDATAs in canonical order.</summary>
public readonly ref struct RrsetView
{
    private readonly ReadOnlySpan<byte> _rdata;

    internal RrsetView(in ImageRrset entry, ByteArena arena)
    {
        Type = entry.Type;
        Covered = entry.Covered;
        Ttl = entry.Ttl;
        Count = entry.Count;
        _rdata = arena.From(entry.Rdata);
    }

    /// <summary>The type of the records.</summary>
    public RecordType Type { get; }

    /// <summary>For signatures the type that they cover, else zero.</summary>
    public RecordType Covered { get; }

    /// <summary>The time to live in seconds.</summary>
    public uint Ttl { get; }

    /// <summary>The number of records.</summary>
    public int Count { get; }

    /// <summary>The first RDATA: all there is for CNAME, DNAME and SOA.</summary>
    public ReadOnlySpan<byte> First => _rdata.Slice(2, _rdata[0] << 8 | _rdata[1]);

    /// <summary>Whether both have the same type, TTL and records.</summary>
    internal bool ContentEquals(in RrsetView other)
    {
        if (Type != other.Type || Covered != other.Covered || Ttl != other.Ttl || Count != other.Count)
            return false;
        Enumerator others = other.GetEnumerator();
        foreach (ReadOnlySpan<byte> rdata in this)
        {
            if (!others.MoveNext() || !rdata.SequenceEqual(others.Current))
                return false;
        }
        return true;
    }

    /// <summary>Enumerates the RDATAs.</summary>
    public Enumerator GetEnumerator() => new(_rdata, Count);

    /// <summary>Walks over the RDATAs of a set.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;
        private int _left;

        internal Enumerator(ReadOnlySpan<byte> rdata, int count)
        {
            _rest = rdata;
            _left = count;
        }

        /// <summary>The RDATA reached.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        /// <summary>Goes to the next RDATA; false behind the last.</summary>
        public bool MoveNext()
        {
            if (_left-- <= 0)
                return false;
            int length = _rest[0] << 8 | _rest[1];
            Current = _rest.Slice(2, length);
            _rest = _rest[(2 + length)..];
            return true;
        }
    }
}

/// <summary>The record sets of one name of an image.</summary>
public readonly ref struct RrsetList
{
    private readonly ReadOnlySpan<ImageRrset> _sets;
    private readonly ByteArena _rdata;

    internal RrsetList(ReadOnlySpan<ImageRrset> sets, ByteArena rdata)
    {
        _sets = sets;
        _rdata = rdata;
    }

    /// <summary>The number of sets.</summary>
    public int Count => _sets.Length;

    /// <summary>One of them.</summary>
    public RrsetView this[int index] => new(_sets[index], _rdata);
}
