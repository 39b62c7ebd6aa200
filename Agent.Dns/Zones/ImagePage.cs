using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// A run of names of an image with their record sets. Immutable, so that an image and the ones that follow it share the pages that no
/// difference touches.
/// </summary>
internal sealed class ImagePage
{
    /// <summary>Names in a page as it is built whole; a revised one may hold up to <see cref="MaximumNodes"/>.</summary>
    public const int BuiltNodes = 64;

    /// <summary>What the lower bits of a node's number can tell apart.</summary>
    public const int MaximumNodes = 1 << SlotBits;

    /// <summary>Bits of a node's number that say which place of its page.</summary>
    public const int SlotBits = 7;

    /// <summary>Copies both; the first name's first set is the first of the sets, wherever it stood before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ImagePage(ReadOnlySpan<ImageNode> nodes, ReadOnlySpan<ImageRrset> rrsets)
    {
        Nodes = nodes.ToArray();
        Rrsets = rrsets.ToArray();
        int before = Nodes[0].FirstRrset;
        foreach (ref ImageNode node in Nodes.AsSpan())
            node = node with { FirstRrset = node.FirstRrset - before };
        foreach (ref readonly ImageRrset set in rrsets)
        {
            RecordCount += set.Count;
            HasNsec |= set.Type == RecordType.NSEC;
            HasNsec3 |= set.Type == RecordType.NSEC3;
        }
    }

    public ImageNode[] Nodes { get; }

    public ImageRrset[] Rrsets { get; }

    public long RecordCount { get; }

    /// <summary>Some name has an NSEC record.</summary>
    public bool HasNsec { get; }

    /// <summary>Some name has an NSEC3 record.</summary>
    public bool HasNsec3 { get; }

    /// <summary>The sets of a name.</summary>
    public ReadOnlySpan<ImageRrset> RrsetsOf(int slot)
    {
        int first = Nodes[slot].FirstRrset;
        int end = slot + 1 < Nodes.Length ? Nodes[slot + 1].FirstRrset : Rrsets.Length;
        return Rrsets.AsSpan(first, end - first);
    }
}

/// <summary>
/// One name of an image: its place in the arena of names and, among the sets of its page, its first; the next node's first ends it.
/// </summary>
internal readonly record struct ImageNode(int Name, int FirstRrset, ushort KeyLength, byte OwnerLength);

/// <summary>One record set of an image; its RDATAs follow each other in the arena, each after two bytes of length.</summary>
internal readonly record struct ImageRrset
{
    private const uint MixedFlag = 1u << 31;

    private readonly uint _countAndFlag;

    public ImageRrset(int rdata, int count, uint ttl, RecordType type, RecordType covered, bool isMixed = false)
    {
        Rdata = rdata;
        _countAndFlag = (uint)count | (isMixed ? MixedFlag : 0);
        Ttl = ttl;
        Type = type;
        Covered = covered;
    }

    public int Rdata { get; }

    public int Count => (int)(_countAndFlag & ~MixedFlag);

    /// <summary>The records came with different TTLs: which of them had the lowest is not known any more.</summary>
    public bool IsMixed => (_countAndFlag & MixedFlag) != 0;

    public uint Ttl { get; }

    public RecordType Type { get; }

    public RecordType Covered { get; }

    /// <summary>How sets stand within a name: by type, signatures by the type covered.</summary>
    public static int CompareKinds(RecordType type, RecordType covered, RecordType otherType, RecordType otherCovered) =>
        ((uint)type << 16 | (uint)covered).CompareTo((uint)otherType << 16 | (uint)otherCovered);
}
