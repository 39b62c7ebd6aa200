namespace Agent.Backends.Knot;

/// <summary>
/// The settings that this driver gives to a zone in knotd's configuration. Whatever else a template or an operator adds (access lists,
/// who is notified) stays, as long as the zone has its content from where the driver says.
/// </summary>
internal sealed class KnotZoneSettings
{
    /// <summary>By this comment a zone of the agent is known among others.</summary>
    public const string Comment = "kept by the agent";

    private const string Section = "zone";

    private const string Master = "master";

    // With one of these the zone would get its content from somewhere else.
    private static readonly string[] OtherSources = ["catalog-role", "ddns-master", "reverse-generate"];

    private readonly (string Item, string Data)[] _items;
    private readonly IReadOnlyList<string> _masters;

    /// <param name="file">The zone's file, a full path.</param>
    /// <param name="template">Null leaves the zone the template that it has, at first the default one.</param>
    /// <param name="masters">Names of the remotes that knotd transfers the zone from; none where it has the zone from its file.</param>
    public KnotZoneSettings(string file, string? template, IReadOnlyList<string>? masters = null)
    {
        _masters = masters ?? [];
        (string, string)[] always =
        [
            ("comment", Comment),
            // In a file's name % begins a formatter.
            ("file", file.Replace("%", "%%", StringComparison.Ordinal)),
            // A primary's file is ours alone, and all of it counts: a difference would be refused where the serial went back or stayed.
            // That of a secondary knotd writes as soon as it has transferred something, or it would have nothing after a restart.
            ("zonefile-sync", _masters.Count == 0 ? "-1" : "0"),
            ("zonefile-load", "whole"),
        ];
        _items = template is null ? always : [("template", template), .. always];
    }

    /// <summary>What is to be set for a zone that is not there.</summary>
    public IReadOnlyList<KnotUnit> Creation(string zone) =>
        [Of(zone, item: null, data: null), .. _items.Select(item => Of(zone, item)), .. _masters.Select(one => Of(zone, Master, one))];

    /// <summary>The file that the agent has given to a zone that is there; null of one that is not the agent's.</summary>
    public static string? FileGiven(KnotReply found) =>
        found.Units.Any(unit => unit[KnotItem.Item] == "comment" && unit[KnotItem.Data] == Comment)
            ? found.Units.FirstOrDefault(unit => unit[KnotItem.Item] == "file")?[KnotItem.Data]
                ?.Replace("%%", "%", StringComparison.Ordinal)
            : null;

    /// <summary>
    /// Whether the zone must be made anew, because its content comes from where no setting of ours reaches. A primary's masters can be
    /// taken away where the agent has set them.
    /// </summary>
    public bool IsForeign(KnotReply found) =>
        found.Units.Any(unit => OtherSources.Contains(unit[KnotItem.Item]))
        || (_masters.Count == 0 && MastersOf(found).Count > 0 && !found.Units.Any(unit => unit[KnotItem.Data] == Comment));

    /// <summary>Whether the zone is there with masters that are not these, which are to be taken away first.</summary>
    public bool HasOtherMasters(KnotReply found) => MastersOf(found) is { Count: > 0 } masters && !masters.SequenceEqual(_masters);

    /// <summary>
    /// What is to be set for a zone that is there with these settings, when masters that are not ours have been taken away; nothing when
    /// all are ours.
    /// </summary>
    public IReadOnlyList<KnotUnit> Change(string zone, KnotReply found)
    {
        IEnumerable<string> mastersAdded = MastersOf(found).SequenceEqual(_masters) ? [] : _masters;
        return
        [
            .. _items.Where(item => !found.Units.Any(unit => unit[KnotItem.Item] == item.Item && unit[KnotItem.Data] == item.Data))
                .Select(item => Of(zone, item)),
            .. mastersAdded.Select(one => Of(zone, Master, one)),
        ];
    }

    /// <summary>What a zone that is there has otherwise, as a sentence; null when all settings are ours.</summary>
    public string? Difference(KnotReply found)
    {
        IReadOnlyList<string> masters = MastersOf(found);
        bool hasMasters = _masters.Count == 0 && masters.Count > 0;
        string[] foreign =
        [
            .. found.Units.Select(unit => unit[KnotItem.Item] ?? "")
                .Where(item => OtherSources.Contains(item) || (hasMasters && item == Master)).Distinct(),
        ];
        if (foreign.Length > 0)
            return $"has its content from elsewhere ({string.Join(", ", foreign)})";
        bool isFromOurs = masters.SequenceEqual(_masters);
        string[] others =
        [
            .. _items.Where(item => !found.Units.Any(unit => unit[KnotItem.Item] == item.Item && unit[KnotItem.Data] == item.Data))
                .Select(item => $"{item.Item} {Has(found, item.Item)} instead of {item.Data}"),
            .. isFromOurs ? Array.Empty<string>()
                : [$"{Master} {(masters.Count == 0 ? "(none)" : string.Join(' ', masters))} instead of {string.Join(' ', _masters)}"],
        ];
        return others.Length > 0 ? $"has {string.Join(", ", others)}" : null;
    }

    private static string Has(KnotReply found, string item) =>
        found.Units.FirstOrDefault(unit => unit[KnotItem.Item] == item)?[KnotItem.Data] ?? "(none)";

    /// <summary>One zone of the configuration with all its items, or that zone itself.</summary>
    public static KnotUnit Of(string zone) => Of(zone, item: null, data: null);

    /// <summary>All masters of a zone.</summary>
    public static KnotUnit Masters(string zone) => Of(zone, Master, data: null);

    /// <summary>The names of all zones.</summary>
    public static KnotUnit AllNames() => new() { [KnotItem.Section] = Section, [KnotItem.Item] = "domain" };

    /// <summary>The masters that a zone is there with: the first value tells which item it is, further ones follow.</summary>
    public static IReadOnlyList<string> MastersOf(KnotReply found)
    {
        List<string> masters = [];
        bool isMaster = false;
        foreach (KnotUnit unit in found.Units)
        {
            isMaster = unit.Type == KnotUnitType.Extra ? isMaster : unit[KnotItem.Item] == Master;
            if (isMaster && unit[KnotItem.Data] is { } name)
                masters.Add(name);
        }

        return masters;
    }

    /// <summary>Whether a difference of an open transaction is all about what is the agent's; an empty one is nobody's.</summary>
    public static bool IsOfAgent(KnotReply difference)
    {
        HashSet<string?> marked =
        [
            .. difference.Units.Where(unit => unit[KnotItem.Data] == Comment || KnotRemotes.IsOurs(unit[KnotItem.Data]))
                .Select(unit => unit[KnotItem.Id]),
        ];
        return difference.Units.All(unit => unit.Type == KnotUnitType.Extra || KnotRemotes.IsOurs(unit)
            || (unit[KnotItem.Section] == Section && marked.Contains(unit[KnotItem.Id] ?? unit[KnotItem.Data])));
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
