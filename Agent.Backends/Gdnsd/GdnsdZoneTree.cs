using Agent.Dns.Wire;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// The zones that gdnsd has files of, to find out whether a further one fits in: gdnsd serves no zone that lies below or above another one,
/// and none twice. It would take no file at all then.
/// </summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class GdnsdZoneTree
{
    private readonly Dictionary<DomainName, string> _files = [];

    // For each name how many zones lie below it.
    private readonly Dictionary<DomainName, int> _zonesBelow = [];

    /// <summary>Why a file of the zone would have no place; null when it has.</summary>
    public string? Objection(DomainName zone, string fileName)
    {
        if (_files.TryGetValue(zone, out string? file))
            return file == fileName ? null : $"the folder has a file of {zone} already that is not the agent's: {file}";
        if (_zonesBelow.ContainsKey(zone))
            return $"gdnsd serves no zone above another one: {_files.Keys.First(other => other.IsSameOrBelow(zone))} lies below {zone}";
        for (DomainName above = zone; !above.IsRoot;)
        {
            above = above.Parent;
            if (_files.ContainsKey(above))
                return $"gdnsd serves no zone below another one: {zone} lies below {above}";
        }

        return null;
    }

    /// <summary>Notes that the zone has a file.</summary>
    public void Add(DomainName zone, string fileName)
    {
        if (_files.TryAdd(zone, fileName))
            Count(zone, 1);
    }

    /// <summary>Notes that it has none.</summary>
    public void Remove(DomainName zone)
    {
        if (_files.Remove(zone))
            Count(zone, -1);
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _files.Clear();
        _zonesBelow.Clear();
    }

    private void Count(DomainName zone, int change)
    {
        for (DomainName above = zone; !above.IsRoot;)
        {
            above = above.Parent;
            int count = _zonesBelow.GetValueOrDefault(above) + change;
            if (count == 0)
                _zonesBelow.Remove(above);
            else
                _zonesBelow[above] = count;
        }
    }
}
