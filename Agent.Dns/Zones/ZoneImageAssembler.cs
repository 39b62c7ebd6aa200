using System.Runtime.InteropServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Makes an image of records that come in canonical order; drops duplicates and lowers a set's TTL to its lowest.</summary>
internal sealed class ZoneImageAssembler(DomainName apex)
{
    private readonly ByteArena _names = new();
    private readonly ByteArena _rdata = new();
    private readonly List<ImageNode> _nodes = [];
    private readonly List<ImageRrset> _rrsets = [];
    private int _lastRdata;
    private int _lastRdataLength;

    public bool TryAppend(in CanonicalRecord record)
    {
        if (!_names.HasRoom(record.Key.Length + record.RelativeOwner.Length) || !_rdata.HasRoom(record.Rdata.Length + 2))
            return false;
        bool isNewNode = _nodes.Count == 0 || !LastKey().SequenceEqual(record.Key);
        if (isNewNode)
        {
            _nodes.Add(new ImageNode(
                _names.Append(record.Key), _rrsets.Count, (ushort)record.Key.Length, (byte)record.RelativeOwner.Length));
            _names.Append(record.RelativeOwner);
        }
        if (isNewNode || _rrsets[^1].Type != record.Type || _rrsets[^1].Covered != record.Covered)
        {
            _rrsets.Add(new ImageRrset(_rdata.Length, 1, record.Ttl, record.Type, record.Covered));
            AppendRdata(record.Rdata);
            return true;
        }
        ref ImageRrset set = ref CollectionsMarshal.AsSpan(_rrsets)[^1];
        bool isDuplicate = _rdata.Slice(_lastRdata, _lastRdataLength).SequenceEqual(record.Rdata);
        set = set with { Ttl = Math.Min(set.Ttl, record.Ttl), Count = set.Count + (isDuplicate ? 0 : 1) };
        if (!isDuplicate)
            AppendRdata(record.Rdata);
        return true;
    }

    public ZoneContentError TryComplete(out ZoneImage? image)
    {
        image = null;
        if (_nodes.Count == 0 || _nodes[0].KeyLength != 0)
            return ZoneContentError.NoStartOfAuthority;
        byte[] rdata = _rdata.ToArray();
        int apexEnd = _nodes.Count > 1 ? _nodes[1].FirstRrset : _rrsets.Count;
        int soa = _rrsets.FindIndex(0, apexEnd, set => set.Type == RecordType.SOA);
        if (soa < 0)
            return ZoneContentError.NoStartOfAuthority;
        if (_rrsets[soa].Count != 1)
            return ZoneContentError.SecondStartOfAuthority;
        if (!SoaNumbers.TryRead(new RrsetView(_rrsets[soa], rdata).First, out SoaNumbers numbers))
            return ZoneContentError.BadStartOfAuthority;
        image = new ZoneImage(apex, numbers, [.. _nodes], [.. _rrsets], _names.ToArray(), rdata);
        return ZoneContentError.None;
    }

    private ReadOnlySpan<byte> LastKey() => _names.Slice(_nodes[^1].Name, _nodes[^1].KeyLength);

    private void AppendRdata(ReadOnlySpan<byte> rdata)
    {
        _rdata.AppendLength(rdata.Length);
        _lastRdata = _rdata.Append(rdata);
        _lastRdataLength = rdata.Length;
    }
}
