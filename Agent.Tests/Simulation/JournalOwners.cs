using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation;

/// <summary>Which of a modelled store's zones belong to a catalog.</summary>
internal static class JournalOwners
{
    public static ImmutableArray<OwnedZone> Of(IEnumerable<ZoneRow> rows, DomainName catalog) =>
        [.. rows.Where(r => r.Wish == ZoneWish.Present && r.Owner?.Catalog == catalog && r.Name != catalog)
            .Select(r => new OwnedZone(r.Name, r.Owner!))];
}
