using System.Collections.Immutable;
using Agent.Actors.Catalogs;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>
/// What a reload makes of catalogs. Those that run go on with their new settings and masters; one that is new begins with a restart,
/// and one that is gone goes on as it was until then, with the masters that it had.
/// </summary>
internal static class CatalogReload
{
    private const string Section = "catalogs";

    /// <summary>Paths of the catalogs that run and are still configured: what is below them can be applied live.</summary>
    public static IReadOnlyList<string> LivePaths(AgentConfiguration atStart, AgentConfiguration current) =>
    [
        .. Names(atStart.Root).Concat(Names(current.Root)).Distinct()
            .Where(name => DomainName.TryParse(name, out DomainName? catalog)
                && atStart.Options.Catalogs.ContainsKey(catalog) && current.Options.Catalogs.ContainsKey(catalog))
            .Select(name => $"{KeySpelling.Root}.{Section}.{HoconPath.RenderKey(name)}"),
    ];

    /// <summary>The catalogs that run, each with the settings that it has now.</summary>
    public static ImmutableDictionary<DomainName, CatalogPolicy> Policies(AgentOptions atStart, AgentOptions current) =>
        atStart.Catalogs.ToImmutableDictionary(c => c.Key, c => current.Catalogs.GetValueOrDefault(c.Key, c.Value));

    /// <summary>The masters of zones as they are configured now; of catalogs, those of the ones that run.</summary>
    public static MasterRoster Roster(AgentOptions atStart, AgentOptions current)
    {
        bool IsGone(DomainName catalog) => atStart.Catalogs.ContainsKey(catalog) && !current.Catalogs.ContainsKey(catalog);
        bool IsNew(DomainName catalog) => current.Catalogs.ContainsKey(catalog) && !atStart.Catalogs.ContainsKey(catalog);
        if (!atStart.Catalogs.Keys.Any(IsGone) && !current.Catalogs.Keys.Any(IsNew)) return current.Roster;

        // A zone's own masters count before those that it would have as a catalog.
        var own = current.Roster.Own.ToBuilder();
        foreach (ZoneMasters masters in atStart.Roster.Own)
        {
            bool isOfGone = !masters.Pattern.IsBelow && IsGone(masters.Pattern.Name);
            if (isOfGone && own.All(o => o.Pattern.IsBelow || o.Pattern.Name != masters.Pattern.Name)) own.Add(masters);
        }

        return new MasterRoster(current.Roster.Common, own.ToImmutable()).With(
        [
            .. current.Roster.Members.Where(m => !IsNew(m.Catalog)),
            .. atStart.Roster.Members.Where(m => IsGone(m.Catalog)),
        ]);
    }

    private static IEnumerable<string> Names(HoconObject root) =>
        Inner(Inner(root, KeySpelling.Root), Section)?.Members.Select(member => member.Key) ?? [];

    private static HoconObject? Inner(HoconObject? parent, string key) =>
        parent is not null && parent.Members.TryGetValue(key, out HoconMember? member) ? member.Value as HoconObject : null;
}
