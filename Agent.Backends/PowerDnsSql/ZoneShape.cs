using Agent.Backends.PowerDns;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsSql;

// PowerDNS reads two columns of its table of records that follow from the zone as a whole. What they must be is what its own tool
// (pdnsutil rectify-zone) makes them:
//
//   auth       false at and below a delegation, but true for DS there
//   ordername  without keys: null. NSEC: the name's labels in reverse. NSEC3: its hash, also of names that only have names below;
//              null for those below a delegation, and with opt-out for delegations without DS. Addresses at or below a delegation: null.
//
// Names that only have names below get rows of their own, without type, in all zones.
//
// In a zone that its master has signed it is as PowerDNS's transfers make it: signatures are authoritative wherever they are and have no
// ordername, and a name has one where the master's NSEC or NSEC3 records say so.

/// <summary>What a zone's names are to each other: where it delegates, and which names are only on the way to others.</summary>
internal sealed class ZoneShape
{
    /// <summary>As many names without records as PowerDNS itself gives rows (max-ent-entries); with more it gives none.</summary>
    public const int EmptyNamesMax = 100_000;

    private readonly DomainName _apex;
    private readonly DenialOrder _order;
    private readonly MasterChain? _chain;
    private readonly HashSet<UInt128> _names = [];
    private readonly HashSet<UInt128> _delegations = [];
    private readonly HashSet<UInt128> _secureDelegations = [];

    // Names in the order of NSEC3, where it is by opt-out: what only leads to delegations without DS is not among them.
    private readonly HashSet<UInt128> _hashed = [];
    private readonly Dictionary<UInt128, (DomainName Name, bool IsAuthoritative)> _empty = [];

    private ZoneShape(DomainName apex, DenialOrder order, MasterChain? chain) => (_apex, _order, _chain) = (apex, order, chain);

    /// <summary>Reads a content twice.</summary>
    /// <param name="content">The whole zone, or a part with all that lies below its names.</param>
    /// <param name="order">How it denies.</param>
    /// <param name="chain">Of a zone that its master has signed.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ZoneShape Of(ZoneContent content, DenialOrder order, MasterChain? chain)
    {
        ZoneShape shape = new(content.Apex, order, chain);
        shape.ReadNames(content);
        shape.ReadPaths(content);
        shape.EmptyCount = shape._empty.Count;
        if (shape.EmptyCount > EmptyNamesMax)
            shape._empty.Clear();
        return shape;
    }

    /// <summary>How many names have no records; one more than <see cref="EmptyNamesMax"/> where there are more.</summary>
    public int EmptyCount { get; private set; }

    /// <summary>A record of the type stands in the table.</summary>
    public bool HasRow(RecordType type) => _chain is null || !MasterChain.Makes(type);

    /// <summary>Rows for the names that have no records.</summary>
    public IEnumerable<RecordRow> EmptyNames()
    {
        foreach ((UInt128 key, (DomainName name, bool isAuthoritative)) in _empty)
        {
            if (_chain is not null)
            {
                string? place = _order.IsHashed ? _chain.PlaceOf(name.Wire) : null;
                yield return new RecordRow(
                    TableName.Of(name.Wire), Type: null, Content: null, 0, 0, place, isAuthoritative || place is not null);
                continue;
            }

            bool hasPlace = _order.IsHashed && _hashed.Contains(key);
            string? order = hasPlace && !_order.IsNarrow ? _order.HashOf(name.Wire) : null;
            bool isShown = isAuthoritative || (hasPlace && !_order.IsOptOut);
            yield return new RecordRow(TableName.Of(name.Wire), Type: null, Content: null, 0, 0, order, isShown);
        }
    }

    /// <summary>What the two columns are for a record.</summary>
    public (string? OrderName, bool IsAuthoritative) Of(ReadOnlySpan<byte> owner, RecordType type)
    {
        UInt128 key = KeyOf(owner);
        bool isDelegation = _delegations.Contains(key);
        bool isAuthoritative = !isDelegation && !IsBelowDelegation(owner);
        if (_chain is not null)
        {
            bool isShown = isAuthoritative || type is RecordType.RRSIG or RecordType.DS;
            return (type != RecordType.RRSIG && (isShown || type == RecordType.NS) ? _chain.PlaceOf(owner) : null, isShown);
        }

        string? order = !_order.IsSigned ? null
            : !_order.IsHashed ? TableName.OrderOf(owner, _apex.Wire)
            : _hashed.Contains(key) && !_order.IsNarrow ? _order.HashOf(owner) : null;
        if (isAuthoritative)
            return (order, true);
        bool isSecure = _secureDelegations.Contains(key);
        bool isOut = type is RecordType.A or RecordType.AAAA
            || (type == RecordType.NS && _order.IsOptOut && isDelegation && !isSecure);
        return (isOut ? null : order, type == RecordType.DS && isSecure);
    }

    private static UInt128 KeyOf(ReadOnlySpan<byte> name) => RrsetIndex.KeyOf(name, default);

    private void ReadNames(ZoneContent content)
    {
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (!HasRow(record.Type))
                continue;
            UInt128 key = KeyOf(record.Owner);
            _names.Add(key);
            if (record.Type == RecordType.NS && !NameBytes.Equal(record.Owner, _apex.Wire))
                _delegations.Add(key);
            if (record.Type == RecordType.DS)
                _secureDelegations.Add(key);
        }

        if (records.Error != ZoneContentError.None)
            throw new IOException($"the content of {content.Apex} cannot be read: {records.Error.Text()}");
    }

    private void ReadPaths(ZoneContent content)
    {
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (!HasRow(record.Type))
                continue;
            if (_chain is null && _order.IsHashed && !(_order.IsNarrow && _order.IsOptOut) && !IsBelowDelegation(record.Owner)
                && (record.Type != RecordType.NS || !_order.IsOptOut))
                AddHashed(record.Owner);
            AddEmpty(record.Owner);
        }
    }

    private void AddHashed(ReadOnlySpan<byte> owner)
    {
        for (ReadOnlySpan<byte> name = owner; name.Length >= _apex.Wire.Length; name = name[(name[0] + 1)..])
        {
            if (!_hashed.Add(KeyOf(name)) || name.Length == 1)
                return;
        }
    }

    private void AddEmpty(ReadOnlySpan<byte> owner)
    {
        // By NSEC, what leads to a delegation is shown.
        bool countsAsInside = _chain is not null && !_order.IsHashed;
        bool isAuthoritative = (countsAsInside || !_delegations.Contains(KeyOf(owner))) && !IsBelowDelegation(owner);
        for (ReadOnlySpan<byte> name = owner; name.Length > _apex.Wire.Length;)
        {
            name = name[(name[0] + 1)..];
            UInt128 key = KeyOf(name);
            if (name.Length <= _apex.Wire.Length || _names.Contains(key))
                continue;
            bool wasThere = _empty.TryGetValue(key, out (DomainName Name, bool IsAuthoritative) known);
            if (wasThere && (known.IsAuthoritative || !isAuthoritative))
                continue;
            if (DomainName.TryFromWire(name, out DomainName? empty) && _empty.Count <= EmptyNamesMax)
                _empty[key] = (empty, isAuthoritative);
        }
    }

    /// <summary>A name above it, below the apex, is a delegation.</summary>
    private bool IsBelowDelegation(ReadOnlySpan<byte> name)
    {
        if (_delegations.Count == 0)
            return false;
        while (name.Length > _apex.Wire.Length)
        {
            name = name[(name[0] + 1)..];
            if (name.Length > _apex.Wire.Length && _delegations.Contains(KeyOf(name)))
                return true;
        }

        return false;
    }
}
