using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Makes an image of records that come in canonical order; drops duplicates and lowers a set's TTL to its lowest.</summary>
internal sealed class ZoneImageAssembler(DomainName apex, ContentHash contentHash)
{
    private readonly ByteArena _names = new();
    private readonly ByteArena _rdata = new();
    private readonly ImagePageWriter _pages = new(ImagePage.BuiltNodes);

    // Of the set that grows: its bytes so far, and where the RDATA that came last begins among them.
    private int _setLength;
    private int _lastRdata;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAppend(in CanonicalRecord record)
    {
        if (!_names.HasRoom || !_rdata.HasRoom)
            return false;
        bool isNewNode = _pages.IsEmpty || !LastKey().SequenceEqual(record.Key);
        if (isNewNode)
            _pages.BeginNode(_names.Append(record.Key, record.RelativeOwner), record.Key.Length, record.RelativeOwner.Length);
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)record.Rdata.Length);
        if (isNewNode || _pages.LastRrset.Type != record.Type || _pages.LastRrset.Covered != record.Covered)
        {
            _pages.Add(new ImageRrset(_rdata.Append(length, record.Rdata), 1, record.Ttl, record.Type, record.Covered));
            _lastRdata = sizeof(ushort);
            _setLength = sizeof(ushort) + record.Rdata.Length;
            return true;
        }
        ref ImageRrset set = ref _pages.LastRrset;
        bool isMixed = set.IsMixed || set.Ttl != record.Ttl;
        uint ttl = Math.Min(set.Ttl, record.Ttl);
        bool isDouble = _rdata.From(set.Rdata)[_lastRdata.._setLength].SequenceEqual(record.Rdata);
        if (!isDouble && _setLength > Array.MaxLength / 2)
            return false;
        int rdata = isDouble ? set.Rdata : _rdata.Extend(set.Rdata, length, record.Rdata);
        set = new ImageRrset(rdata, set.Count + (isDouble ? 0 : 1), ttl, set.Type, set.Covered, isMixed);
        if (isDouble)
            return true;
        _lastRdata = _setLength + sizeof(ushort);
        _setLength = _lastRdata + record.Rdata.Length;
        return true;
    }

    public ZoneContentError TryComplete(out ZoneImage? image)
    {
        _names.Trim();
        _rdata.Trim();
        return ZoneImage.TryCreate(apex, contentHash, new ImageParts(_pages.Complete(), _names, _rdata), out image);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> LastKey() => _names.Slice(_pages.LastNode.Name, _pages.LastNode.KeyLength);
}
