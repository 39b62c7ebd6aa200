using System.Runtime.CompilerServices;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Embedded;

/// <summary>
/// One answer from one zone, by the algorithm of RFC 1034 section 4.3.2 with wildcards of RFC 4592, DNAME of RFC 6672 and the proofs of
/// RFC 4035 section 3.1 and RFC 5155 section 7.2 for a zone that came signed.
/// </summary>
/// <remarks>
/// The walk goes down from the apex label by label. It ends at a cut (referral), at a DNAME above the name (synthesis), at the name
/// itself, or where nothing goes on: there the last name that exists is the closest encloser, and a wildcard below it may answer.
/// An alias whose target lies in the zone starts the walk again.
/// </remarks>
internal ref partial struct ZoneAnswer
{
    // As many aliases as other servers follow; a loop would go on forever.
    private const int MaximumAliases = 16;
    private const int MaximumProofs = MaximumAliases + 4;

    private readonly ZoneImage _zone;
    private readonly RecordType _type;
    private readonly bool _dnssecOk;
    private readonly int _apexLength;
    private MessageWriter _writer;
    private AliasNodes _aliases;
    private int _aliasCount;
    private ProofNodes _proofs;
    private int _proofCount;

    public ZoneAnswer(ZoneImage zone, RecordType type, bool dnssecOk, MessageWriter writer)
    {
        _zone = zone;
        _type = type;
        _dnssecOk = dnssecOk;
        _apexLength = zone.Apex.Wire.Length;
        _writer = writer;
    }

    public readonly MessageWriter Writer => _writer;

    public ResponseCode ResponseCode { get; private set; }

    public bool IsAuthoritative { get; private set; } = true;

    /// <summary>Something that belongs to the answer found no room.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Answers for a name that is the apex or below it.</summary>
    public void Fill(scoped ReadOnlySpan<byte> question)
    {
        Span<byte> name = stackalloc byte[NameReader.MaximumLength];
        Span<byte> target = stackalloc byte[NameReader.MaximumLength];
        question.CopyTo(name);
        int length = question.Length;
        // The target is empty unless an alias was written whose target lies in the zone.
        while ((length = Walk(name[..length], target)) > 0)
            target[..length].CopyTo(name);
        WriteProofs();
    }

    private int Walk(scoped ReadOnlySpan<byte> name, scoped Span<byte> target)
    {
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        Span<ushort> ends = stackalloc ushort[128];
        int keyLength = CanonicalKey.Write(name, _apexLength, key, ends, out int labels);
        var place = new Place(name, key[..keyLength], labels);
        int found = 0;
        for (int depth = 0; ; depth++)
        {
            if (found >= 0)
            {
                // At the cut itself the parent answers for DS and nothing else.
                if (depth > 0 && _zone.Has(found, RecordType.NS) && !(depth == labels && _type == RecordType.DS))
                    return Refer(found, Ancestor(name, labels - depth));
                if (depth < labels && _zone.TryGetRrset(found, RecordType.DNAME, out RrsetView dname))
                    return Substitute(found, dname, name, Ancestor(name, labels - depth), target);
            }
            place.EncloserDepth = depth;
            if (depth == labels)
                return found >= 0 ? AnswerFrom(found, place, isWildcard: false, target) : WriteNoData(found, place, isWildcard: false);
            ReadOnlySpan<byte> next = key[..ends[depth]];
            found = _zone.Find(next);
            if (found < 0 && !_zone.IsEmptyNonTerminal(found, next))
                return AnswerFromWildcard(place, key[..(depth == 0 ? 0 : ends[depth - 1])], target);
        }
    }

    private int AnswerFromWildcard(scoped Place place, scoped ReadOnlySpan<byte> encloserKey, scoped Span<byte> target)
    {
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        encloserKey.CopyTo(key);
        "*\0"u8.CopyTo(key[encloserKey.Length..]);
        key = key[..(encloserKey.Length + 2)];
        int found = _zone.Find(key);
        if (found >= 0)
            return AnswerFrom(found, place, isWildcard: true, target);
        return _zone.IsEmptyNonTerminal(found, key) ? WriteNoData(found, place, isWildcard: true) : WriteNoName(found, place);
    }

    private int AnswerFrom(int node, scoped Place place, bool isWildcard, scoped Span<byte> target)
    {
        if (_type is RecordType.ANY or RecordType.RRSIG)
            return WriteMeta(node, place, isWildcard);
        if (_zone.TryGetRrset(node, _type, out RrsetView set))
        {
            WriteSigned(MessageSection.Answer, place.Name, node, set);
            if (isWildcard)
                ProveNoCloserMatch(place);
            return 0;
        }
        if (!_zone.TryGetRrset(node, RecordType.CNAME, out RrsetView cname))
            return WriteNoData(node, place, isWildcard);
        if (!TryNoteAlias(node))
            return 0;
        WriteSigned(MessageSection.Answer, place.Name, node, cname);
        if (isWildcard)
            ProveNoCloserMatch(place);
        return FollowTo(cname.First, target);
    }

    private int Substitute(
        int node, in RrsetView dname, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> owner, scoped Span<byte> target)
    {
        if (!TryNoteAlias(node))
            return 0;
        WriteSigned(MessageSection.Answer, owner, node, dname);
        ReadOnlySpan<byte> prefix = name[..^owner.Length];
        ReadOnlySpan<byte> suffix = dname.First;
        if (prefix.Length + suffix.Length > NameReader.MaximumLength)
        {
            ResponseCode = ResponseCode.YXDomain;
            return 0;
        }
        Span<byte> substituted = stackalloc byte[NameReader.MaximumLength];
        prefix.CopyTo(substituted);
        suffix.CopyTo(substituted[prefix.Length..]);
        substituted = substituted[..(prefix.Length + suffix.Length)];
        TryWrite(MessageSection.Answer, name, RecordType.CNAME, dname.Ttl, substituted);
        return _type == RecordType.CNAME ? 0 : FollowTo(substituted, target);
    }

    private readonly int FollowTo(scoped ReadOnlySpan<byte> name, scoped Span<byte> target)
    {
        // RDATA that is no name (a zone may hold anything) leads nowhere.
        if (IsTruncated || !NameBytes.IsValid(name) || !NameBytes.IsSameOrBelow(name, _zone.Apex.Wire))
            return 0;
        name.CopyTo(target);
        return name.Length;
    }

    // An alias that leads back to one before it has said all that it can.
    private bool TryNoteAlias(int node)
    {
        Span<int> aliases = _aliases;
        if (_aliasCount == MaximumAliases || aliases[.._aliasCount].Contains(node))
            return false;
        aliases[_aliasCount++] = node;
        return true;
    }

    private static ReadOnlySpan<byte> Ancestor(ReadOnlySpan<byte> name, int labelsUp)
    {
        for (; labelsUp > 0; labelsUp--)
            name = name[(name[0] + 1)..];
        return name;
    }

    /// <summary>Where a walk ended.</summary>
    private ref struct Place(ReadOnlySpan<byte> name, ReadOnlySpan<byte> key, int labels)
    {
        public readonly ReadOnlySpan<byte> Name = name;
        public readonly ReadOnlySpan<byte> Key = key;

        /// <summary>Labels below the apex.</summary>
        public readonly int Labels = labels;

        /// <summary>Labels of the longest ancestor (or the name itself) that exists, below the apex.</summary>
        public int EncloserDepth;
    }

    [InlineArray(MaximumAliases)]
    private struct AliasNodes
    {
        private int _first;
    }

    [InlineArray(MaximumProofs)]
    private struct ProofNodes
    {
        private int _first;
    }
}
