using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation;

/// <summary>What the zones of a modelled store come to: which belong to a catalog, which are wanted.</summary>
internal static class JournalOwners
{
    public static ImmutableArray<OwnedZone> Of(IEnumerable<ZoneRow> rows, DomainName catalog) =>
        [.. rows.Where(r => r.Wish == ZoneWish.Present && r.Owner?.Catalog == catalog && r.Name != catalog)
            .Select(r => new OwnedZone(r.Name, r.Owner!))];

    public static WantedRead Wanted(IEnumerable<ZoneRow> rows, DomainName? after, int limit) => new(
        after,
        [.. rows.Where(r => r is { Wish: ZoneWish.Present, Content: not null } && r.Owner?.Catalog != r.Name)
            .Select(r => r.Name).Order().Where(n => after is null || n.CompareTo(after) > 0).Take(limit)]);

    public static GivenUpRead GivenUp(IEnumerable<ZoneRow> rows)
    {
        ZoneRow[] wanted = [.. rows.Where(r => r.Wish == ZoneWish.Present)];
        return new GivenUpRead(wanted.Length, wanted.Count(r => r.StandingRefusal is not null));
    }
}
