using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// A zone for lookups: names and record sets in canonical order inside a few arrays, no object per record. TTLs are those of
/// the set (the lowest that came, RFC 2181 section 5.2), duplicates are gone. Immutable, so any number of threads read it; publishing
/// a new version means replacing the reference.
/// </summary>
public sealed class ZoneImage
{
    private readonly ChunkedList<ImageNode> _nodes;
    private readonly ChunkedList<ImageRrset> _rrsets;
    private readonly ByteArena _names;
    private readonly ByteArena _rdata;

    internal ZoneImage(
        DomainName apex, SoaNumbers soa, ChunkedList<ImageNode> nodes, ChunkedList<ImageRrset> rrsets, ByteArena names, ByteArena rdata)
    {
        Apex = apex;
        Soa = soa;
        _nodes = nodes;
        _rrsets = rrsets;
        _names = names;
        _rdata = rdata;
        for (int i = 0; i < rrsets.Count; i++)
            RecordCount += rrsets[i].Count;
        Denial = new DenialIndex(this);
    }

    /// <summary>The zone's name.</summary>
    public DomainName Apex { get; }

    /// <summary>The zone's version.</summary>
    public uint Serial => Soa.Serial;

    /// <summary>Serial and timers of the SOA.</summary>
    public SoaNumbers Soa { get; }

    /// <summary>Names that own records.</summary>
    public int NodeCount => _nodes.Count;

    /// <summary>All records, without duplicates.</summary>
    public long RecordCount { get; }

    /// <summary>The bytes that the image's arrays take.</summary>
    public long MemoryBytes => _names.Capacity + _rdata.Capacity
        + _nodes.Capacity * Unsafe.SizeOf<ImageNode>() + _rrsets.Capacity * Unsafe.SizeOf<ImageRrset>();

    /// <summary>The NSEC and NSEC3 chains of a signed zone.</summary>
    public DenialIndex Denial { get; }

    /// <summary>Builds the image of a content. An exception of the content's stream passes through.</summary>
    public static ZoneContentError TryBuild(ZoneContent content, out ZoneImage? image)
    {
        var ordered = new OrderedImageBuilder(content.Apex);
        using (RecordStream records = content.Open())
        {
            ZoneContentError error = ordered.TryBuild(records, out image);
            if (!ordered.IsOutOfOrder)
                return error;
        }
        return TryBuildSorted(content, out image);
    }

    /// <summary>
    /// Looks a key up (<see cref="CanonicalKey"/>). The index of its node, or the complement of the index of the first node after it.
    /// </summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = _nodes.Count - 1;
        while (low <= high)
        {
            int middle = (int)(((uint)low + (uint)high) >> 1);
            int order = Key(middle).SequenceCompareTo(key);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    /// <summary>Whether names exist below a key that has no node of its own: an empty non-terminal (RFC 4592 section 2.2.2).</summary>
    public bool IsEmptyNonTerminal(int notFound, ReadOnlySpan<byte> key) => ~notFound < _nodes.Count && Key(~notFound).StartsWith(key);

    /// <summary>The sort key of a node.</summary>
    public ReadOnlySpan<byte> Key(int node)
    {
        ref readonly ImageNode entry = ref _nodes[node];
        return _names.Slice(entry.Name, entry.KeyLength);
    }

    /// <summary>The owner's labels below the apex, in their own case.</summary>
    public ReadOnlySpan<byte> RelativeOwner(int node)
    {
        ref readonly ImageNode entry = ref _nodes[node];
        return _names.Slice(entry.Name, entry.KeyLength + entry.OwnerLength)[entry.KeyLength..];
    }

    /// <summary>Writes the owner's whole name; the number of bytes.</summary>
    public int CopyOwner(int node, Span<byte> destination)
    {
        ReadOnlySpan<byte> relative = RelativeOwner(node);
        relative.CopyTo(destination);
        Apex.Wire.CopyTo(destination[relative.Length..]);
        return relative.Length + Apex.Wire.Length;
    }

    /// <summary>The sets of a node as a half-open range of indices for <see cref="Rrset"/>; by type, signatures by type covered.</summary>
    public (int First, int End) Rrsets(int node) =>
        (_nodes[node].FirstRrset, node + 1 < _nodes.Count ? _nodes[node + 1].FirstRrset : _rrsets.Count);

    /// <summary>One record set.</summary>
    public RrsetView Rrset(int index) => new(_rrsets[index], _rdata);

    /// <summary>Finds the set of a type at a node.</summary>
    public bool TryGetRrset(int node, RecordType type, out RrsetView set) => TryGetRrset(node, type, default, out set);

    /// <summary>Finds the signatures over the set of a type at a node.</summary>
    public bool TryGetSignatures(int node, RecordType covered, out RrsetView set) =>
        TryGetRrset(node, RecordType.RRSIG, covered, out set);

    /// <summary>Whether a node has a set of the type.</summary>
    public bool Has(int node, RecordType type) => TryGetRrset(node, type, default, out _);

    /// <summary>Whether both hold the same records with the same TTLs and owners, case included.</summary>
    public bool ContentEquals([NotNullWhen(true)] ZoneImage? other)
    {
        if (other is null || !Apex.Equals(other.Apex) || NodeCount != other.NodeCount || _rrsets.Count != other._rrsets.Count)
            return false;
        for (int node = 0; node < NodeCount; node++)
        {
            if (!Key(node).SequenceEqual(other.Key(node)) || !RelativeOwner(node).SequenceEqual(other.RelativeOwner(node))
                || Rrsets(node) != other.Rrsets(node))
                return false;
        }
        for (int i = 0; i < _rrsets.Count; i++)
        {
            if (!Rrset(i).ContentEquals(other.Rrset(i)))
                return false;
        }
        return true;
    }

    /// <summary>Writes the image out again, the SOA first, the rest in canonical order.</summary>
    public ZoneContentError WriteTo(ZoneContentBuilder builder)
    {
        Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
        if (!TryGetRrset(0, RecordType.SOA, out RrsetView soa))
            return ZoneContentError.NoStartOfAuthority;
        Append(builder, Apex.Wire, soa);
        for (int node = 0; node < _nodes.Count; node++)
        {
            int length = CopyOwner(node, owner);
            (int first, int end) = Rrsets(node);
            for (int i = first; i < end; i++)
            {
                if (_rrsets[i].Type != RecordType.SOA)
                    Append(builder, owner[..length], Rrset(i));
            }
        }
        return builder.Error;
    }

    private static ZoneContentError TryBuildSorted(ZoneContent content, out ZoneImage? image)
    {
        image = null;
        using RecordStream records = content.Open();
        ZoneContentError error = SortedRecords.TryRead(records, content.Apex, out SortedRecords sorted);
        if (error != ZoneContentError.None)
            return error;
        var assembler = new ZoneImageAssembler(content.Apex);
        for (int i = 0; i < sorted.Count; i++)
        {
            if (!assembler.TryAppend(sorted[i]))
                return ZoneContentError.TooManyBytes;
        }
        return assembler.TryComplete(out image);
    }

    private static void Append(ZoneContentBuilder builder, ReadOnlySpan<byte> owner, in RrsetView set)
    {
        foreach (ReadOnlySpan<byte> rdata in set)
            builder.TryAppend(owner, set.Type, RecordClass.IN, set.Ttl, rdata);
    }

    private bool TryGetRrset(int node, RecordType type, RecordType covered, out RrsetView set)
    {
        (int first, int end) = Rrsets(node);
        for (int i = first; i < end; i++)
        {
            ref readonly ImageRrset entry = ref _rrsets[i];
            if (entry.Type == type && entry.Covered == covered)
            {
                set = new RrsetView(entry, _rdata);
                return true;
            }
            if (entry.Type > type)
                break;
        }
        set = default;
        return false;
    }
}

/// <summary>One name of an image: its place in the arena of names and its first record set; the next node's first set ends it.</summary>
internal readonly record struct ImageNode(int Name, int FirstRrset, ushort KeyLength, byte OwnerLength);

/// <summary>One record set of an image; its RDATAs follow each other in the arena, each after two bytes of length.</summary>
internal readonly record struct ImageRrset(int Rdata, int Count, uint Ttl, RecordType Type, RecordType Covered);
