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

/// <summary>What a zone's names are to each other: where it delegates, and which names are only on the way to others.</summary>
internal sealed class ZoneShape
{
    // As many as PowerDNS itself makes (max-ent-entries); of more it makes none.
    private const int EmptyNamesMax = 100_000;

    private readonly DomainName _apex;
    private readonly DenialOrder _order;
    private readonly HashSet<UInt128> _names = [];
    private readonly HashSet<UInt128> _delegations = [];
    private readonly HashSet<UInt128> _secureDelegations = [];

    // Names in the order of NSEC3, where it is by opt-out: what only leads to delegations without DS is not among them.
    private readonly HashSet<UInt128> _hashed = [];
    private readonly Dictionary<UInt128, (DomainName Name, bool IsAuthoritative)> _empty = [];

    private ZoneShape(DomainName apex, DenialOrder order) => (_apex, _order) = (apex, order);

    /// <summary>Reads a content twice.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ZoneShape Of(ZoneContent content, DenialOrder order)
    {
        ZoneShape shape = new(content.Apex, order);
        shape.ReadNames(content);
        shape.ReadPaths(content);
        if (shape._empty.Count > EmptyNamesMax)
            shape._empty.Clear();
        return shape;
    }

    /// <summary>Rows for the names that have no records.</summary>
    public IEnumerable<RecordRow> EmptyNames()
    {
        foreach ((UInt128 key, (DomainName name, bool isAuthoritative)) in _empty)
        {
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
            if (_order.IsHashed && !(_order.IsNarrow && _order.IsOptOut) && !IsBelowDelegation(record.Owner)
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
        bool isAuthoritative = !_delegations.Contains(KeyOf(owner)) && !IsBelowDelegation(owner);
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
