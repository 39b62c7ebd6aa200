using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// A zone for lookups: names and record sets in canonical order inside arrays of many each, no object per record. TTLs are those of
/// the set (the lowest that came, RFC 2181 section 5.2), duplicates are gone. Immutable, so any number of threads read it; publishing
/// a new version means replacing the reference.
/// </summary>
public sealed class ZoneImage
{
    private const int SlotMask = ImagePage.MaximumNodes - 1;

    private readonly ImageParts _parts;

    private ZoneImage(DomainName apex, ContentHash contentHash, SoaNumbers soa, ImageParts parts)
    {
        Apex = apex;
        ContentHash = contentHash;
        Soa = soa;
        _parts = parts;
        foreach (ImagePage page in parts.Pages)
        {
            RecordCount += page.RecordCount;
            NodeCount += page.Nodes.Length;
        }
        Denial = new DenialIndex(this, parts.Pages);
    }

    /// <summary>The zone's name.</summary>
    public DomainName Apex { get; }

    /// <summary>The zone's version.</summary>
    public uint Serial => Soa.Serial;

    /// <summary>The content that this image shows.</summary>
    public ContentHash ContentHash { get; }

    /// <summary>Serial and timers of the SOA.</summary>
    public SoaNumbers Soa { get; }

    /// <summary>Names that own records.</summary>
    public int NodeCount { get; }

    /// <summary>All records, without duplicates.</summary>
    public long RecordCount { get; }

    /// <summary>The bytes that the image's arrays take.</summary>
    public long MemoryBytes => _parts.MemoryBytes;

    /// <summary>The NSEC and NSEC3 chains of a signed zone.</summary>
    public DenialIndex Denial { get; }

    /// <summary>Builds the image of a content. An exception of the content's stream passes through.</summary>
    public static ZoneContentError TryBuild(ZoneContent content, out ZoneImage? image)
    {
        var ordered = new OrderedImageBuilder(content.Apex, content.Hash);
        using (RecordStream records = content.Open())
        {
            ZoneContentError error = ordered.TryBuild(records, out image);
            if (!ordered.IsOutOfOrder)
                return error;
        }
        return TryBuildSorted(content, out image);
    }

    /// <summary>
    /// The image of the version that differences lead to. It shares with this one whatever they do not touch, so that it costs memory and
    /// time of their size; this one stays as it is.
    /// </summary>
    /// <param name="differences">What leads from this version to the next, in one or more steps.</param>
    /// <param name="result">The content that they lead to.</param>
    /// <param name="image">The next version. Where the sender spelled an owner in several cases, the spelling that is kept may be another
    /// than in an image built whole.</param>
    /// <returns>None; or why the image has to be built whole: the differences do not fit it, or are too many, or too much of its memory
    /// belongs to versions that are gone.</returns>
    public ZoneRevisionError TryRevise(DifferenceSequence differences, ContentHash result, out ZoneImage? image)
    {
        image = null;
        if (DifferenceFold.TryFold(Apex, differences, out DifferenceFold? fold) != ZoneDiffError.None)
            return ZoneRevisionError.Contradiction;
        using (fold)
        {
            ZoneRevisionError error = ZoneImageRevision.TryRevise(this, _parts, fold!, out ImageParts? parts);
            if (error != ZoneRevisionError.None)
                return error;
            return TryCreate(Apex, result, parts!, out image) == ZoneContentError.None ? error : ZoneRevisionError.Contradiction;
        }
    }

    /// <summary>
    /// Looks a key up (<see cref="CanonicalKey"/>). The number of its node, or the complement of the number of the first node after it.
    /// Numbers grow in canonical order, with gaps.
    /// </summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        ImagePage[] pages = _parts.Pages;
        int low = 0;
        int high = pages.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int order = Key(middle << ImagePage.SlotBits).SequenceCompareTo(key);
            if (order == 0)
                return middle << ImagePage.SlotBits;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        // The apex has the lowest key and is always there.
        int page = high;
        low = 1;
        high = pages[page].Nodes.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int node = page << ImagePage.SlotBits | middle;
            int order = Key(node).SequenceCompareTo(key);
            if (order == 0)
                return node;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low < pages[page].Nodes.Length ? ~(page << ImagePage.SlotBits | low) : ~((page + 1) << ImagePage.SlotBits);
    }

    /// <summary>The numbers of all nodes in canonical order.</summary>
    public IEnumerable<int> Nodes()
    {
        for (int page = 0; page < _parts.Pages.Length; page++)
        {
            for (int slot = 0; slot < _parts.Pages[page].Nodes.Length; slot++)
                yield return page << ImagePage.SlotBits | slot;
        }
    }

    /// <summary>Whether names exist below a key that has no node of its own: an empty non-terminal (RFC 4592 section 2.2.2).</summary>
    public bool IsEmptyNonTerminal(int notFound, ReadOnlySpan<byte> key) =>
        ~notFound >> ImagePage.SlotBits < _parts.Pages.Length && Key(~notFound).StartsWith(key);

    /// <summary>The sort key of a node.</summary>
    public ReadOnlySpan<byte> Key(int node)
    {
        ref readonly ImageNode entry = ref Entry(node);
        return _parts.Names.Slice(entry.Name, entry.KeyLength);
    }

    /// <summary>The owner's labels below the apex, in their own case.</summary>
    public ReadOnlySpan<byte> RelativeOwner(int node)
    {
        ref readonly ImageNode entry = ref Entry(node);
        return _parts.Names.Slice(entry.Name, entry.KeyLength + entry.OwnerLength)[entry.KeyLength..];
    }

    /// <summary>Writes the owner's whole name; the number of bytes.</summary>
    public int CopyOwner(int node, Span<byte> destination)
    {
        ReadOnlySpan<byte> relative = RelativeOwner(node);
        relative.CopyTo(destination);
        Apex.Wire.CopyTo(destination[relative.Length..]);
        return relative.Length + Apex.Wire.Length;
    }

    /// <summary>The sets of a node; by type, signatures by type covered.</summary>
    public RrsetList Rrsets(int node) => new(Entries(node), _parts.Rdata);

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
        if (other is null || !Apex.Equals(other.Apex) || NodeCount != other.NodeCount)
            return false;
        foreach ((int node, int otherNode) in Nodes().Zip(other.Nodes()))
        {
            RrsetList sets = Rrsets(node);
            RrsetList otherSets = other.Rrsets(otherNode);
            if (!Key(node).SequenceEqual(other.Key(otherNode)) || !RelativeOwner(node).SequenceEqual(other.RelativeOwner(otherNode))
                || sets.Count != otherSets.Count)
                return false;
            for (int i = 0; i < sets.Count; i++)
            {
                if (!sets[i].ContentEquals(otherSets[i]))
                    return false;
            }
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
        foreach (int node in Nodes())
        {
            int length = CopyOwner(node, owner);
            RrsetList sets = Rrsets(node);
            for (int i = 0; i < sets.Count; i++)
            {
                if (sets[i].Type != RecordType.SOA)
                    Append(builder, owner[..length], sets[i]);
            }
        }
        return builder.Error;
    }

    /// <summary>Checks what an image must have, and makes it.</summary>
    internal static ZoneContentError TryCreate(DomainName apex, ContentHash contentHash, ImageParts parts, out ZoneImage? image)
    {
        image = null;
        if (parts.Pages.Length == 0 || parts.Pages[0].Nodes[0].KeyLength != 0)
            return ZoneContentError.NoStartOfAuthority;
        foreach (ref readonly ImageRrset set in parts.Pages[0].RrsetsOf(0))
        {
            if (set.Type != RecordType.SOA)
                continue;
            if (set.Count != 1)
                return ZoneContentError.SecondStartOfAuthority;
            if (!SoaNumbers.TryRead(new RrsetView(set, parts.Rdata).First, out SoaNumbers numbers))
                return ZoneContentError.BadStartOfAuthority;
            image = new ZoneImage(apex, contentHash, numbers, parts);
            return ZoneContentError.None;
        }
        return ZoneContentError.NoStartOfAuthority;
    }

    private static ZoneContentError TryBuildSorted(ZoneContent content, out ZoneImage? image)
    {
        image = null;
        using RecordStream records = content.Open();
        ZoneContentError error = SortedRecords.TryRead(records, content.Apex, out SortedRecords sorted);
        if (error != ZoneContentError.None)
            return error;
        var assembler = new ZoneImageAssembler(content.Apex, content.Hash);
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
        foreach (ref readonly ImageRrset entry in Entries(node))
        {
            if (entry.Type == type && entry.Covered == covered)
            {
                set = new RrsetView(entry, _parts.Rdata);
                return true;
            }
            if (entry.Type > type)
                break;
        }
        set = default;
        return false;
    }

    private ref readonly ImageNode Entry(int node) => ref _parts.Pages[node >> ImagePage.SlotBits].Nodes[node & SlotMask];

    private ReadOnlySpan<ImageRrset> Entries(int node) => _parts.Pages[node >> ImagePage.SlotBits].RrsetsOf(node & SlotMask);
}
