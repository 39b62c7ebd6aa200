using System.Globalization;
using System.Net;
using Agent.Host.Configuration;

namespace Agent.Host.Import;

/// <summary>
/// What <c>designate-agent</c> read from designate.conf, as configuration of ours. Its defaults are written out where ours differ, so that
/// what worked without an option goes on working; what it allowed and we would not do unasked comes with a warning.
/// </summary>
public static class DesignateImport
{
    private const string Agent = "service:agent";
    private const string DefaultListen = "0.0.0.0:5358";
    private const int AgentPort = 5358;
    private const int MasterPort = 53;

    // Where the package and the other commands of the agent expect it; relative to where it was started, it would be elsewhere each time.
    private const string DataFolder = "/var/lib/agent";

    private static readonly Dictionary<string, string> Defaults = new() { ["state_path"] = "/var/lib/designate" };

    private static readonly Dictionary<string, Action<OsloConfig, OsloOption, ImportedConfiguration>> AgentOptions = new()
    {
        ["workers"] = (_, option, made) => made.Warn(option, "processes there; the agent is one, with threads by agent.workers"),
        ["threads"] = (_, option, made) => made.Warn(option, "there is no such limit; tcp-connections and limits bound the work"),
        ["tcp_backlog"] = (source, option, made) => made.Set("tcp-backlog", source.Resolve(option), option.ToString()),
        ["tcp_recv_timeout"] = (source, option, made) => SetSeconds(source, option, made, "tcp-idle-timeout"),
        ["notify_delay"] = (source, option, made) => SetSeconds(source, option, made, "notify-delay"),
        ["transfer_source"] = (source, option, made) => made.Set("transfer-source", source.Resolve(option), option.ToString()),
    };

    // Read below, whether a file has them or not.
    private static readonly string[] ReadAnyway = ["listen", "host", "port", "allow_notify", "masters", "backend_driver"];

    /// <exception cref="OsloConfigException">A file cannot be read, or none has the agent's section.</exception>
    /// <exception cref="ConfigurationException">The result is no configuration.</exception>
    public static ImportedConfiguration Read(IReadOnlyList<string> files)
    {
        var source = new OsloConfig(Defaults);
        foreach (string file in files) source.AddFile(file);
        if (!source.Options.Any(option => option.Section == Agent))
        {
            throw new OsloConfigException($"{string.Join(", ", files)}: nothing is set in a section [{Agent}]");
        }

        var made = new ImportedConfiguration();
        made.Set("data-dir", DataFolder, "no option there; the folder that the package makes");
        foreach (OsloOption option in source.Options.Where(option => option.Section == Agent && !ReadAnyway.Contains(option.Name)))
        {
            if (AgentOptions.TryGetValue(option.Name, out var import)) import(source, option, made);
            else made.Warn(option, "designate-agent has no such option");
        }

        Listen(source, made);
        AllowNotify(source, made);
        Masters(source, made);
        DesignateDrivers.Import(source, source.Find(Agent, "backend_driver"), made);
        Elsewhere(source, made);
        made.Settle();
        return made;
    }

    /// <summary>Where an option was set, or that nobody set it.</summary>
    internal static string OriginOf(OsloOption? option, string section, string name) =>
        option?.ToString() ?? $"default of [{section}] {name} there";

    private static void Listen(OsloConfig source, ImportedConfiguration made)
    {
        OsloOption? option = source.Find(Agent, "listen");
        string origin = OriginOf(option, Agent, "listen");
        string[] places = option is not null ? Items(source, option) : [DefaultListen];
        if (option is null && (source.Find(Agent, "host") ?? source.Find(Agent, "port")) is { } old)
        {
            // Before 2016 there were two options instead of the list.
            string host = source.Find(Agent, "host") is { } set ? source.Resolve(set) : "0.0.0.0";
            string port = source.Find(Agent, "port") is { } number ? source.Resolve(number) : $"{AgentPort}";
            (places, origin) = ([host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}"], old.ToString());
        }

        List<HostEndpoint> bound = [];
        foreach (string place in places)
        {
            HostEndpoint? endpoint = HostEndpoint.Parse(place, AgentPort);
            if (endpoint?.Address is null) made.Warn($"{origin}: '{place}' is left out, an address is needed");
            else if (bound.Count > 0 && bound[0].Port != endpoint.Port) made.Warn($"{origin}: '{place}' is left out, the port is one");
            else bound.Add(endpoint);
        }

        if (bound.Count == 0) return;
        made.Set("host", bound.Select(endpoint => endpoint.Host), origin);
        made.Set("port", bound[0].Port.ToString(CultureInfo.InvariantCulture), origin);
    }

    private static void AllowNotify(OsloConfig source, ImportedConfiguration made)
    {
        OsloOption? option = source.Find(Agent, "allow_notify");
        string origin = OriginOf(option, Agent, "allow_notify");
        string[] senders = option is null ? [] : Items(source, option);
        if (senders.Length == 0)
        {
            made.Warn($"{origin}: everybody may send CREATE, DELETE and NOTIFY; name the hosts of the workers in allow-notify, or a key");
            made.Set("allow-notify", ["any"], origin);
            return;
        }

        string[] literal = [.. senders.Where(sender => IPAddress.TryParse(sender, out _))];
        foreach (string sender in senders.Except(literal)) made.Warn(option!, $"'{sender}' is left out, only addresses counted there");
        if (literal.Length > 0) made.Set("allow-notify", literal, origin);
        else made.Warn(option!, "nobody is left in the list, so the masters are who may send");
    }

    private static void Masters(OsloConfig source, ImportedConfiguration made)
    {
        OsloOption? option = source.Find(Agent, "masters");
        if (option is null || Items(source, option) is not { Length: > 0 } texts)
        {
            made.Warn($"{OriginOf(option, Agent, "masters")}: there are no masters, so no zone can be transferred");
            return;
        }

        List<string> masters = [];
        foreach (string text in texts)
        {
            // Without a port 53 was meant there, and 5354 is here.
            if (HostEndpoint.Parse(text, MasterPort) is { Port: > 0 } master) masters.Add(master.ToString());
            else made.Warn(option, $"'{text}' is left out, it is no HOST:PORT");
        }

        if (masters.Count > 0) made.Set("masters", masters, option.ToString());
    }

    /// <summary>Options of other sections that acted on the agent.</summary>
    private static void Elsewhere(OsloConfig source, ImportedConfiguration made)
    {
        if ((source.Find("service:worker", "xfr_timeout") ?? source.Find("service:mdns", "xfr_timeout")) is { } timeout)
        {
            SetSeconds(source, timeout, made, "transfer.total-timeout");
        }

        if (source.Find("DEFAULT", "debug") is { } debug && source.Resolve(debug).ToLowerInvariant() is "true" or "1" or "yes" or "on")
        {
            made.Set("logging.level", "debug", debug.ToString());
        }

        (string Section, string Name, string Text)[] unused =
        [
            ("DEFAULT", "transport_url", "not needed: the agent has no message bus"),
            ("DEFAULT", "root_helper", "not needed: the agent runs no command as root"),
            ("DEFAULT", "log_file", "logs go to standard error"),
            ("DEFAULT", "log_dir", "logs go to standard error"),
            ("DEFAULT", "use_syslog", "logs go to standard error"),
            ("DEFAULT", "log_config_append", "logs go to standard error, by agent.logging"),
            ("heartbeat_emitter", "emitter_type", "there is no heartbeat; /livez and /readyz say how the agent is"),
            ("heartbeat_emitter", "heartbeat_interval", "there is no heartbeat; /livez and /readyz say how the agent is"),
            ("oslo_concurrency", "lock_path", "not needed: the agent locks nothing in files that others share"),
        ];
        foreach ((string section, string name, string text) in unused)
        {
            if (source.Find(section, name) is { } option) made.Warn(option, text);
        }
    }

    private static void SetSeconds(OsloConfig source, OsloOption option, ImportedConfiguration made, string key)
    {
        string text = source.Resolve(option);
        bool isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds);
        if (!isNumber || seconds is not (>= 0 and < 1e6)) made.Warn(option, "left out, it is no number of seconds");
        else if (seconds == 0 && key == "tcp-idle-timeout") made.Warn(option, "left out, connections always have an end here");
        else made.Set(key, $"{Math.Round(seconds * 1000).ToString(CultureInfo.InvariantCulture)}ms", option.ToString());
    }

    private static string[] Items(OsloConfig source, OsloOption option) =>
        source.Resolve(option).Split([',', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
