using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <summary>
/// The names of a shard in canonical order, for lists that come page by page. Kept up to date from then on, because a page that had to sort
/// all names would cost as much as all pages together.
/// </summary>
internal sealed class OrderedNames
{
    private readonly List<DomainName> _names;

    public OrderedNames(IEnumerable<DomainName> names)
    {
        _names = [.. names];
        _names.Sort();
    }

    public void Add(DomainName name)
    {
        int at = _names.BinarySearch(name);
        if (at < 0) _names.Insert(~at, name);
    }

    public void Remove(DomainName name)
    {
        int at = _names.BinarySearch(name);
        if (at >= 0) _names.RemoveAt(at);
    }

    /// <summary>Those behind a name, which need not be among them; all for null. Not while names come and go.</summary>
    public IEnumerable<DomainName> Behind(DomainName? name)
    {
        int at = name is null ? 0 : _names.BinarySearch(name);
        for (at = at < 0 ? ~at : name is null ? at : at + 1; at < _names.Count; at++) yield return _names[at];
    }
}
