using Agent.Dns.Wire;

namespace Agent.Backends.Tinydns;

/// <summary>
/// The zones of data.cdb, to find out which zone a name is of. In data.cdb all names are of one tree: what a zone says at and below
/// another one of ours, its delegation and glue, would mix with that one's own records. So of such a name only the inner zone counts.
/// </summary>
internal sealed class TinydnsApexes
{
    private readonly HashSet<ulong> _apexes;
    private readonly HashSet<ulong> _withZonesBelow = [];

    public TinydnsApexes(IReadOnlyCollection<DomainName> zones)
    {
        _apexes = [.. zones.Select(static zone => zone.StableHash)];
        foreach (DomainName zone in zones)
        {
            for (DomainName above = zone; !above.IsRoot;)
            {
                above = above.Parent;
                if (_apexes.Contains(above.StableHash))
                    _withZonesBelow.Add(above.StableHash);
            }
        }
    }

    /// <summary>There is a zone of ours below.</summary>
    public bool HasZonesBelow(DomainName zone) => _withZonesBelow.Contains(zone.StableHash);

    /// <summary>The name lies in the zone and in none of ours below it.</summary>
    public bool IsInnermost(ReadOnlySpan<byte> name, DomainName zone)
    {
        for (; name.Length > zone.Wire.Length; name = name[(name[0] + 1)..])
        {
            if (_apexes.Contains(NameBytes.StableHash(name)))
                return false;
        }

        return true;
    }
}
