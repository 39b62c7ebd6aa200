using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Makes an image of records that come in canonical order; drops duplicates and lowers a set's TTL to its lowest.</summary>
internal sealed class ZoneImageAssembler(DomainName apex)
{
    private readonly ByteArena _names = new();
    private readonly ByteArena _rdata = new();
    private readonly ChunkedList<ImageNode> _nodes = new();
    private readonly ChunkedList<ImageRrset> _rrsets = new();

    // Of the set that grows: its bytes so far, and where the RDATA that came last begins among them.
    private int _setLength;
    private int _lastRdata;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAppend(in CanonicalRecord record)
    {
        if (!_names.HasRoom || !_rdata.HasRoom)
            return false;
        bool isNewNode = _nodes.Count == 0 || !LastKey().SequenceEqual(record.Key);
        if (isNewNode)
        {
            int name = _names.Append(record.Key, record.RelativeOwner);
            _nodes.Add(new ImageNode(name, _rrsets.Count, (ushort)record.Key.Length, (byte)record.RelativeOwner.Length));
        }
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)record.Rdata.Length);
        if (isNewNode || _rrsets.Last.Type != record.Type || _rrsets.Last.Covered != record.Covered)
        {
            _rrsets.Add(new ImageRrset(_rdata.Append(length, record.Rdata), 1, record.Ttl, record.Type, record.Covered));
            _lastRdata = sizeof(ushort);
            _setLength = sizeof(ushort) + record.Rdata.Length;
            return true;
        }
        ref ImageRrset set = ref _rrsets.Last;
        set = set with { Ttl = Math.Min(set.Ttl, record.Ttl) };
        if (_rdata.From(set.Rdata)[_lastRdata.._setLength].SequenceEqual(record.Rdata))
            return true;
        if (_setLength > Array.MaxLength / 2)
            return false;
        set = set with { Rdata = _rdata.Extend(set.Rdata, length, record.Rdata), Count = set.Count + 1 };
        _lastRdata = _setLength + sizeof(ushort);
        _setLength = _lastRdata + record.Rdata.Length;
        return true;
    }

    public ZoneContentError TryComplete(out ZoneImage? image)
    {
        image = null;
        if (_nodes.Count == 0 || _nodes[0].KeyLength != 0)
            return ZoneContentError.NoStartOfAuthority;
        int apexEnd = _nodes.Count > 1 ? _nodes[1].FirstRrset : _rrsets.Count;
        int soa = 0;
        while (soa < apexEnd && _rrsets[soa].Type != RecordType.SOA)
            soa++;
        if (soa == apexEnd)
            return ZoneContentError.NoStartOfAuthority;
        if (_rrsets[soa].Count != 1)
            return ZoneContentError.SecondStartOfAuthority;
        if (!SoaNumbers.TryRead(new RrsetView(_rrsets[soa], _rdata).First, out SoaNumbers numbers))
            return ZoneContentError.BadStartOfAuthority;
        _names.Trim();
        _rdata.Trim();
        _nodes.Trim();
        _rrsets.Trim();
        image = new ZoneImage(apex, numbers, _nodes, _rrsets, _names, _rdata);
        return ZoneContentError.None;
    }

    private ReadOnlySpan<byte> LastKey() => _names.Slice(_nodes.Last.Name, _nodes.Last.KeyLength);
}
