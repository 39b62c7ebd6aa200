using System.Net;
using System.Text.RegularExpressions;

namespace Agent.Bench.Peers;

/// <summary>
/// PowerDNS with zones in a SQLite database of its own. It keeps no differences: whoever asks for them gets the whole zone.
/// Changes of its catalog it notices by a look at the database, each second here.
/// </summary>
public sealed partial class PowerDnsServer() : CatalogProducer("pdns")
{
    private const string Schema = "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql";

    private readonly HashSet<string> _loaded = new(StringComparer.Ordinal);

    /// <summary>A catalog whose members it serves, and who has it and them. Set before the start.</summary>
    /// <remarks>Without a key: version 4.7 gives members none, whatever the catalog has.</remarks>
    public (string Catalog, IPEndPoint Master)? Reads { get; init; }

    /// <summary>Where its own questions come from.</summary>
    public IPAddress AskingAddress { get; init; } = IPAddress.Loopback;

    private int _lockedSeen;

    private string Database => Folder.Combine("pdns.sqlite3");

    /// <summary>One command of its tool for the database.</summary>
    public Task<ToolResult> UtilAsync(params string[] command) =>
        Tool.RunAsync("pdnsutil", [$"--config-dir={Folder.FullPath}", .. command]);

    /// <summary>One command over the control socket, by its own tool.</summary>
    public Task<ToolResult> ControlAsync(params string[] command) =>
        Tool.RunAsync("pdns_control", [$"--socket-dir={Folder.FullPath}", .. command]);

    public override async Task StartAsync()
    {
        await base.StartAsync();
        await Eventually.HoldsAsync(
            async () => (await ControlAsync("rping")).ExitCode == 0, () => $"pdns_server answers on its control socket\n{Output}");
    }

    public override async Task NotifyAsync(string name) => (await ControlAsync("notify", name.TrimEnd('.'))).EnsureSuccess();

    /// <summary>
    /// Asks once more for what it failed to take because another of its threads wrote to SQLite just then ("database is locked",
    /// PowerDNS issue 14564): by itself it would try again when the zone's refresh has passed.
    /// </summary>
    public async Task RetrieveWhatWasLockedAsync()
    {
        string[] failed = [.. LockedTransfer().Matches(Output).Select(match => match.Groups["zone"].Value).Skip(_lockedSeen)];
        _lockedSeen += failed.Length;
        foreach (string zone in failed) (await ControlAsync("retrieve", zone)).EnsureSuccess();
    }

    /// <inheritdoc/>
    public override async Task AddSecondaryAsync(string name, IPEndPoint master, SecondaryWay way = SecondaryWay.Whole)
    {
        (await UtilAsync("create-secondary-zone", name, master.ToString())).EnsureSuccess();
        if (way != SecondaryWay.Whole) (await UtilAsync("set-meta", name, "IXFR", "1")).EnsureSuccess();
        if ((ZoneKeys.GetValueOrDefault(name) ?? Key) is { } key)
            (await UtilAsync("activate-tsig-key", name, key.Name, "secondary")).EnsureSuccess();
        await HandOutByKeyAsync(name);
        (await ControlAsync("retrieve", name)).EnsureSuccess();
    }

    protected override async Task<ChildProcess> LaunchAsync()
    {
        // Two transfers at once lock each other out of SQLite ("database is locked"), and what fails waits for the zone's refresh.
        Folder.Write("pdns.conf", $"""
            daemon=no
            guardian=no
            launch=gsqlite3
            gsqlite3-database={Database}
            gsqlite3-pragma-synchronous=0
            gsqlite3-dnssec={(Reads is null ? "no" : "yes")}
            socket-dir={Folder.FullPath}
            local-address=127.0.0.1, ::1
            local-port={Port}
            query-local-address={AskingAddress}, ::1
            primary=yes
            secondary=yes
            allow-unsigned-notify={(ZoneKeys.Count > 0 ? "no" : "yes")}
            allow-axfr-ips=127.0.0.0/8, ::1
            only-notify=
            also-notify={string.Join(", ", NotifyTargets)}
            cache-ttl=0
            query-cache-ttl=0
            negquery-cache-ttl=0
            zone-cache-refresh-interval=0
            receiver-threads=1
            retrieval-threads=1
            xfr-cycle-interval={(Catalog is null && Reads is null ? 60 : 1)}

            """);
        bool isFirstStart = !File.Exists(Database);
        if (isFirstStart)
        {
            (await Tool.RunAsync("sqlite3", [Database, $".read {Schema}"])).EnsureSuccess();
            if (Catalog is not null)
            {
                (await UtilAsync("create-zone", Catalog)).EnsureSuccess();
                (await UtilAsync("set-kind", Catalog, "producer")).EnsureSuccess();
            }
        }
        foreach (TransferKey key in Keys) (await UtilAsync("import-tsig-key", key.Name, key.Algorithm, key.Secret)).EnsureSuccess();
        if (isFirstStart && Reads is { } read) await FollowAsync(read.Catalog, read.Master);
        foreach ((MasterZone zone, _) in Zones) await ReloadZoneAsync(zone);
        return await ChildProcess.StartAsync("pdns_server", [$"--config-dir={Folder.FullPath}"], Folder.FullPath);
    }

    protected override async Task ReconfigureAsync()
    {
        HashSet<string> wanted = [.. Zones.Select(entry => entry.Zone.Key)];
        foreach (string gone in _loaded.Except(wanted).ToArray())
        {
            (await UtilAsync("delete-zone", gone)).EnsureSuccess();
            _loaded.Remove(gone);
        }

        foreach ((MasterZone zone, _) in Zones.Where(entry => !_loaded.Contains(entry.Zone.Key))) await ReloadZoneAsync(zone);
    }

    protected override async Task ReloadZoneAsync(MasterZone zone)
    {
        string file = Zones.Single(entry => entry.Zone.Key == zone.Key).File;
        (await UtilAsync("load-zone", zone.Key, file)).EnsureSuccess();
        (await UtilAsync("set-kind", zone.Key, "primary")).EnsureSuccess();
        await HandOutByKeyAsync(zone.Key);
        if (_loaded.Add(zone.Key) && Catalog is not null) (await UtilAsync("set-catalog", zone.Key, Catalog)).EnsureSuccess();
    }

    protected override async Task GroupChangedAsync(string key)
    {
        string options = $$$"""{"producer":{"group":["{{{Groups[key]}}}"]}}""";
        (await UtilAsync("set-options-json", key, options)).EnsureSuccess();

        // Version 4.7 looks at the names of members only.
        (await UtilAsync("increase-serial", Catalog!)).EnsureSuccess();
        await NotifyAsync(Catalog!);
    }

    [GeneratedRegex(
        @"zone: '(?<zone>[^']+)', primary: '[^']+', unable to xfr zone .*database is locked",
        RegexOptions.None,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex LockedTransfer();

    private async Task HandOutByKeyAsync(string zone)
    {
        if (ZoneKeys.TryGetValue(zone, out TransferKey? key))
            (await UtilAsync("activate-tsig-key", zone, key.Name, "primary")).EnsureSuccess();
    }

    private async Task FollowAsync(string catalog, IPEndPoint master)
    {
        (await UtilAsync("create-secondary-zone", catalog, master.ToString())).EnsureSuccess();
        (await UtilAsync("set-kind", catalog, "consumer")).EnsureSuccess();
    }
}
