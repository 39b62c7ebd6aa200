using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Embedded;

/// <summary>
/// The proofs of a signed zone: NSEC (RFC 4035 section 3.1.3) and NSEC3 (RFC 5155 section 7.2). Each record goes out once, and after
/// everything else in its section.
/// </summary>
internal ref partial struct ZoneAnswer
{
    /// <summary>The name exists (with a node, or as an empty non-terminal) and lacks the type.</summary>
    private void ProveNoData(int found, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> key)
    {
        if (_zone.Denial.HasNsec3)
        {
            int node = _zone.Denial.Nsec3Node(name, out bool matches);
            if (matches)
                NoteProof(node);
            else
                // An unsigned delegation in a span that opts out has no record of its own (RFC 5155 section 7.2.4).
                ProveEncloser(name, nearest: 1);
        }
        else if (_zone.Denial.HasNsec)
        {
            NoteProof(_zone.Denial.NsecNode(found >= 0 ? found : _zone.Find(key)));
        }
    }

    /// <summary>A wildcard gave the answer: nothing closer to the name exists.</summary>
    private void ProveNoCloserMatch(scoped Place place)
    {
        if (!_dnssecOk)
            return;
        if (_zone.Denial.HasNsec3)
            NoteProof(_zone.Denial.Nsec3Node(Ancestor(place.Name, place.Labels - place.EncloserDepth - 1), out _));
        else if (_zone.Denial.HasNsec)
            NoteProof(_zone.Denial.NsecNode(_zone.Find(place.Key)));
    }

    /// <summary>The wildcard that would answer lacks the type.</summary>
    private void ProveWildcardNoData(int wildcardFound, scoped Place place)
    {
        if (_zone.Denial.HasNsec3)
        {
            ProveEncloserAndWildcard(place);
        }
        else if (_zone.Denial.HasNsec)
        {
            NoteProof(_zone.Denial.NsecNode(wildcardFound));
            NoteProof(_zone.Denial.NsecNode(_zone.Find(place.Key)));
        }
    }

    /// <summary>Neither the name nor a wildcard for it exists.</summary>
    private void ProveNoName(int wildcardFound, scoped Place place)
    {
        if (_zone.Denial.HasNsec3)
        {
            ProveEncloserAndWildcard(place);
        }
        else if (_zone.Denial.HasNsec)
        {
            NoteProof(_zone.Denial.NsecNode(_zone.Find(place.Key)));
            NoteProof(_zone.Denial.NsecNode(wildcardFound));
        }
    }

    private void ProveEncloserAndWildcard(scoped Place place)
    {
        int up = ProveEncloser(place.Name, place.Labels - place.EncloserDepth);
        if (up < 0)
            return;
        ReadOnlySpan<byte> encloser = Ancestor(place.Name, up);
        if (encloser.Length + 2 > NameReader.MaximumLength)
            return;
        Span<byte> wildcard = stackalloc byte[NameReader.MaximumLength];
        wildcard[0] = 1;
        wildcard[1] = (byte)'*';
        encloser.CopyTo(wildcard[2..]);
        NoteProof(_zone.Denial.Nsec3Node(wildcard[..(encloser.Length + 2)], out _));
    }

    /// <summary>
    /// The closest encloser proof (RFC 5155 section 7.2.1): the record that matches the longest ancestor which has one, and the one that
    /// covers the name one label longer. Gives that ancestor's distance from the name in labels; -1 when there is none.
    /// </summary>
    /// <param name="name">The name whose absence is shown.</param>
    /// <param name="nearest">How far up the first ancestor is that may have a record.</param>
    private int ProveEncloser(scoped ReadOnlySpan<byte> name, int nearest)
    {
        for (int up = nearest; ; up++)
        {
            ReadOnlySpan<byte> encloser = Ancestor(name, up);
            if (encloser.Length < _apexLength)
                return -1;
            int node = _zone.Denial.Nsec3Node(encloser, out bool matches);
            if (!matches)
                continue;
            NoteProof(node);
            NoteProof(_zone.Denial.Nsec3Node(Ancestor(name, up - 1), out _));
            return up;
        }
    }

    private void NoteProof(int node)
    {
        Span<int> proofs = _proofs;
        if (_proofCount < MaximumProofs && !proofs[.._proofCount].Contains(node))
            proofs[_proofCount++] = node;
    }

    // Only when the answer section is closed: the proof for a wildcard alias is due before the alias is followed.
    private void WriteProofs()
    {
        Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
        RecordType type = _zone.Denial.HasNsec3 ? RecordType.NSEC3 : RecordType.NSEC;
        for (int i = 0; i < _proofCount; i++)
        {
            int node = _proofs[i];
            if (_zone.TryGetRrset(node, type, out RrsetView set))
                WriteSigned(MessageSection.Authority, owner[.._zone.CopyOwner(node, owner)], node, set);
        }
        _proofCount = 0;
    }
}
