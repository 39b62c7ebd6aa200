using Agent.Host.Configuration;

namespace Agent.Host.Import;

/// <summary>
/// The backend drivers of <c>designate-agent</c>. Those that we do not have become <c>embedded</c>, which serves the zones itself and never
/// claims that another server does; the warning says what to put in its place.
/// </summary>
internal static class DesignateDrivers
{
    private const string Prefix = "backend:agent:";
    private const string Default = "bind9";
    private const string Bind9 = Prefix + Default;

    // rndc's own when it is told of none.
    private const string DefaultKeyFile = "/etc/bind/rndc.key";

    private const string Knot = "knot2";

    private const string Gdnsd = "gdnsd";
    private const string Djbdns = "djbdns";

    private static readonly string[] WithoutCounterpart = ["msdns", "denominator"];

    public static void Import(OsloConfig source, OsloOption? driver, ImportedConfiguration made)
    {
        string origin = DesignateImport.OriginOf(driver, "service:agent", "backend_driver");
        string name = driver is null ? Default : source.Resolve(driver);
        switch (name)
        {
            case Default:
                made.Set("backend-driver", Default, origin);
                ImportBind9(source, made);
                break;
            case "fake":
                made.Set("backend-driver", "fake", origin);
                break;
            case Knot:
                made.Set("backend-driver", "knot", origin);
                ImportServer(source, made, Prefix + Knot, "backends.knot.server");
                made.Warn(
                    $"{origin}: the driver knot does not make knotd a secondary of the masters: it gives the content itself, over the "
                    + "control socket, and takes over the zones that are there; check backends.knot.control, template and zone-directory");
                break;
            case Gdnsd:
                made.Set("backend-driver", "gdnsd", origin);
                ImportFolder(source, made, Gdnsd, ("confdir_path", "/etc/gdnsd", "zones"), "backends.gdnsd.zone-directory");
                made.Warn(
                    $"{origin}: the driver gdnsd has the files read over gdnsd's control socket, which must be open to the agent; check "
                    + "backends.gdnsd.control");
                break;
            case Djbdns:
                made.Set("backend-driver", "tinydns", origin);
                ImportFolder(source, made, Djbdns, ("tinydns_datadir", "/var/lib/djbdns", "root"), "backends.tinydns.root");
                made.Warn(
                    $"{origin}: the driver tinydns writes data.cdb itself and replaces none that it has not made: move the one of "
                    + "designate-agent away before the first start");
                break;
            default:
                string what = WithoutCounterpart.Contains(name) ? $"there is no driver for {name}" : $"'{name}' is not known";
                made.Warn($"{origin}: {what}; the agent itself serves the zones (embedded) until backend-driver or targets says otherwise");
                made.Set("backend-driver", "embedded", origin);
                break;
        }

        foreach (OsloOption option in source.Options.Where(option => option.Section.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (option.Section != Prefix + name) made.Warn(option, $"left out, the driver is {name}");
            else if (name is Knot or Gdnsd or Djbdns) WarnOfCommand(option, made);
            else if (name != Default) made.Warn(option, $"left out with its driver {name}");
        }
    }

    private static void ImportBind9(OsloConfig source, ImportedConfiguration made)
    {
        Copy("rndc_host", "host");
        Copy("rndc_port", "port");
        OsloOption? keyFile = source.Find(Bind9, "rndc_key_file");
        if (keyFile is null)
        {
            made.Warn($"[{Bind9}] rndc_key_file: not set, so {DefaultKeyFile} is taken; the control channel needs a key");
        }

        made.Set("backends.bind9.key-file", keyFile is null ? DefaultKeyFile : source.Resolve(keyFile), Origin(keyFile, "rndc_key_file"));
        OsloOption? zones = source.Find(Bind9, "zone_file_path");
        string folder = zones is null ? source.Resolve("$state_path/zones", Bind9) : source.Resolve(zones);
        made.Set("backends.bind9.zone-directory", folder, Origin(zones, "zone_file_path"));
        ImportServer(source, made, Bind9, "backends.bind9.server");
        foreach (OsloOption option in source.Options.Where(option => option.Section == Bind9))
        {
            switch (option.Name)
            {
                case "rndc_host" or "rndc_port" or "rndc_key_file" or "zone_file_path" or "query_destination":
                    break;
                case "rndc_config_file":
                    made.Warn(option, "the agent reads no rndc.conf; host, port and key-file are what it needs of it");
                    break;
                case "rndc_timeout":
                    made.Warn(option, "was never heeded there; the agent has a deadline of its own for each command");
                    break;
                default:
                    made.Warn(option, "the driver has no such option");
                    break;
            }
        }

        void Copy(string name, string key)
        {
            if (source.Find(Bind9, name) is { } option) made.Set($"backends.bind9.{key}", source.Resolve(option), option.ToString());
        }

        static string Origin(OsloOption? option, string name) => DesignateImport.OriginOf(option, Bind9, name);
    }

    /// <summary>A driver that is told a folder, of which it takes one below.</summary>
    private static void ImportFolder(
        OsloConfig source, ImportedConfiguration made, string driver, (string Option, string Default, string Below) folder, string key)
    {
        OsloOption? option = source.Find(Prefix + driver, folder.Option);
        string path = option is null ? folder.Default : source.Resolve(option);
        made.Set(key, Path.Combine(path, folder.Below), DesignateImport.OriginOf(option, Prefix + driver, folder.Option));
        ImportServer(source, made, Prefix + driver, string.Concat(key.AsSpan(0, key.LastIndexOf('.')), ".server"));
    }

    private static void WarnOfCommand(OsloOption option, ImportedConfiguration made)
    {
        if (option.Name.EndsWith("_cmd_name", StringComparison.Ordinal)) made.Warn(option, "left out, the agent runs no such command");
        else if (option.Name is not ("confdir_path" or "tinydns_datadir" or "query_destination"))
            made.Warn(option, "the driver has no such option");
    }

    private static void ImportServer(OsloConfig source, ImportedConfiguration made, string section, string key)
    {
        OsloOption? option = source.Find(section, "query_destination");
        string text = option is null ? "127.0.0.1" : source.Resolve(option);
        HostEndpoint? server = HostEndpoint.Parse(text, TargetDrivers.DnsPort);
        if (server is null) made.Warn(option!, "left out, it is no address");
        else made.Set(key, server.ToString(), DesignateImport.OriginOf(option, section, "query_destination"));
    }
}
