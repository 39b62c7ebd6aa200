using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Catalogs;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Host.Composition;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Plugins;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>
/// The effective HOCON tree to typed options. Defaults are all in reference.conf and none here, except for the parts that users name
/// (keys, targets, masters), which a reference file cannot list.
/// </summary>
internal sealed partial class OptionsBinder
{
    public const int MasterPort = 5354;
    public const string DriverKey = "backend-driver";
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ConfigurationFindings _findings = new();
    private readonly HoconObject _root;
    private readonly HoconObject _reference;
    private readonly SectionReader _agent;
    private readonly PluginFolder _plugins;

    private OptionsBinder(HoconObject root, HoconObject reference)
    {
        _root = root;
        _reference = reference;
        var top = new SectionReader(root, reference, "", _findings);
        _agent = top.Section(KeySpelling.Root);
        top.Done();
        _plugins = PluginFolder.At(_agent.File("plugins"));
    }

    /// <exception cref="ConfigurationException">Names every problem found.</exception>
    public static (AgentOptions Options, ConfigurationFindings Findings) Bind(HoconObject root, HoconObject reference)
    {
        var binder = new OptionsBinder(root, reference);
        AgentOptions options = binder.ReadAgent();
        ConfigurationFindings findings = binder._findings;
        return findings.Problems.Count == 0 ? (options, findings) : throw new ConfigurationException(findings.Problems);
    }

    private AgentOptions ReadAgent()
    {
        string dataDirectory = _agent.File("data-dir");
        if (dataDirectory.Length == 0) _agent.Problem("data-dir", "a folder must be given");
        IReadOnlyDictionary<string, KeyOptions> keys = ReadKeys();
        IReadOnlyDictionary<string, TlsProfile> tls = ReadTlsProfiles();
        TlsListenOptions? tlsListen = ReadTlsListen(_agent.Section("tls-listen"));
        ListenerOptions listener = ReadListener(tlsListen);
        SectionReader cluster = _agent.Section("cluster");
        bool isClustered = cluster.Flag("enabled");
        var around = new TargetSurroundings(dataDirectory, keys)
        {
            Rules = ReadRules(_agent.Section("target-rules")),
            Listener = listener,
            IsOneOfMany = isClustered,
        };
        IReadOnlyList<TargetOptions> targets = ReadTargets(around);
        SectionReader transfer = _agent.Section("transfer");
        SectionReader limits = _agent.Section("limits");
        string name = _agent.Text("name");
        if (name.Length == 0) name = Environment.MachineName;
        JournalPlace journal = ReadJournal(_agent.Section("journal"));
        ZoneSections zones = ReadZones(keys, tls, targets);
        (ImmutableDictionary<DomainName, CatalogPolicy> catalogs, MasterRoster roster) = ReadCatalogs(zones.Masters, keys, tls);
        ImmutableArray<MasterSetOptions> sets = ReadMasterSets(keys, tls, tlsListen);
        SectionReader orphan = _agent.Section("orphan");
        var options = new AgentOptions
        {
            NodeName = name,
            Listener = listener,
            TlsListen = tlsListen,
            Roster = WithMasterSets(roster, sets),
            MasterSets = sets,
            Catalogs = catalogs,
            Access = ReadAccess(keys, tlsListen),
            AlsoNotify = ReadAlsoNotify(keys, tls),
            Sweep = ReadSweep(_agent.Section("sweep"), orphan),
            Zones = ReadZonePolicy(transfer, limits, orphan) with
            {
                Catalogs = [.. catalogs.Keys],
                MasterSets = [.. sets.Select(s => s.Name)],
                OwnGuards = zones.Guards,
                Placement = zones.Placement,
                Rollout = ReadRollout(_agent.Section("rollout"), targets),
            },
            TransferSource = ReadTransferSource(),
            DataDirectory = dataDirectory,
            Targets = targets,
            Plugins = _plugins,
            QueryDestination =
                _agent.Endpoint("query-destination", TargetDrivers.DnsPort) ?? (targets is [var first, ..] ? first.Server : null),
            QueryTimeout = _agent.Duration("query-timeout", TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            Keys = keys,
            Tls = tls,
            Journal = journal,
            Management = ReadManagement(_agent.Section("management")),
            Cluster = ReadCluster(cluster, isClustered, name, journal),
            Anycast = ReadAnycast(_agent.Section("anycast")),
            Transfer = ReadTransfer(transfer),
            Cookies = ReadCookies(_agent.Section("cookies")),
            Limits = ReadLimits(limits),
            Logging = ReadLogging(_agent.Section("logging")),
        };
        CheckCatalogTargets(options);
        CheckSecondaries(options);
        CheckPorts(options);
        CheckCircle(options.QueryDestination, listener);
        WarnOfDrain(cluster, options);
        _agent.Done();
        return options;
    }

    private ListenerOptions ReadListener(TlsListenOptions? tls)
    {
        var addresses = new List<IPAddress>();
        foreach ((string text, HoconOrigin origin) in _agent.Words("host"))
        {
            if (ReadAddress(text) is { } address) addresses.Add(address);
            else _agent.ProblemAt(origin, "host", $"an IP address is needed, not '{text}'; \"::\" binds all");
        }

        if (_agent.Words("host").Count == 0) _agent.Problem("host", "an IP address is needed; \"::\" binds all");
        int port = _agent.Port("port");
        if (port != 0 && port == tls?.Port)
        {
            SectionReader section = _agent.Section("tls-listen");
            if (section.IsDefault("port")) section = _agent;
            section.Problem("port", $"DNS over TCP and DNS over TLS need a port each, and both have {port}");
        }

        return new ListenerOptions(
            BoundAddresses.Of(addresses),
            port,
            _agent.Integer("workers", 0, 1024),
            _agent.Integer("tcp-backlog", 1, 65535),
            _agent.Duration("tcp-idle-timeout", TimeSpan.FromMilliseconds(100), Day),
            _agent.Integer("tcp-connections-per-client", 1, 1_000_000),
            _agent.Integer("tcp-connections", 1, 1_000_000),
            _agent.Duration("tcp-total-timeout", Second, 7 * Day),
            _agent.Integer("tcp-pipelined", 1, 65536));
    }

    private static IPAddress? ReadAddress(string text)
    {
        if (text == "localhost") return IPAddress.Loopback;
        return HostEndpoint.Parse(text, 0) is { Port: 0 } endpoint ? endpoint.Address : null;
    }

    private AccessOptions ReadAccess(IReadOnlyDictionary<string, KeyOptions> keys, TlsListenOptions? tls) => new()
    {
        AllowNotify = ReadAccessList("allow-notify", keys, tls),
        AllowControl = ReadAccessList("allow-control", keys, tls),
        ControlTransport = _agent.Choice("control-transport", ("any", ControlTransport.Any), ("tcp", ControlTransport.Tcp)),
        AllowTransfer = ReadAccessList("allow-transfer", keys, tls),
        TransferTransport = _agent.Choice("transfer-transport", ("any", TransferTransport.Any), ("tls", TransferTransport.Tls)),
        AllowQuery = ReadAccessList("allow-query", keys, tls),
    };

    private List<AccessEntry> ReadAccessList(
        string path, IReadOnlyDictionary<string, KeyOptions> keys, TlsListenOptions? tls, SectionReader? section = null)
    {
        section ??= _agent;
        var entries = new List<AccessEntry>();
        foreach ((string text, HoconOrigin origin) in section.Words(path))
        {
            AccessEntry? entry = AccessEntry.Parse(text, out string problem);
            if (entry is null) section.ProblemAt(origin, path, problem);
            else entries.Add(entry);
            if (entry?.KeyName is { } key) KeyReader.Check(section, path, key, keys, origin);
            if (entry?.Kind == AccessEntryKind.Certificate && tls?.Profile.ClientAuthorities is null)
                section.ProblemAt(origin, path, $"'{text}' can fit nobody: certificates are asked for with tls-listen.ca-file only");
        }

        return entries;
    }

    private IPAddress? ReadTransferSource()
    {
        string text = _agent.Text("transfer-source");
        if (text.Length == 0) return null;
        IPAddress? address = ReadAddress(text);
        if (address is null) _agent.Problem("transfer-source", $"an IP address without port is needed, not '{text}'");
        return address;
    }

    private Quorum ReadQuorum()
    {
        string text = _agent.Text("quorum");
        if (!Quorum.TryParse(text, out Quorum quorum))
            _agent.Problem("quorum", $"all, majority or a number from 1 is needed, not '{text}'");
        return quorum;
    }

    private Dictionary<string, KeyOptions> ReadKeys()
    {
        var keys = new Dictionary<string, KeyOptions>();
        var written = new Dictionary<DomainName, string>();
        foreach ((string name, HoconObject value, HoconOrigin origin) in _agent.Named("keys"))
        {
            keys.Add(name, KeyReader.Read(_agent.Inner("keys", name, value, KeyDefaults), name));
            if (name.Length == 0) _agent.ProblemAt(origin, "keys", "a key needs a name, the one that the other side knows it by");
            else if (!DomainName.TryParse(name, out DomainName? known))
                _agent.ProblemAt(origin, "keys", $"the key's name '{name}' is not a domain name");
            else if (!written.TryAdd(known, name))
                _agent.ProblemAt(origin, "keys", $"'{name}' is given twice: as a domain name it is the same as '{written[known]}'");
        }

        return keys;
    }

    private List<TargetOptions> ReadTargets(TargetSurroundings around)
    {
        var targets = new List<TargetOptions>();
        bool isNamed = _agent.Named("targets").Any();
        var named = new List<NamedTarget>();
        foreach ((string name, HoconObject value, HoconOrigin origin) in _agent.Named("targets"))
        {
            if (name.Length == 0) _agent.ProblemAt(origin, "targets", "a target needs a name");
            else if (name.Contains('@', StringComparison.Ordinal))
                _agent.ProblemAt(origin, "targets", $"names of targets have no '@', which joins them with their node: {name}");
            if (FindDriver(_agent.Inner("targets", name, value, NamedTargetDefaults), "driver") is not { } driver) continue;
            named.Add(new NamedTarget(name, driver, _agent.Inner("targets", name, value, TargetDefaults(driver))));
        }

        foreach (NamedTarget target in named)
        {
            (string name, TargetDriver driver, SectionReader section) = target;
            section.Text("driver");
            TargetScope? scope =
                section.Choice<TargetScope?>("scope", ("default", null), ("node", TargetScope.Node), ("farm", TargetScope.Farm));
            TargetSurroundings own = around with { OwnFolder = TargetFolders.OwnOf(target, named, around.DataDirectory) };
            targets.Add(ReadTarget(name, driver, scope, section, own, isNamed: true));
        }

        TargetFolders.Check([.. targets.Zip(named, static (target, read) => (target, read.Section))]);
        string single = _agent.Text(DriverKey);
        if (isNamed && single.Length > 0)
        {
            _agent.Problem(DriverKey, "leave this empty where targets are given (or remove the targets)");
        }
        TargetDriver? only = isNamed ? null : FindDriver(_agent, DriverKey);
        SectionReader backends = _agent.Section("backends");
        foreach (TargetDriver driver in (IEnumerable<TargetDriver>)[.. TargetDrivers.All.Values, .. PluginsOf(only)])
        {
            SectionReader section = driver.Plugin is { } plugin
                ? backends.Section(driver.Name, Defaults(PluginSettings.DefaultsOf(plugin)))
                : backends.Section(driver.Name);
            if (driver.Name == only?.Name)
            {
                string? folder = driver.OwnFolder is { } inside ? Path.Combine(around.DataDirectory, inside) : null;
                targets.Add(ReadTarget(driver.Name, driver, scope: null, section, around with { OwnFolder = folder }, isNamed: false));
            }
            else CheckUnused(driver, section);
        }

        backends.Done();
        return targets;
    }

    /// <summary>
    /// A section that is not a target itself may lack values, but is held to its keys, and wrong values are warned of: a slip would
    /// surprise on the day of its use.
    /// </summary>
    private void CheckUnused(TargetDriver driver, SectionReader section)
    {
        _findings.ReadUnused(() =>
        {
            section.Endpoint("server", TargetDrivers.DnsPort);
            ReadOnExpire(section);
            var nothing = new TargetSurroundings("/", new Dictionary<string, KeyOptions>());
            driver.Read(section, nothing);
            if (driver.Secondary != SecondaryMeans.None) SecondarySettings.Read(section, driver, nothing);
        });
        section.Done();
    }

    /// <summary>Drivers from outside: the one that is named, and those that have a section among the backends.</summary>
    private IEnumerable<TargetDriver> PluginsOf(TargetDriver? only)
    {
        if (only?.Plugin is not null) yield return only;
        if (_root.Find(KeySpelling.Root, "backends") is not HoconObject backends) yield break;
        foreach (string name in backends.Members.Keys.Where(name => name != only?.Name && !TargetDrivers.All.ContainsKey(name)))
        {
            if (_plugins.Has(name) && _plugins.TryFind(name, out PluginFile? plugin)) yield return PluginSettings.DriverOf(plugin);
        }
    }

    private TargetDriver? FindDriver(SectionReader section, string key)
    {
        string name = section.Text(key);
        if (TargetDrivers.All.TryGetValue(name, out TargetDriver? driver)) return driver;
        if (_plugins.TryFind(name, out PluginFile? plugin)) return PluginSettings.DriverOf(plugin);
        string[] names = [.. TargetDrivers.All.Keys, .. _plugins.Names];
        string known = string.Join(" | ", names);
        string meant = NearestName.Find(name, names) is { } nearest ? $"; did you mean {nearest}?" : "";
        section.Problem(key, name.Length == 0
            ? $"a driver must be named: {known}"
            : $"this version has no driver '{name}'; it has {known}{meant}");
        return null;
    }

    private TargetOptions ReadTarget(
        string name, TargetDriver driver, TargetScope? scope, SectionReader section, TargetSurroundings around, bool isNamed)
    {
        int known = _findings.Problems.Count;
        TargetSettings settings = driver.Read(section, around) with { Secondary = SecondarySettings.Read(section, driver, around) };
        HostEndpoint? server = section.Endpoint("server", TargetDrivers.DnsPort);
        OnExpire onExpire = ReadOnExpire(section);
        if (onExpire == OnExpire.Withdraw && !driver.CanWithdraw)
            section.Problem("on-expire", $"the driver {driver.Name} cannot take a zone from its server; keep is possible");
        TargetRules rules = isNamed ? ReadRules(section, around.Rules) : around.Rules;
        HostEndpoint? asked = server ?? driver.DefaultServer(settings);
        if (isNamed && rules.Verify != ContentProof.Serial && asked is null && settings is not ZoneFilesSettings && section.IsSet("verify"))
            section.Problem("verify", "nothing but the serial can be proven here: server does not say where the target answers DNS");
        section.Done();
        TargetScope reach = scope ?? driver.ScopeBySettings(settings) ?? driver.DefaultScope;
        var target = new TargetOptions(name, driver.Name, reach, asked, onExpire, settings) { Rules = rules };

        // A value that is missing or wrong by itself would be told a second time.
        bool isRead = _findings.Problems.Count == known;
        if (isRead && TargetFactory.ObjectionTo(target) is { } objection) section.Problem(objection.Setting, objection.Problem);
        return target;
    }

    /// <summary>What all targets are held to.</summary>
    private static TargetRules ReadRules(SectionReader section)
    {
        TargetRules rules = ReadRules(section, new TargetRules());
        section.Done();
        return rules;
    }

    /// <param name="otherwise">What holds where a key is not set.</param>
    private static TargetRules ReadRules(SectionReader section, TargetRules otherwise)
    {
        return new TargetRules
        {
            Verify = Rule("verify", otherwise.Verify,
                ("serial", ContentProof.Serial), ("sample", ContentProof.Sample), ("digest", ContentProof.Digest)),
            ReAdd = Rule("re-add", otherwise.ReAdd,
                ("never", ReAddRule.Never), ("unserved", ReAddRule.Unserved), ("always", ReAddRule.Always)),
            Drift = Rule("drift", otherwise.Drift,
                ("off", DriftRule.Off), ("report", DriftRule.Report), ("repair", DriftRule.Repair), ("adopt", DriftRule.Adopt)),
        };

        T Rule<T>(string key, T value, params (string Word, T Value)[] choices) =>
            section.IsSet(key) ? section.Choice(key, choices) : value;
    }

    private static OnExpire ReadOnExpire(SectionReader section) =>
        section.Choice("on-expire", ("keep", OnExpire.Keep), ("withdraw", OnExpire.Withdraw));
}
