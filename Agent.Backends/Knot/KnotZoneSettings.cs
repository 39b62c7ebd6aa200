namespace Agent.Backends.Knot;

/// <summary>
/// The settings that this driver gives to a zone in knotd's configuration. Whatever else a template or an operator adds (access lists,
/// who is notified) stays, as long as the zone stays a primary.
/// </summary>
internal sealed class KnotZoneSettings
{
    /// <summary>By this comment a zone of the agent is known among others.</summary>
    public const string Comment = "kept by the agent";

    private const string Section = "zone";

    // With one of these the zone would get its content from somewhere else.
    private static readonly string[] OtherSources = ["master", "catalog-role", "ddns-master", "reverse-generate"];

    private readonly (string Item, string Data)[] _items;

    /// <param name="file">The zone's file, a full path.</param>
    /// <param name="template">Null leaves the zone the template that it has, at first the default one.</param>
    public KnotZoneSettings(string file, string? template)
    {
        (string, string)[] always =
        [
            ("comment", Comment),
            // In a file's name % begins a formatter.
            ("file", file.Replace("%", "%%", StringComparison.Ordinal)),
            // The file is ours alone, and all of it counts: a difference would be refused where the serial went back or stayed.
            ("zonefile-sync", "-1"),
            ("zonefile-load", "whole"),
        ];
        _items = template is null ? always : [("template", template), .. always];
    }

    /// <summary>What is to be set for a zone that is not there.</summary>
    public IReadOnlyList<KnotUnit> Creation(string zone) => [Of(zone, item: null, data: null), .. _items.Select(item => Of(zone, item))];

    /// <summary>What is to be set for a zone that is there with these settings; nothing when all are ours. Null when it must be made
    /// anew, because its content comes from elsewhere.</summary>
    public IReadOnlyList<KnotUnit>? Change(string zone, KnotReply found)
    {
        if (found.Units.Any(unit => OtherSources.Contains(unit[KnotItem.Item])))
            return null;
        return
        [
            .. _items.Where(item => !found.Units.Any(unit => unit[KnotItem.Item] == item.Item && unit[KnotItem.Data] == item.Data))
                .Select(item => Of(zone, item)),
        ];
    }

    /// <summary>What a zone that is there has otherwise, as a sentence; null when all settings are ours.</summary>
    public string? Difference(KnotReply found)
    {
        string[] foreign = [.. found.Units.Select(unit => unit[KnotItem.Item] ?? "").Where(item => OtherSources.Contains(item)).Distinct()];
        if (foreign.Length > 0)
            return $"has its content from elsewhere ({string.Join(", ", foreign)})";
        string[] others =
        [
            .. _items.Where(item => !found.Units.Any(unit => unit[KnotItem.Item] == item.Item && unit[KnotItem.Data] == item.Data))
                .Select(item => $"{item.Item} {Has(found, item.Item)} instead of {item.Data}"),
        ];
        return others.Length > 0 ? $"has {string.Join(", ", others)}" : null;
    }

    private static string Has(KnotReply found, string item) =>
        found.Units.FirstOrDefault(unit => unit[KnotItem.Item] == item)?[KnotItem.Data] ?? "(none)";

    /// <summary>One zone of the configuration with all its items, or that zone itself.</summary>
    public static KnotUnit Of(string zone) => Of(zone, item: null, data: null);

    /// <summary>The names of all zones.</summary>
    public static KnotUnit AllNames() => new() { [KnotItem.Section] = Section, [KnotItem.Item] = "domain" };

    /// <summary>Whether a difference of an open transaction is about zones of the agent alone; an empty one is nobody's.</summary>
    public static bool IsOfAgent(KnotReply difference)
    {
        HashSet<string?> marked = [.. difference.Units.Where(unit => unit[KnotItem.Data] == Comment).Select(unit => unit[KnotItem.Id])];
        return difference.Units.All(unit =>
            unit[KnotItem.Section] == Section && marked.Contains(unit[KnotItem.Id] ?? unit[KnotItem.Data]));
    }

    private static KnotUnit Of(string zone, (string Item, string Data) setting) => Of(zone, setting.Item, setting.Data);

    private static KnotUnit Of(string zone, string? item, string? data) => new()
    {
        [KnotItem.Section] = Section,
        [KnotItem.Id] = zone,
        [KnotItem.Item] = item,
        [KnotItem.Data] = data,
    };
}
