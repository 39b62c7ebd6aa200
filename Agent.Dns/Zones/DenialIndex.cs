using System.Security.Cryptography;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Finds the records of a signed zone that prove what is not there: its NSEC chain (RFC 4034 section 4) or the NSEC3 chain that its
/// NSEC3PARAM names (RFC 5155).
/// </summary>
public sealed class DenialIndex
{
    private const int DigestSize = 20;
    private const int HashedLabelLength = 32;
    private const byte Sha1Algorithm = 1;
    private const int ParametersSize = 5;

    private readonly ZoneImage _image;
    private readonly ImagePage[] _pages;
    private readonly int[] _pageWithNsec = [];
    private readonly int[] _nsec3Nodes = [];
    private readonly byte[] _salt = [];

    internal DenialIndex(ZoneImage image, ImagePage[] pages)
    {
        _image = image;
        _pages = pages;
        if (image.TryGetRrset(0, RecordType.NSEC3PARAM, out RrsetView parameters) && TryChoose(parameters, out byte[] chosen))
        {
            Iterations = chosen[2] << 8 | chosen[3];
            _salt = chosen[ParametersSize..];
            _nsec3Nodes = FindNsec3Nodes(pages, chosen);
        }
        if (image.Has(0, RecordType.NSEC))
            _pageWithNsec = FindNsecPages(pages);
    }

    /// <summary>The zone denies by NSEC.</summary>
    public bool HasNsec => _pageWithNsec.Length > 0;

    /// <summary>The zone denies by NSEC3.</summary>
    public bool HasNsec3 => _nsec3Nodes.Length > 0;

    /// <summary>Additional rounds of hashing that the NSEC3 chain demands for every name.</summary>
    public int Iterations { get; }

    /// <summary>
    /// The node whose NSEC matches or covers a name, given what <see cref="ZoneImage.Find"/> said about it. Nodes without NSEC (glue)
    /// are passed over.
    /// </summary>
    public int NsecNode(int found)
    {
        int node = found >= 0 ? found : BeforeOf(~found);
        while (!_image.Has(node, RecordType.NSEC))
        {
            // At most the rest of this page and then of one that is known to have an NSEC: never a walk over all the glue of a zone.
            node = (node & (ImagePage.MaximumNodes - 1)) > 0 ? node - 1 : LastOf(_pageWithNsec[node >> ImagePage.SlotBits]);
        }
        return node;
    }

    /// <summary>The node of the NSEC3 that matches a name's hash, or else covers it.</summary>
    /// <param name="name">The uncompressed name, any case.</param>
    /// <param name="matches">Whether the hash is the node's own.</param>
    public int Nsec3Node(ReadOnlySpan<byte> name, out bool matches)
    {
        Span<byte> label = stackalloc byte[HashedLabelLength];
        HashLabel(name, label);
        int low = 0;
        int high = _nsec3Nodes.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int order = _image.Key(_nsec3Nodes[middle])[..^1].SequenceCompareTo(label);
            if (order == 0)
            {
                matches = true;
                return _nsec3Nodes[middle];
            }
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        matches = false;
        // The last hash of the chain covers also what lies before the first (RFC 5155 section 1.3).
        return _nsec3Nodes[high < 0 ? _nsec3Nodes.Length - 1 : high];
    }

    private void HashLabel(ReadOnlySpan<byte> name, Span<byte> label)
    {
        Span<byte> input = stackalloc byte[NameReader.MaximumLength + byte.MaxValue];
        Span<byte> digest = stackalloc byte[DigestSize];
        name.CopyTo(input);
        NameBytes.Fold(input[..name.Length]);
        _salt.CopyTo(input[name.Length..]);
        SHA1.HashData(input[..(name.Length + _salt.Length)], digest);
        for (int i = 0; i < Iterations; i++)
        {
            digest.CopyTo(input);
            _salt.CopyTo(input[DigestSize..]);
            SHA1.HashData(input[..(DigestSize + _salt.Length)], digest);
        }
        ReadOnlySpan<byte> alphabet = "0123456789abcdefghijklmnopqrstuv"u8;
        for (int i = 0; i < HashedLabelLength; i++)
        {
            int bit = i * 5;
            int pair = digest[bit / 8] << 8 | (bit / 8 + 1 < DigestSize ? digest[bit / 8 + 1] : 0);
            label[i] = alphabet[pair >> (11 - bit % 8) & 31];
        }
    }

    // Several chains exist while a zone changes its parameters; the first that we can hash is complete (RFC 5155 section 4).
    private static bool TryChoose(in RrsetView parameters, out byte[] chosen)
    {
        foreach (ReadOnlySpan<byte> rdata in parameters)
        {
            if (rdata.Length >= ParametersSize && rdata[0] == Sha1Algorithm && rdata[1] == 0 && rdata.Length == ParametersSize + rdata[4])
            {
                chosen = rdata.ToArray();
                return true;
            }
        }
        chosen = [];
        return false;
    }

    private int[] FindNsec3Nodes(ImagePage[] pages, byte[] parameters)
    {
        var nodes = new List<int>();
        for (int page = 0; page < pages.Length; page++)
        {
            if (!pages[page].HasNsec3)
                continue;
            for (int slot = 0; slot < pages[page].Nodes.Length; slot++)
            {
                int node = page << ImagePage.SlotBits | slot;
                if (IsOfChain(node, parameters))
                    nodes.Add(node);
            }
        }
        return [.. nodes];
    }

    private bool IsOfChain(int node, byte[] parameters)
    {
        if (_image.Key(node).Length != HashedLabelLength + 1 || !_image.TryGetRrset(node, RecordType.NSEC3, out RrsetView set))
            return false;
        ReadOnlySpan<byte> rdata = set.First;
        // The flags byte (opt-out) differs between the records of one chain.
        return rdata.Length > parameters.Length
            && rdata[0] == parameters[0]
            && rdata[2..parameters.Length].SequenceEqual(parameters.AsSpan(2));
    }

    /// <summary>For each page the nearest one before it in which some name has an NSEC; the apex has one.</summary>
    private static int[] FindNsecPages(ImagePage[] pages)
    {
        var before = new int[pages.Length + 1];
        for (int page = 1; page < before.Length; page++)
            before[page] = pages[page - 1].HasNsec ? page - 1 : before[page - 1];
        return before;
    }

    private int BeforeOf(int node) =>
        (node & (ImagePage.MaximumNodes - 1)) > 0 ? node - 1 : LastOf((node >> ImagePage.SlotBits) - 1);

    private int LastOf(int page) => page << ImagePage.SlotBits | (_pages[page].Nodes.Length - 1);
}
