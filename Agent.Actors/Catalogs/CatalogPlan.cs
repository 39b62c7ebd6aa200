using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Catalogs;
using Agent.Dns.Wire;

namespace Agent.Actors.Catalogs;

/// <summary>What is to be done so that the zones a catalog owns are those that it names.</summary>
/// <param name="Claims">Zones to be claimed: new ones, and those whose label, group or next owner is another one.</param>
/// <param name="Added">Those of them that the catalog does not own yet.</param>
/// <param name="Removals">Zones that the catalog does not name any more.</param>
/// <param name="IsStopped">The removals wait for an operator. Everything else does not.</param>
/// <param name="Conflicts">Names that no catalog can have as members here.</param>
public sealed record CatalogPlan(
    ImmutableArray<CatalogEntry> Claims,
    ImmutableArray<DomainName> Added,
    ImmutableArray<DomainName> Removals,
    bool IsStopped,
    ImmutableArray<CatalogConflict> Conflicts)
{
    private static readonly Reason IsCatalog = new(ReasonCode.OwnedElsewhere, "the zone is a catalog of the configuration");

    /// <summary>Compares what a catalog says with what the journal has.</summary>
    /// <param name="policy">How the catalog is consumed.</param>
    /// <param name="catalog">What it says.</param>
    /// <param name="owned">The zones that it owns.</param>
    /// <param name="catalogs">All catalogs of the configuration.</param>
    /// <param name="isApproved">An operator has approved the removals that this content brings.</param>
    /// <param name="heirs">Whose zones are that the <see cref="Heirs"/> own. One that the catalog gives away by <c>coo</c>, and that has
    /// arrived there, is not claimed back (RFC 9432 section 4.3.1).</param>
    public static CatalogPlan Make(
        CatalogPolicy policy,
        Catalog catalog,
        ImmutableArray<OwnedZone> owned,
        ImmutableHashSet<DomainName> catalogs,
        bool isApproved,
        IReadOnlyDictionary<DomainName, DomainName>? heirs = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(catalog);
        ILookup<bool, CatalogEntry> wanted = catalog.Members.Select(policy.EntryOf).ToLookup(e => catalogs.Contains(e.Zone));
        IEnumerable<CatalogEntry> held =
            owned.Select(z => new CatalogEntry(z.Zone, z.Owner.Label, z.Owner.Group, z.Owner.NextOwner));
        CatalogDifference difference = CatalogDifference.Between(held, wanted[false].Where(e => !IsGivenAway(e)));
        return new CatalogPlan(
            [.. difference.Changed, .. difference.Added],
            [.. difference.Added.Select(e => e.Zone)],
            [.. difference.Removed.Select(e => e.Zone)],
            !isApproved && policy.Stops(difference.Removed.Length, owned.Length),
            [.. wanted[true].Select(e => new CatalogConflict(e.Zone, IsCatalog))]);

        bool IsGivenAway(CatalogEntry entry) =>
            heirs is not null && heirs.TryGetValue(entry.Zone, out DomainName? heir) && heir == entry.NextOwner;
    }

    /// <summary>The other catalogs to which a catalog gives members that it does not own any more, or not yet.</summary>
    public static ImmutableHashSet<DomainName> Heirs(
        Catalog catalog, ImmutableArray<OwnedZone> owned, ImmutableHashSet<DomainName> catalogs)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        CatalogMember[] given = [.. catalog.Members.Where(m => m.NextOwner is { } next && next != catalog.Name && catalogs.Contains(next))];
        if (given.Length == 0) return [];
        HashSet<DomainName> ours = [.. owned.Select(z => z.Zone)];
        return [.. given.Where(m => !ours.Contains(m.Zone)).Select(m => m.NextOwner!)];
    }
}
