using System.Collections.Immutable;
using Agent.Dns.Wire;

namespace Agent.Dns.Catalogs;

/// <summary>A member zone as a consumer holds it.</summary>
/// <param name="Zone">The member zone.</param>
/// <param name="Label">The label that stands for it.</param>
/// <param name="Group">The one group that counts; empty for none.</param>
/// <param name="NextOwner">The catalog that may take it over; null when none may.</param>
public sealed record CatalogEntry(DomainName Zone, string Label, string Group, DomainName? NextOwner);

/// <summary>What leads from the members that there are to those that are wanted. Each part is in canonical order of the zones.</summary>
/// <param name="Added">Zones that are not there yet.</param>
/// <param name="Changed">Zones that are there with another label, group or next owner, as they are wanted.</param>
/// <param name="Removed">Zones that are there and not wanted any more.</param>
public sealed record CatalogDifference(
    ImmutableArray<CatalogEntry> Added, ImmutableArray<CatalogEntry> Changed, ImmutableArray<CatalogEntry> Removed)
{
    /// <summary>Nothing is to be done.</summary>
    public bool IsEmpty => Added.IsEmpty && Changed.IsEmpty && Removed.IsEmpty;

    /// <summary>Compares; neither side has a zone twice.</summary>
    public static CatalogDifference Between(IEnumerable<CatalogEntry> held, IEnumerable<CatalogEntry> wanted)
    {
        ArgumentNullException.ThrowIfNull(held);
        ArgumentNullException.ThrowIfNull(wanted);
        Dictionary<DomainName, CatalogEntry> left = held.ToDictionary(e => e.Zone);
        var added = new List<CatalogEntry>();
        var changed = new List<CatalogEntry>();
        foreach (CatalogEntry entry in wanted)
        {
            if (!left.Remove(entry.Zone, out CatalogEntry? before)) added.Add(entry);
            else if (before != entry) changed.Add(entry);
        }

        return new CatalogDifference(InOrder(added), InOrder(changed), InOrder(left.Values));
    }

    private static ImmutableArray<CatalogEntry> InOrder(IEnumerable<CatalogEntry> entries) => [.. entries.OrderBy(e => e.Zone)];
}
