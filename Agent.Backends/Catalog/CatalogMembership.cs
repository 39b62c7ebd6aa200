using Agent.Dns.Catalogs;
using Agent.Dns.Wire;

namespace Agent.Backends.Catalog;

/// <summary>Which zones are members, and what of that has not been published. Safe for any number of callers; touches nothing.</summary>
internal sealed class CatalogMembership
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DomainName, CatalogMember> _members = [];

    // How the zones that changed since stood in the last version that was published; null: they were no members.
    private readonly Dictionary<DomainName, CatalogMember?> _changed = [];
    private readonly Dictionary<DomainName, CatalogMember?> _underWay = [];

    // Zones that were members in this run and may be with consumers still.
    private readonly HashSet<DomainName> _leaving = [];

    /// <summary>Begins from a version that was published.</summary>
    public void Load(IEnumerable<CatalogMember> members)
    {
        lock (_gate)
        {
            foreach (CatalogMember member in members) _members[member.Zone] = member;
        }
    }

    public bool Contains(DomainName zone)
    {
        lock (_gate) return _members.ContainsKey(zone);
    }

    /// <summary>Whether the zone was taken out and has not been seen gone since.</summary>
    public bool IsLeaving(DomainName zone)
    {
        lock (_gate) return _leaving.Contains(zone);
    }

    /// <summary>Whether what was last done to the zone has not been published.</summary>
    public bool IsUnpublished(DomainName zone)
    {
        lock (_gate) return _changed.ContainsKey(zone) || _underWay.ContainsKey(zone);
    }

    /// <summary>All zones, one more than the maximum when there are more.</summary>
    public List<DomainName> Zones(int maximum)
    {
        lock (_gate) return [.. _members.Keys.Take(maximum + 1)];
    }

    /// <summary>Makes the zone a member.</summary>
    /// <param name="begins">Consumers are to begin anew with it, whatever they hold.</param>
    /// <param name="serial">Of the last version; makes a label that is not the one before.</param>
    public void Add(DomainName zone, bool begins, uint serial)
    {
        lock (_gate)
        {
            bool isMember = _members.TryGetValue(zone, out CatalogMember? before);
            if (isMember && !begins) return;

            // One that left and has not been seen gone may be taken for the zone that it was.
            bool mayBeTheOld = _leaving.Remove(zone);
            string label = begins || mayBeTheOld ? CatalogLabel.Fresh(zone, serial) : CatalogLabel.Of(zone);
            Note(zone, before);
            _members[zone] = new CatalogMember(zone, label, [], NextOwner: null);
        }
    }

    /// <summary>Asks for a version that says the same of the zone: a consumer that has lost it looks again.</summary>
    public void Repeat(DomainName zone)
    {
        lock (_gate)
        {
            if (_members.TryGetValue(zone, out CatalogMember? member)) Note(zone, member);
        }
    }

    /// <summary>The zone is no member any more.</summary>
    public void Remove(DomainName zone)
    {
        lock (_gate)
        {
            // Also one that was none: consumers that serve it all the same have not obeyed yet.
            _leaving.Add(zone);
            if (!_members.Remove(zone, out CatalogMember? before)) return;
            Note(zone, before);
        }
    }

    /// <summary>No consumer has the zone any more.</summary>
    public void SeenGone(DomainName zone)
    {
        lock (_gate)
        {
            if (!_changed.ContainsKey(zone) && !_underWay.ContainsKey(zone)) _leaving.Remove(zone);
        }
    }

    /// <summary>Takes what is to be published; to be ended by <see cref="End"/>.</summary>
    public CatalogChange Begin()
    {
        lock (_gate)
        {
            foreach ((DomainName zone, CatalogMember? before) in _changed) _underWay[zone] = before;
            _changed.Clear();
            var deleted = new List<CatalogMember>();
            var added = new List<CatalogMember>();
            foreach ((DomainName zone, CatalogMember? before) in _underWay)
            {
                CatalogMember? now = _members.GetValueOrDefault(zone);
                if (now == before) continue;
                if (before is not null) deleted.Add(before);
                if (now is not null) added.Add(now);
            }

            return new CatalogChange([.. _members.Values], deleted, added) { IsEmpty = _underWay.Count == 0 };
        }
    }

    /// <summary>What was taken has been published, or not.</summary>
    public void End(bool isPublished)
    {
        lock (_gate)
        {
            if (!isPublished)
            {
                // How it stood before all of it counts.
                foreach ((DomainName zone, CatalogMember? before) in _underWay) _changed[zone] = before;
            }

            _underWay.Clear();
        }
    }

    private void Note(DomainName zone, CatalogMember? before) => _changed.TryAdd(zone, before);
}

/// <summary>What the next version has, and what makes it differ from the last one.</summary>
internal sealed record CatalogChange(
    IReadOnlyList<CatalogMember> Members, IReadOnlyList<CatalogMember> Deleted, IReadOnlyList<CatalogMember> Added)
{
    /// <summary>Nothing was done since the last version. Else another one is due, though it may say the same.</summary>
    public bool IsEmpty { get; init; }
}
