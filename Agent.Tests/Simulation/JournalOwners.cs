using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Simulation;

/// <summary>What the zones of a modelled store come to: who owns them, which are wanted, what is kept of deleted ones.</summary>
internal static class JournalOwners
{
    public static ImmutableArray<OwnedZone> Of(IEnumerable<ZoneRow> rows, DomainName catalog) =>
        [.. rows.Where(r => r.Wish == ZoneWish.Present && r.Owner?.Catalog == catalog && r.Name != catalog)
            .Select(r => new OwnedZone(r.Name, r.Owner!))];

    public static WantedRead Wanted(IEnumerable<ZoneRow> rows, DomainName? after, int limit) => new(
        after,
        [.. rows.Where(r => r is { Wish: ZoneWish.Present, Content: not null } && r.Owner?.Catalog != r.Name)
            .Select(r => r.Name).Order().Where(n => after is null || n.CompareTo(after) > 0).Take(limit)]);

    /// <summary>A zone is forgotten; what it had is kept for as long as the model lives.</summary>
    public static void Keep(Dictionary<DomainName, ZoneContent> kept, ZoneRow? forgotten)
    {
        if (forgotten?.Content is { } content) kept[forgotten.Name] = content;
    }

    public static KeptListed Kept(
        IReadOnlyDictionary<DomainName, ZoneContent> kept, IReadOnlyDictionary<DomainName, ZoneRow> rows, DomainName? after, int limit) =>
        new([.. kept.Where(k => !rows.ContainsKey(k.Key) && (after is null || k.Key.CompareTo(after) > 0)).OrderBy(k => k.Key)
            .Take(limit).Select(k => new KeptZone(k.Key, k.Value.Serial, k.Value.RecordCount, DateTimeOffset.MaxValue))]);

    public static GivenUpRead GivenUp(IEnumerable<ZoneRow> rows)
    {
        ZoneRow[] wanted = [.. rows.Where(r => r.Wish == ZoneWish.Present)];
        return new GivenUpRead(wanted.Length, wanted.Count(r => r.StandingRefusal is not null));
    }
}
