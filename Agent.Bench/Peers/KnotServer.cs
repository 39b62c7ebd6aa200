using System.Globalization;
using System.Net;
using System.Text;

namespace Agent.Bench.Peers;

/// <summary>
/// Knot DNS as a master, or as a target whose zones come over its control socket. It keeps the differences between file versions, so it
/// also answers IXFR.
/// </summary>
public sealed class KnotServer() : CatalogProducer("knot")
{
    /// <summary>What the journal keeps: changes, or all versions (journal-content).</summary>
    public string JournalContent { get; init; } = "changes";

    /// <summary>It runs from a database of configuration, which control changes for good, and not from a text file.</summary>
    public bool HasDatabase { get; init; }

    /// <summary>How many zones it works on at once, transfers among them. One keeps tests light.</summary>
    public int BackgroundWorkers { get; init; } = 1;

    /// <summary>Templates beside the default one, as knot.conf has them.</summary>
    public string ExtraTemplates { get; init; } = "";

    /// <summary>A catalog whose members it serves, and who has it and them. Set before the start.</summary>
    public (string Catalog, IPEndPoint Master)? Reads { get; init; }

    /// <summary>Lines of the section for the server, each with its indentation.</summary>
    public string ExtraServerLines { get; init; } = "";

    /// <summary>Where zones that come by control keep their files.</summary>
    public string ZoneFolder => Directory.CreateDirectory(Folder.Combine("zones")).FullName;

    /// <summary>Settings of a target by which an agent drives this server, which must have a database for that.</summary>
    public string TargetSettings =>
        $"driver = knot, server = \"{EndPoint}\", control = \"{Control}\", zone-directory = \"{ZoneFolder}\"";

    /// <summary>What knotd says about its control socket, all of it.</summary>
    public string ControlLog => Folder.Combine("control.log");

    private string Database => Folder.Combine("confdb");

    private string Configuration => Folder.Combine("knot.conf");

    public string Control => Folder.Combine("knot.sock");

    public override async Task StartAsync()
    {
        await StartAnsweringAsync();
        foreach ((MasterZone zone, _) in Zones)
        {
            await WorkerClient.ServedAsync(EndPoint, zone.Key, zone.Serial, () => Output);
        }
    }

    /// <summary>Starts it without waiting for its zones, which may change meanwhile.</summary>
    public async Task StartAnsweringAsync()
    {
        await base.StartAsync();
        await Eventually.HoldsAsync(
            async () => (await KnotcAsync("status")).ExitCode == 0, () => $"knotd answers on its control socket\n{Output}");
    }

    /// <summary>One command over the control socket, by Knot's own tool.</summary>
    public Task<ToolResult> KnotcAsync(params string[] command) => Tool.RunAsync("knotc", ["-s", Control, "-b", .. command]);

    /// <summary>Many commands by one process of Knot's own tool, a line each.</summary>
    /// <exception cref="InvalidOperationException">One of them failed; the tool ends well all the same.</exception>
    public async Task KnotcAsync(IEnumerable<string> commands, TimeSpan patience)
    {
        string seconds = ((int)patience.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        // It keeps a history of what is typed in the home folder.
        string[] arguments = [$"HOME={FolderPath}", Tool.Find("knotc"), "-s", Control, "-b", "-t", seconds];
        ToolResult result = await Tool.RunAsync("env", arguments, string.Join('\n', commands.Append("exit\n")), patience);
        if (result.EnsureSuccess().Error.Contains("error", StringComparison.Ordinal)) throw new InvalidOperationException(result.Error);
    }

    // Not blocking (-b), which would wait for the answer to the NOTIFY.
    public override async Task NotifyAsync(string name) =>
        (await Tool.RunAsync("knotc", ["-s", Control, "zone-notify", name])).EnsureSuccess();

    /// <summary>Writes the file with the zone's next serial, and asks the server to take it, which may stand still or be dead.</summary>
    public Task<bool> TryBumpAsync(string name, TimeSpan patience)
    {
        WriteZone(Zone(name).Bump());
        return TryReloadAsync(name, patience);
    }

    /// <summary>Asks the server to read the zone's file; false when it does not say in time that it did.</summary>
    public async Task<bool> TryReloadAsync(string name, TimeSpan patience)
    {
        string seconds = ((int)patience.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        ToolResult answer = await Tool.RunAsync("knotc", ["-s", Control, "-t", seconds, "-b", "zone-reload", name]);
        return answer.ExitCode == 0;
    }

    /// <inheritdoc/>
    public override async Task AddSecondaryAsync(string name, IPEndPoint master, SecondaryWay way = SecondaryWay.Whole)
    {
        SecondaryZones.Add((name, master, way));
        await ReconfigureAsync();
    }

    protected override async Task<ChildProcess> LaunchAsync()
    {
        WriteConfiguration();
        if (!HasDatabase) return await Place.StartAsync("knotd", ["-c", Configuration], Folder.FullPath);
        if (!Directory.Exists(Database)) (await Tool.RunAsync("knotc", ["-C", Database, "conf-import", Configuration])).EnsureSuccess();
        return await Place.StartAsync("knotd", ["-C", Database], Folder.FullPath);
    }

    protected override async Task ReconfigureAsync()
    {
        WriteConfiguration();
        (await KnotcAsync("reload")).EnsureSuccess();
    }

    protected override Task GroupChangedAsync(string key) => ReconfigureAsync();

    protected override async Task ReloadZoneAsync(MasterZone zone) => (await KnotcAsync("zone-reload", zone.Key)).EnsureSuccess();

    private void WriteConfiguration()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"""
            server:
                rundir: "{Folder.FullPath}"
                listen: [ {Place.Address}@{Port}, ::1@{Port} ]
                udp-workers: 1
                tcp-workers: 1
                background-workers: {BackgroundWorkers}
            {ExtraServerLines}
            log:
              - target: stderr
                any: info
              - target: "{ControlLog}"
                control: info
            control:
                listen: "{Control}"
            database:
                storage: "{Folder.FullPath}"
                journal-db-mode: asynchronous
                journal-db-max-size: 64M
            {(Keys.Count > 0 ? "key:" : "")}
            {string.Concat(Keys.Select(key => $"  - id: {key.Name}\n    algorithm: {key.Algorithm}\n    secret: {key.Secret}\n"))}
            acl:
            {string.Concat(Keys.Select(key => $"  - id: with-{key.Name}\n    action: [ transfer, notify ]\n    key: {key.Name}\n"))}
              - id: everybody
                action: transfer
              - id: news
                address: [ 127.0.0.0/8, ::1 ]
                action: notify
                {(Key is { } signing ? $"key: {signing.Name}" : "")}

            """);
        if (TakesUpdates && Key is { } updating)
            text.Append(CultureInfo.InvariantCulture, $"  - id: updates\n    key: {updating.Name}\n    action: [ update, transfer ]\n");
        List<(IPEndPoint Master, TransferKey? Key)> masters = [.. SecondaryZones.Select(MasterOf).Distinct()];
        string[] remotes =
        [
            .. ZoneKeys.Values.Distinct().Prepend(null).SelectMany(
                key => NotifyTargets.Select((target, index) => Remote(TargetName(index, key), target, key))),
            .. masters.Select((master, index) => Remote($"master{index}", master.Master, master.Key)),
        ];
        if (Reads is { } read) remotes = [.. remotes, Remote("producer", read.Master, Key)];
        text.Append(remotes.Length > 0 ? "remote:\n" : "").AppendJoin("", remotes);

        text.Append("template:\n  - id: default\n    zonefile-sync: -1\n");
        // What came by updates stands in the journal alone.
        text.Append(TakesUpdates
            ? "    acl: [ everybody, news, updates ]\n    zonefile-load: whole\n"
            : "    acl: [ everybody, news ]\n    zonefile-load: difference\n");
        text.Append(CultureInfo.InvariantCulture, $"    journal-content: {JournalContent}\n");
        if (Reads is not null)
            text.Append("  - id: members\n    master: producer\n    acl: [ everybody, news ]\n    zonefile-sync: -1\n");
        text.Append(ExtraTemplates);
        string[] zones =
        [
            .. Catalog is null ? Array.Empty<string>() : [$"  - domain: \"{Catalog}\"\n    catalog-role: generate\n{NotifyLine(Catalog)}"],
            .. Zones.Select(entry =>
                $"  - domain: \"{entry.Zone.Key}\"\n    file: \"{entry.File}\"\n"
                + NotifyLine(entry.Zone.Key) + AccessLine(entry.Zone.Key) + Membership(entry.Zone.Key)),
            .. SecondaryZones.Select(
                zone => $"  - domain: \"{zone.Zone}\"\n    master: master{masters.IndexOf(MasterOf(zone))}\n{AccessLine(zone.Zone)}"),
            .. Reads is { } followed ? (string[])[MembersOf(followed.Catalog)] : [],
        ];
        text.Append(zones.Length > 0 ? "zone:\n" : "").AppendJoin("", zones);

        File.WriteAllText(Configuration, text.ToString());
    }

    private (IPEndPoint Master, TransferKey? Key) MasterOf((string Zone, IPEndPoint Master, SecondaryWay Way) zone) =>
        (zone.Master, ZoneKeys.GetValueOrDefault(zone.Zone) ?? Key);

    private static string MembersOf(string catalog) =>
        $"  - domain: \"{catalog}\"\n    master: producer\n    catalog-role: interpret\n    catalog-template: members\n";

    private static string TargetName(int index, TransferKey? key) => key is null ? $"target{index}" : $"target{index}-{key.Name}";

    private static string Remote(string name, IPEndPoint address, TransferKey? key) =>
        $"  - id: {name}\n    address: {address.Address}@{address.Port}\n" + (key is null ? "" : $"    key: {key.Name}\n");

    private string NotifyLine(string zone)
    {
        IEnumerable<string> names = NotifyTargets.Select((_, index) => TargetName(index, ZoneKeys.GetValueOrDefault(zone)));
        return NotifyTargets.Count == 0 ? "" : $"    notify: [ {string.Join(", ", names)} ]\n";
    }

    private string AccessLine(string zone) => ZoneKeys.TryGetValue(zone, out TransferKey? key) ? $"    acl: with-{key.Name}\n" : "";

    private string Membership(string zone)
    {
        if (Catalog is null) return "";
        string group = Groups.TryGetValue(zone, out string? name) ? $"    catalog-group: {name}\n" : "";
        return $"    catalog-role: member\n    catalog-zone: \"{Catalog}\"\n{group}";
    }
}
