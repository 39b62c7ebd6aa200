using System.Globalization;
using System.Net;
using System.Text;

namespace Agent.Bench.Peers;

/// <summary>NSD as a master, and as a target that takes zones over its control channel.</summary>
public sealed class NsdServer() : MasterServer("nsd")
{
    /// <summary>The pattern for zones that are added over the control channel: files of <see cref="ZoneFolder"/>.</summary>
    public const string TargetPattern = "target";

    /// <summary>Another one that leads to the same files.</summary>
    public const string SecondTargetPattern = "target-too";

    /// <summary>A pattern whose zones nsd looks for under other names.</summary>
    public const string OtherPattern = "elsewhere";

    /// <summary>A pattern whose zones nsd fetches from <see cref="PatternPrimary"/>.</summary>
    public const string SecondaryPattern = "secondary";

    /// <summary>Lines for the server section, each with its indentation.</summary>
    public string ExtraServerLines { get; init; } = "";

    /// <summary>The DNS name that its masters must prove to have, over TLS; empty: it asks in the clear.</summary>
    public string MasterTlsName { get; init; } = "";

    /// <summary>As a master it makes differences of what it reads from its files, and answers IXFR with them.</summary>
    public bool MakesDifferences { get; init; }

    /// <summary>The control channel is a port with TLS, with certificates made by NSD's own script, and not a unix socket.</summary>
    public bool IsControlledByTls { get; init; }

    /// <summary>Lets another nsd that shares it, too, answer at the same port: which of them a question meets the kernel decides.</summary>
    public bool SharesPort { get; init; }

    /// <summary>Where zones of <see cref="SecondaryPattern"/> come from; at first from nobody.</summary>
    public IPEndPoint PatternPrimary { get; init; } = new(IPAddress.Loopback, 1);

    /// <summary>Where the control channel is a unix socket.</summary>
    public string ControlPath => Folder.Combine("nsd.sock");

    /// <summary>Where it is a port.</summary>
    public int ControlPort { get; } = LoopbackPort.Next();

    /// <summary>Files of zones that are added over the control channel.</summary>
    public string ZoneFolder => Folder.Combine("zones");

    /// <summary>Settings of a target by which an agent drives this server over its unix socket.</summary>
    public string TargetSettings => $"""
        driver = nsd, server = "{EndPoint}", control = "unix:{ControlPath}"
        pattern = {TargetPattern}, zone-directory = "{ZoneFolder}"
        """;

    private string Configuration => Folder.Combine("nsd.conf");

    public override async Task StartAsync()
    {
        await base.StartAsync();
        await Eventually.HoldsAsync(
            async () => (await ControlAsync("status")).ExitCode == 0, () => $"nsd answers on its control socket\n{Output}");
    }

    /// <summary>One command over the control socket, by NSD's own tool.</summary>
    public Task<ToolResult> ControlAsync(params string[] command) => Tool.RunAsync("nsd-control", ["-c", Configuration, .. command]);

    /// <summary>One command that reads lines from its standard input.</summary>
    public Task<ToolResult> ControlWithInputAsync(string lines, params string[] command) =>
        Tool.RunAsync("nsd-control", ["-c", Configuration, .. command], lines);

    public override async Task NotifyAsync(string name) => (await ControlAsync("notify", name.TrimEnd('.'))).EnsureSuccess();

    /// <inheritdoc/>
    public override async Task AddSecondaryAsync(string name, IPEndPoint master, SecondaryWay way = SecondaryWay.Whole)
    {
        SecondaryZones.Add((name, master, way));
        await ReconfigureAsync();
    }

    /// <summary>A file that NSD's script for certificates makes.</summary>
    public string Certificate(string name) => Folder.Combine(name);

    protected override async Task<ChildProcess> LaunchAsync()
    {
        Directory.CreateDirectory(ZoneFolder);
        if (IsControlledByTls && !File.Exists(Certificate("nsd_server.pem")))
            (await Tool.RunAsync("nsd-control-setup", ["-d", FolderPath])).EnsureSuccess();
        WriteConfiguration();
        return await ChildProcess.StartAsync("nsd", ["-d", "-c", Configuration], Folder.FullPath);
    }

    protected override async Task ReconfigureAsync()
    {
        WriteConfiguration();
        (await ControlAsync("reconfig")).EnsureSuccess();
    }

    protected override async Task ReloadZoneAsync(MasterZone zone) => (await ControlAsync("reload", zone.Key.TrimEnd('.'))).EnsureSuccess();

    private void WriteConfiguration()
    {
        string folder = Folder.FullPath;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"""
            server:
                server-count: {(SharesPort ? "2\n    reuseport: yes" : "1")}
                ip-address: 127.0.0.1@{Port}
                ip-address: ::1@{Port}
                username: ""
                zonesdir: "{folder}"
                database: ""
                zonelistfile: "{folder}/zone.list"
                xfrdfile: "{folder}/xfrd.state"
                xfrdir: "{folder}"
                pidfile: "{folder}/nsd.pid"
                rrl-ratelimit: 0
                rrl-whitelist-ratelimit: 0
                xfrd-reload-timeout: 0
                verbosity: 1
            {ExtraServerLines}
            remote-control:
                control-enable: yes

            """);
        AppendControl(text);
        foreach (TransferKey key in Keys)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"key:\n    name: \"{key.Name}\"\n    algorithm: {key.Algorithm}\n    secret: \"{key.Secret}\"\n");
        }

        foreach ((MasterZone zone, string file) in Zones)
        {
            string key = ZoneKeys.GetValueOrDefault(zone.Key)?.Name ?? "NOKEY";
            text.Append(CultureInfo.InvariantCulture, $"zone:\n    name: \"{zone.Key.TrimEnd('.')}\"\n    zonefile: \"{file}\"\n");
            text.Append(CultureInfo.InvariantCulture, $"    provide-xfr: 127.0.0.0/8 {key}\n    provide-xfr: ::1 {key}\n");
            text.Append(MakesDifferences ? "    store-ixfr: yes\n    create-ixfr: yes\n" : "");
            foreach (IPEndPoint target in NotifyTargets)
            {
                text.Append(CultureInfo.InvariantCulture, $"    notify: {target.Address}@{target.Port} {key}\n");
            }
        }

        if (MasterTlsName.Length > 0) text.Append("tls-auth:\n    name: xot\n    auth-domain-name: ").Append(MasterTlsName).Append('\n');
        foreach ((string name, IPEndPoint master, SecondaryWay way) in SecondaryZones)
        {
            TransferKey? own = ZoneKeys.GetValueOrDefault(name);
            string key = (own ?? Key)?.Name ?? "NOKEY";
            text.Append(CultureInfo.InvariantCulture, $"zone:\n    name: \"{name.TrimEnd('.')}\"\n    zonefile: \"{name}zone\"\n");
            string how = way switch { SecondaryWay.Whole => "AXFR ", SecondaryWay.DifferencesByUdp => "UDP ", _ => "" };
            string tls = MasterTlsName.Length > 0 ? " xot" : "";
            text.Append(CultureInfo.InvariantCulture, $"    request-xfr: {how}{master.Address}@{master.Port} {key}{tls}\n");
            text.Append(CultureInfo.InvariantCulture, $"    allow-notify: {master.Address} {key}\n");
            text.Append(CultureInfo.InvariantCulture, $"    provide-xfr: 127.0.0.0/8 {own?.Name ?? "NOKEY"}\n");
        }

        File.WriteAllText(Configuration, text.ToString());
    }

    /// <summary>The rest of the section for the control channel, and the patterns for zones that come over it.</summary>
    private void AppendControl(StringBuilder text)
    {
        if (IsControlledByTls)
        {
            text.Append(CultureInfo.InvariantCulture, $"    control-interface: 127.0.0.1\n    control-port: {ControlPort}\n");
            foreach (string side in (string[])["server", "control"])
            {
                text.Append(CultureInfo.InvariantCulture, $"    {side}-key-file: \"{Certificate($"nsd_{side}.key")}\"\n");
                text.Append(CultureInfo.InvariantCulture, $"    {side}-cert-file: \"{Certificate($"nsd_{side}.pem")}\"\n");
            }
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"    control-interface: \"{ControlPath}\"\n");
        }

        (string, string)[] patterns = [(TargetPattern, "%s.zone"), (SecondTargetPattern, "%s.zone"), (OtherPattern, "%s.other")];
        foreach ((string pattern, string file) in patterns)
        {
            text.Append(CultureInfo.InvariantCulture, $"pattern:\n    name: \"{pattern}\"\n    zonefile: \"{ZoneFolder}/{file}\"\n");
            text.Append("    provide-xfr: 127.0.0.0/8 NOKEY\n    provide-xfr: ::1 NOKEY\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"pattern:\n    name: \"{SecondaryPattern}\"\n    zonefile: \"{ZoneFolder}/%s.zone\"\n");
        string signed = Key?.Name ?? "NOKEY";
        text.Append(CultureInfo.InvariantCulture, $"    request-xfr: {PatternPrimary.Address}@{PatternPrimary.Port} {signed}\n");
        text.Append("    allow-notify: 127.0.0.1 NOKEY\n    provide-xfr: 127.0.0.0/8 NOKEY\n");
    }
}
