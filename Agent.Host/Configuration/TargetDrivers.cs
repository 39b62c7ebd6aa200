using Agent.Actors.Backends;
using Agent.Actors.Transfers;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Plugins;

namespace Agent.Host.Configuration;

/// <summary>A driver as the configuration knows it.</summary>
/// <param name="Read">Reads what belongs to the driver alone.</param>
internal sealed record TargetDriver(string Name, TargetScope DefaultScope, Func<SectionReader, TargetSurroundings, TargetSettings> Read)
{
    /// <summary>Where the server answers when <c>server</c> is empty; most drivers cannot know.</summary>
    public Func<TargetSettings, HostEndpoint?> DefaultServer { get; init; } = _ => null;

    /// <summary>The scope where the settings decide it; else null.</summary>
    public Func<TargetSettings, TargetScope?> ScopeBySettings { get; init; } = _ => null;

    /// <summary>The driver can take a zone from its server.</summary>
    public bool CanWithdraw { get; init; } = true;

    /// <summary>Whether and how its server can transfer zones itself.</summary>
    public SecondaryMeans Secondary { get; init; }

    /// <summary>The folder in data-dir that it takes where zone-directory is empty; null: it has no such key, or needs it.</summary>
    public string? OwnFolder { get; init; }

    /// <summary>Where it comes from; null for a driver of ours.</summary>
    public PluginFile? Plugin { get; init; }
}

/// <summary>What the settings of a target may rest on.</summary>
/// <param name="DataDirectory">For defaults.</param>
/// <param name="Keys">All keys by name.</param>
internal sealed record TargetSurroundings(string DataDirectory, IReadOnlyDictionary<string, KeyOptions> Keys)
{
    /// <summary>What all targets are held to.</summary>
    public TargetRules Rules { get; init; } = new();

    /// <summary>Where the agent answers; null where that is of no interest.</summary>
    public ListenerOptions? Listener { get; init; }

    /// <summary>Full path of the folder for zone files where the target names none; null where the driver has no such default.</summary>
    public string? OwnFolder { get; init; }

    /// <summary>Other agents have the same targets.</summary>
    public bool IsOneOfMany { get; init; }
}

/// <summary>The drivers of this version. A new one is a row here, a section in reference.conf and a record of settings.</summary>
internal static class TargetDrivers
{
    public const int DnsPort = 53;

    public static IReadOnlyDictionary<string, TargetDriver> All { get; } = new[]
    {
        new TargetDriver("embedded", TargetScope.Node, (_, _) => new EmbeddedSettings()),
        new TargetDriver("fake", TargetScope.Node, (_, _) => new FakeSettings()),
        new TargetDriver("zone-files", TargetScope.Node, ReadZoneFiles),
        new TargetDriver("bind9", TargetScope.Farm, ReadBind9)
        {
            DefaultServer = settings => new HostEndpoint(((Bind9Settings)settings).Control.Host, DnsPort),
            Secondary = SecondaryMeans.ToldPrimaries,
            OwnFolder = "zones",
        },
        new TargetDriver("nsd", TargetScope.Node, NsdSettingsReader.Read)
        {
            DefaultServer = settings => new HostEndpoint(((NsdSettings)settings).ControlHost?.Host ?? "127.0.0.1", DnsPort),
            ScopeBySettings = settings => ((NsdSettings)settings).ControlHost is null ? null : TargetScope.Farm,
            Secondary = SecondaryMeans.OwnPrimaries,
        },
        new TargetDriver("knot", TargetScope.Node, ReadKnot)
        {
            DefaultServer = _ => new HostEndpoint("127.0.0.1", DnsPort),
            Secondary = SecondaryMeans.ToldPrimaries,
            OwnFolder = "knot-zones",
        },
        new TargetDriver("gdnsd", TargetScope.Node, GdnsdSettings.Read) { DefaultServer = _ => new HostEndpoint("127.0.0.1", DnsPort) },
        new TargetDriver("tinydns", TargetScope.Node, TinydnsSettings.Read) { DefaultServer = _ => new HostEndpoint("127.0.0.1", DnsPort) },
        new TargetDriver("powerdns-api", TargetScope.Farm, PowerDnsApiSettings.Read)
        {
            DefaultServer = settings => new HostEndpoint(((PowerDnsApiSettings)settings).Url.DnsSafeHost, DnsPort),
            ScopeBySettings = settings => ((PowerDnsApiSettings)settings).Control is null ? null : TargetScope.Node,
            Secondary = SecondaryMeans.ToldPrimaries,
        },
        new TargetDriver("powerdns-sql", TargetScope.Farm, PowerDnsSqlSettings.Read)
        {
            DefaultServer = _ => new HostEndpoint("127.0.0.1", DnsPort),
        },
        new TargetDriver("dynamic-update", TargetScope.Farm, ReadDynamicUpdate) { CanWithdraw = false },
        new TargetDriver("catalog", TargetScope.Farm, CatalogTargetSettings.Read),
        new TargetDriver("exec", TargetScope.Node, ExecSettings.Read),
    }.ToDictionary(driver => driver.Name);

    private static ZoneFilesSettings ReadZoneFiles(SectionReader section, TargetSurroundings around)
    {
        string directory = section.File("directory");
        if (directory.Length == 0) section.Problem("directory", "the folder for the zone files must be given");
        return new ZoneFilesSettings(
            directory,
            section.Texts("command"),
            section.Duration("command-timeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)));
    }

    private static DynamicUpdateSettings ReadDynamicUpdate(SectionReader section, TargetSurroundings around)
    {
        if (!section.IsSet("server")) section.Problem("server", "the address where the server takes updates must be given");
        string name = section.Text("key");
        if (name.Length == 0) section.Problem("key", "the name of the key that signs the updates must be given");
        else KeyReader.Check(section, "key", name, around.Keys);
        return new DynamicUpdateSettings(around.Keys.GetValueOrDefault(name)!);
    }

    private static Bind9Settings ReadBind9(SectionReader section, TargetSurroundings around)
    {
        string host = section.Text("host");
        int port = section.Integer("port", 1, ushort.MaxValue);
        HostEndpoint? control = HostEndpoint.Parse(host, port);
        if (control is null || control.Port != port) section.WrongValue("host", "an address or name without port is needed");
        string keyFile = section.SecretFile("key-file");
        section.LookFor("key-file");
        string keyName = section.Text("key-name");
        string algorithm = KeyReader.Algorithm(section, "key-algorithm");
        bool hasSecret = section.IsSet("key-secret") || section.IsSet("key-secret-file");
        Secret? secret = SecretReader.Read(section, "key-secret", isRequired: false);
        if (keyFile.Length > 0 == hasSecret || (hasSecret && keyName.Length == 0))
        {
            section.Problem("key-file", "the control channel needs a key: give either key-file, or key-name with key-secret");
        }

        string options = section.Text("zone-options");
        if (options.Length > 0 && options[^1] != ';') section.WrongValue("zone-options", "each statement must end with a semicolon");
        IReadOnlyList<(ZonePattern, string Options)> templates = TemplatesReader.Read(section);
        if (templates.Any(own => own.Options[^1] != ';')) section.WrongValue("templates", "each statement must end with a semicolon");
        return new Bind9Settings(
            control ?? new HostEndpoint("127.0.0.1", port),
            keyFile.Length > 0 ? keyFile : null,
            keyName.Length > 0 ? keyName : null,
            algorithm,
            secret,
            section.Text("view") is { Length: > 0 } view ? view : null,
            ReadZoneDirectory(section, around),
            options,
            ReadStatistics(section))
        {
            Templates = templates,
        };
    }

    private static KnotSettings ReadKnot(SectionReader section, TargetSurroundings around)
    {
        string control = section.File("control");
        if (control.Length == 0) section.Problem("control", "the path of the server's control socket must be given");
        string template = section.Text("template");
        return new KnotSettings(control, template.Length > 0 ? template : null, ReadZoneDirectory(section, around))
        {
            Templates = TemplatesReader.Read(section),
        };
    }

    private static string ReadZoneDirectory(SectionReader section, TargetSurroundings around) =>
        section.File(TargetFolders.Key) is { Length: > 0 } directory ? directory : around.OwnFolder ?? "";

    private static Uri? ReadStatistics(SectionReader section)
    {
        string text = section.Text("statistics-url");
        if (text.Length == 0) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https") return address;
        section.WrongValue("statistics-url", $"an address such as http://127.0.0.1:8053 is needed, not '{text}'");
        return null;
    }
}

internal static class KeyReader
{
    public static string Algorithm(SectionReader section, string key) =>
        section.Choice(key, [.. KeyOptions.Algorithms.Select(name => (name, name))]);

    /// <summary>A problem unless there is a key of the name.</summary>
    /// <param name="origin">Where the name stands, when not at the path itself.</param>
    public static void Check(
        SectionReader section, string path, string name, IReadOnlyDictionary<string, KeyOptions> keys, HoconOrigin? origin = null)
    {
        if (keys.ContainsKey(name)) return;
        string meant = NearestName.Find(name, keys.Keys) is { } nearest ? $"; did you mean {nearest}?" : "";
        section.ProblemAt(origin ?? section.OriginOf(path), path, $"keys has no key named {name}{meant}");
    }

    /// <summary>One without a usable secret, which is a problem already, is known all the same: who names it did nothing wrong.</summary>
    public static KeyOptions Read(SectionReader section, string name)
    {
        string algorithm = Algorithm(section, "algorithm");
        Secret? secret = SecretReader.Read(section, "secret", isRequired: true);
        section.Done(SectionReader.DotsNeedQuotes);
        return new KeyOptions(name, algorithm, secret ?? new Secret([]));
    }
}
