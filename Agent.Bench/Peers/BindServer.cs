using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Agent.Bench.Peers;

/// <summary>
/// BIND's named, as a master with zones from files or as a target whose zones come over its control channel (rndc). With views, the first
/// one is what clients of 127.0.0.1 see and the second what clients of ::1 see.
/// </summary>
public sealed class BindServer : MasterServer
{
    private readonly byte[] _controlSecret = RandomNumberGenerator.GetBytes(32);

    public BindServer()
        : base("bind")
    {
        ControlPort = LoopbackPort.Next();
    }

    public string ControlAlgorithm { get; init; } = "hmac-sha256";

    public string ControlKeyName { get; init; } = "rndc-key";

    public int ControlPort { get; }

    public IPEndPoint ControlEndPoint => new(Place.Address, ControlPort);

    public string ControlSecret => Convert.ToBase64String(_controlSecret);

    /// <summary>The key in the form of rndc.key.</summary>
    public string ControlKeyFile => Folder.Combine("rndc.key");

    /// <summary>Where zones that come over the control channel keep their files; named writes only below its own folder.</summary>
    public string ZoneFolder => Folder.FullPath;

    /// <summary>Two names at most; empty for a server without views.</summary>
    public IReadOnlyList<string> Views { get; init; } = [];

    /// <summary>One keeps tests light; a measurement gives it what the machine has.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>A catalog whose members it serves, and who has it and them, under <see cref="MasterServer.Key"/> if there is one.</summary>
    public (string Catalog, IPEndPoint Master)? Reads { get; init; }

    /// <summary>Lines for the options block, where a test needs other values.</summary>
    public string ExtraOptions { get; init; } = "";

    /// <summary>Statements at the top level, keys for example.</summary>
    public string ExtraStatements { get; init; } = "";

    /// <summary>Settings of a target by which an agent drives this server.</summary>
    public string TargetSettings => string.Create(CultureInfo.InvariantCulture, $$"""
        driver = bind9, server = "{{EndPoint}}", host = "{{Place.Address}}", port = {{ControlPort}}
        key-file = "{{ControlKeyFile}}", zone-directory = "{{ZoneFolder}}"
        """);

    /// <summary>The tls statement under which it asks its masters; empty: in the clear.</summary>
    public string MasterTls { get; init; } = "";

    /// <summary>One command over the control channel, by BIND's own tool.</summary>
    public Task<ToolResult> RndcAsync(params string[] command)
    {
        string port = ControlPort.ToString(CultureInfo.InvariantCulture);
        return Tool.RunAsync("rndc", ["-s", Place.Address.ToString(), "-p", port, "-k", ControlKeyFile, "-y", ControlKeyName, .. command]);
    }

    public override async Task StartAsync()
    {
        await base.StartAsync();
        await Eventually.HoldsAsync(
            async () => (await RndcAsync("status")).ExitCode == 0, () => $"named answers on its control channel\n{Output}");
    }

    public override async Task NotifyAsync(string name) => (await RndcAsync("notify", name.TrimEnd('.'))).EnsureSuccess();

    /// <inheritdoc/>
    public override async Task AddSecondaryAsync(string name, IPEndPoint master, SecondaryWay way = SecondaryWay.Whole)
    {
        (await RndcAsync("addzone", name.TrimEnd('.'), SecondaryStanza(name, master, way))).EnsureSuccess();
    }

    protected override async Task<ChildProcess> LaunchAsync()
    {
        Folder.Write("rndc.key", $"key \"{ControlKeyName}\" {{\n\talgorithm {ControlAlgorithm};\n\tsecret \"{ControlSecret}\";\n}};\n");
        string configuration = Folder.Write("named.conf", ConfigurationText());
        string threads = Threads.ToString(CultureInfo.InvariantCulture);
        return await Place.StartAsync("named", ["-f", "-g", "-n", threads, "-c", configuration], Folder.FullPath);
    }

    protected override async Task ReconfigureAsync()
    {
        Folder.Write("named.conf", ConfigurationText());
        (await RndcAsync("reconfig")).EnsureSuccess();
    }

    protected override async Task ReloadZoneAsync(MasterZone zone) => (await RndcAsync("reload", zone.Key.TrimEnd('.'))).EnsureSuccess();

    private string SecondaryStanza(string name, IPEndPoint master, SecondaryWay way)
    {
        string port = master.Port.ToString(CultureInfo.InvariantCulture);
        string key = (ZoneKeys.GetValueOrDefault(name) ?? Key) is { } known ? $" key \"{known.Name}\"" : "";
        string tls = MasterTls.Length > 0 ? $" tls \"{MasterTls}\"" : "";
        string masters = $"masters {{ {master.Address} port {port}{key}{tls}; }};";
        string differences = $"request-ixfr {(way == SecondaryWay.Whole ? "no" : "yes")};";
        return $"{{ type secondary; {masters} {differences} file \"{name.TrimEnd('.')}.raw\"; }};";
    }

    private string ConfigurationText()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $$"""
            include "{{ControlKeyFile}}";
            controls { inet {{Place.Address}} port {{ControlPort}} allow { any; } keys { "{{ControlKeyName}}"; }; };
            options {
                directory "{{Folder.FullPath}}";
                pid-file none; session-keyfile none; lock-file none;
                recursion no; dnssec-validation no; empty-zones-enable no; notify no; minimal-responses no;
                listen-on port {{Port}} { {{Place.Address}}; };
                listen-on-v6 port {{Port}} { ::1; };
                allow-new-zones {{(Reads is null ? "yes" : "no")}}; allow-query { any; }; allow-transfer { any; }; max-cache-size 8M;
                ixfr-from-differences yes;
                {{(Reads is { } read ? MembersOf(read.Catalog.TrimEnd('.'), read.Master) : "")}}
                {{ExtraOptions}}
            };
            {{ExtraStatements}}
            {{string.Concat(Keys.Select(key => $"key \"{key.Name}\" {{ algorithm {key.Algorithm}; secret \"{key.Secret}\"; }};\n"))}}

            """);
        if (Views.Count == 0)
        {
            AppendZones(text);
            return text.ToString();
        }

        foreach ((int index, string view) in Views.Index())
        {
            string destination = index == 0 && Views.Count > 1 ? "127.0.0.1" : "any";
            text.Append(CultureInfo.InvariantCulture, $"view \"{view}\" {{ match-destinations {{ {destination}; }};\n");
            AppendZones(text);
            text.Append("};\n");
        }

        return text.ToString();
    }

    /// <summary>Without the patience that it has otherwise with a catalog and with many zones of one server.</summary>
    private string MembersOf(string catalog, IPEndPoint master) => string.Create(CultureInfo.InvariantCulture, $$"""
        transfers-per-ns 50; transfers-in 50; serial-query-rate 1000; min-refresh-time 1;
        catalog-zones { zone "{{catalog}}" default-primaries {{Primaries(master)}} min-update-interval 1; };
        """);

    private string Primaries(IPEndPoint master) => string.Create(
        CultureInfo.InvariantCulture, $$"""{ {{master.Address}} port {{master.Port}}{{(Key is null ? "" : $" key \"{Key.Name}\"")}}; }""");

    private void AppendZones(StringBuilder text)
    {
        if (Reads is { } read)
        {
            string catalog = read.Catalog.TrimEnd('.');
            text.Append(
                CultureInfo.InvariantCulture,
                $"zone \"{catalog}\" {{ type secondary; file \"{catalog}.raw\"; primaries {Primaries(read.Master)}; }};\n");
        }

        foreach ((string zone, IPEndPoint master, SecondaryWay way) in SecondaryZones)
        {
            text.Append(CultureInfo.InvariantCulture, $"zone \"{zone.TrimEnd('.')}\" {SecondaryStanza(zone, master, way)}\n");
        }

        string updates = TakesUpdates && Key is { } updating ? $"allow-update {{ key \"{updating.Name}\"; }}; " : "";
        foreach ((MasterZone zone, string file) in Zones)
        {
            TransferKey? key = ZoneKeys.GetValueOrDefault(zone.Key);
            string signed = key is null ? "" : $"key \"{key.Name}\" ";
            string targets = string.Concat(NotifyTargets.Select(target => $"{target.Address} port {target.Port} {signed}; "));
            string notify = targets.Length == 0 ? "" : $"notify explicit; also-notify {{ {targets}}}; ";
            if (key is not null) notify += $"allow-transfer {{ {signed}; }}; ";
            string name = zone.Key.TrimEnd('.');
            text.Append(CultureInfo.InvariantCulture, $"zone \"{name}\" {{ type master; file \"{file}\"; {notify}{updates}}};\n");
        }
    }
}
