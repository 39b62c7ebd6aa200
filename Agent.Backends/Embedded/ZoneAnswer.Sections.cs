using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Embedded;

/// <summary>The writing of sections. Everything returns 0, "no alias to follow", so that it can end a walk.</summary>
internal ref partial struct ZoneAnswer
{
    // ANY gets one set (RFC 8482 section 4.1), a question for RRSIG all of them.
    private int WriteMeta(int node, scoped Place place, bool isWildcard)
    {
        bool isAny = _type == RecordType.ANY;
        bool hasWritten = false;
        RrsetList sets = _zone.Rrsets(node);
        for (int i = 0; i < sets.Count && !(isAny && hasWritten); i++)
        {
            RrsetView set = sets[i];
            if (isAny == set.Type is RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3)
                continue;
            if (isAny)
                WriteSigned(MessageSection.Answer, place.Name, node, set);
            else
                WriteSet(MessageSection.Answer, place.Name, set, set.Ttl);
            hasWritten = true;
        }
        if (!hasWritten)
            return WriteNoData(node, place, isWildcard);
        if (isWildcard)
            ProveNoCloserMatch(place);
        return 0;
    }

    private int Refer(int node, scoped ReadOnlySpan<byte> cut)
    {
        // Behind an alias the answer's first part stays authoritative.
        if (_aliasCount == 0)
            IsAuthoritative = false;
        _zone.TryGetRrset(node, RecordType.NS, out RrsetView servers);
        WriteSet(MessageSection.Authority, cut, servers, servers.Ttl);
        if (_dnssecOk)
        {
            if (_zone.TryGetRrset(node, RecordType.DS, out RrsetView signer))
                WriteSigned(MessageSection.Authority, cut, node, signer);
            else
                ProveNoData(node, cut, _zone.Key(node));
        }
        WriteProofs();
        foreach (ReadOnlySpan<byte> server in servers)
            WriteAddresses(server, cut);
        return 0;
    }

    private void WriteAddresses(scoped ReadOnlySpan<byte> server, scoped ReadOnlySpan<byte> cut)
    {
        if (IsTruncated || !NameBytes.IsValid(server) || !NameBytes.IsSameOrBelow(server, _zone.Apex.Wire))
            return;
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        int node = _zone.Find(key[..CanonicalKey.Write(server, _apexLength, key)]);
        if (node < 0)
            return;
        // Without the addresses of servers below the cut nobody gets any further (RFC 9471); others can be asked for.
        bool isNeeded = NameBytes.IsSameOrBelow(server, cut);
        WriteAddressSet(node, RecordType.A, server, isNeeded);
        WriteAddressSet(node, RecordType.AAAA, server, isNeeded);
    }

    private void WriteAddressSet(int node, RecordType type, scoped ReadOnlySpan<byte> owner, bool isNeeded)
    {
        if (!_zone.TryGetRrset(node, type, out RrsetView set))
            return;
        foreach (ReadOnlySpan<byte> address in set)
        {
            if (!_writer.TryWriteRecord(MessageSection.Additional, owner, type, RecordClass.IN, set.Ttl, address))
            {
                IsTruncated |= isNeeded;
                return;
            }
        }
    }

    private int WriteNoData(int found, scoped Place place, bool isWildcard)
    {
        WriteNegativeSoa();
        if (!_dnssecOk)
            return 0;
        if (isWildcard)
            ProveWildcardNoData(found, place);
        else
            ProveNoData(found, place.Name, place.Key);
        return 0;
    }

    private int WriteNoName(int wildcardFound, scoped Place place)
    {
        ResponseCode = ResponseCode.NXDomain;
        WriteNegativeSoa();
        if (_dnssecOk)
            ProveNoName(wildcardFound, place);
        return 0;
    }

    // How long resolvers may remember a "no" (RFC 2308 section 3).
    private void WriteNegativeSoa()
    {
        _zone.TryGetRrset(0, RecordType.SOA, out RrsetView soa);
        uint ttl = Math.Min(soa.Ttl, _zone.Soa.Timers.MinimumSeconds);
        WriteSet(MessageSection.Authority, _zone.Apex.Wire, soa, ttl);
        if (_dnssecOk && _zone.TryGetSignatures(0, RecordType.SOA, out RrsetView signatures))
            WriteSet(MessageSection.Authority, _zone.Apex.Wire, signatures, ttl);
    }

    private void WriteSigned(MessageSection section, scoped ReadOnlySpan<byte> owner, int node, in RrsetView set)
    {
        WriteSet(section, owner, set, set.Ttl);
        if (_dnssecOk && _zone.TryGetSignatures(node, set.Type, out RrsetView signatures))
            WriteSet(section, owner, signatures, signatures.Ttl);
    }

    private void WriteSet(MessageSection section, scoped ReadOnlySpan<byte> owner, in RrsetView set, uint ttl)
    {
        foreach (ReadOnlySpan<byte> rdata in set)
            TryWrite(section, owner, set.Type, ttl, rdata);
    }

    private void TryWrite(
        MessageSection section, scoped ReadOnlySpan<byte> owner, RecordType type, uint ttl, scoped ReadOnlySpan<byte> rdata)
    {
        if (!IsTruncated && !_writer.TryWriteRecord(section, owner, type, RecordClass.IN, ttl, rdata))
            IsTruncated = true;
    }
}
