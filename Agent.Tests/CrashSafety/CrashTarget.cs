using System.Globalization;
using System.Net;
using Agent.Bench.Peers;
using Agent.Tests.Backends.Exec;
using Agent.Tests.Scenarios;

namespace Agent.Tests.CrashSafety;

/// <summary>A target as the crash scenarios need it: settings for the agent, what it serves, and what it keeps on its disk.</summary>
internal abstract class CrashTarget : IAsyncDisposable
{
    public abstract string Settings { get; }

    /// <summary>The serial that it serves; 0 for none.</summary>
    public abstract Task<uint> SerialAsync(AgentProcess agent, string zone);

    /// <summary>What it holds beyond or short of these zones, in words: files of zones, files half written, zones in its
    /// configuration.</summary>
    public abstract Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones);

    public abstract ValueTask DisposeAsync();

    public static async Task<CrashTarget> StartAsync(string kind)
    {
        switch (kind)
        {
            case "embedded":
                return new Embedded();
            case "zone-files":
                return new ZoneFiles();
            case "nsd":
                var nsd = new NsdServer();
                await nsd.StartAsync();
                return new Nsd(nsd, Farm.TargetSettings(nsd));
            case "exec":
                var scripted = new NsdServer();
                await scripted.StartAsync();
                return new Nsd(scripted, NsdScript.Settings(scripted));
            case "knot":
                var knot = new KnotServer { HasDatabase = true };
                await knot.StartAsync();
                return new Knot(knot);
            case "gdnsd":
                var gdnsd = new GdnsdServer();
                await gdnsd.StartAsync();
                return new Gdnsd(gdnsd);
            case "powerdns-api" or "powerdns-sql":
                var pdns = new PowerDnsTarget();
                await pdns.StartAsync();
                return new PowerDns(pdns, kind == "powerdns-api" ? pdns.ApiTargetSettings : pdns.SqlTargetSettings);
            case "catalog":
                var consumer = new Consumer();
                await consumer.StartAsync();
                return consumer;
            case "tinydns":
                var tinydns = new TinydnsServer();
                await tinydns.StartAsync();
                return new Tinydns(tinydns);
            default:
                var server = new BindServer();
                await server.StartAsync();
                var bind = new Bind(server, await ZoneCountAsync(server));
                return kind == "bind9" ? bind : new Pair(new ZoneFiles(), bind);
        }
    }

    /// <summary>The folder must hold one file for each zone, and nothing else that an agent would make.</summary>
    private static List<string> FileFaults(string folder, IEnumerable<string> zones)
    {
        string[] wanted = [.. zones.Select(zone => zone.TrimEnd('.') + ".zone").Order(StringComparer.Ordinal)];
        // The journal that named keeps beside a zone's file is its own; beside no file it would be a leftover.
        string[] found =
        [
            .. Directory.EnumerateFiles(folder)
                .Where(file => !file.EndsWith(".jnl", StringComparison.Ordinal) || !File.Exists(file[..^".jnl".Length]))
                .Select(file => Path.GetFileName(file))
                .Where(file => file.Contains(".example", StringComparison.Ordinal) || file.StartsWith(".agent-", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        return wanted.SequenceEqual(found, StringComparer.Ordinal)
            ? []
            : [$"files [{string.Join(' ', found)}] and not [{string.Join(' ', wanted)}]"];
    }

    /// <summary>The folder and those below it must hold exactly these files.</summary>
    private static List<string> TreeFaults(string folder, IEnumerable<string> files)
    {
        string[] wanted = [.. files.Order(StringComparer.Ordinal)];
        string[] found =
        [
            .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(folder, path)).Order(StringComparer.Ordinal),
        ];
        return wanted.SequenceEqual(found, StringComparer.Ordinal)
            ? []
            : [$"files [{string.Join(' ', found)}] and not [{string.Join(' ', wanted)}]"];
    }

    private static async Task<int> ZoneCountAsync(BindServer server)
    {
        const string Label = "number of zones: ";
        string status = (await server.RndcAsync("status")).EnsureSuccess().Output;
        string line = status.Split('\n').First(text => text.StartsWith(Label, StringComparison.Ordinal));
        return int.Parse(line[Label.Length..].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private sealed class Embedded : CrashTarget
    {
        public override string Settings => "backend-driver = embedded";

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(agent.Dns, zone);

        public override Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones) =>
            Task.FromResult<IReadOnlyList<string>>([]);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>Zone files, and a command that takes each change over as a server would: what it has taken is what is served.</summary>
    private sealed class ZoneFiles : CrashTarget
    {
        private const string Script = """
            if [ "$AGENT_CHANGE" = apply ]; then cp "$1" "$0/.taking-$$" && mv "$0/.taking-$$" "$0/${1##*/}"; else rm -f "$0/${1##*/}"; fi
            """;

        private readonly TemporaryFolder _folder = new("crash");
        private readonly string _taken;
        private readonly string _script;

        public ZoneFiles()
        {
            _taken = _folder.CreateFolder("taken");
            _script = _folder.Write("take.sh", Script);
            _folder.CreateFolder("zones");
        }

        public override string Settings => $$"""
            backend-driver = zone-files
            backends.zone-files {
              directory = "{{_folder.Combine("zones")}}"
              command = ["{{Tool.Find("sh")}}", "-c", ". {{_script}}", "{{_taken}}", "{file}"]
            }
            """;

        public override async Task<uint> SerialAsync(AgentProcess agent, string zone)
        {
            string path = Path.Combine(_taken, zone.TrimEnd('.') + ".zone");
            if (!File.Exists(path))
                return 0;
            string soa = (await File.ReadAllLinesAsync(path)).First(line => line.Contains("SOA", StringComparison.Ordinal));
            string[] fields = soa.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            return uint.Parse(fields[Array.IndexOf(fields, "SOA") + 3], CultureInfo.InvariantCulture);
        }

        public override Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones) =>
            Task.FromResult<IReadOnlyList<string>>([.. FileFaults(_folder.Combine("zones"), zones), .. FileFaults(_taken, zones)]);

        public override ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Bind(BindServer server, int ownZones) : CrashTarget
    {
        public override string Settings => Farm.TargetSettings(server);

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(server.EndPoint, zone);

        public override async Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones)
        {
            int count = await ZoneCountAsync(server) - ownZones;
            List<string> faults = FileFaults(server.ZoneFolder, zones);
            if (count != zones.Count)
                faults.Add($"named has {count} zones and not {zones.Count}");
            return faults;
        }

        public override ValueTask DisposeAsync() => server.DisposeAsync();
    }

    private sealed class Nsd(NsdServer server, string settings) : CrashTarget
    {
        public override string Settings => settings;

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(server.EndPoint, zone);

        public override async Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones)
        {
            string status = (await server.ControlAsync("zonestatus")).EnsureSuccess().Output;
            int count = status.Split('\n').Count(line => line.StartsWith("zone:", StringComparison.Ordinal));
            List<string> faults = FileFaults(server.ZoneFolder, zones);
            if (count != zones.Count)
                faults.Add($"nsd has {count} zones and not {zones.Count}");
            return faults;
        }

        public override ValueTask DisposeAsync() => server.DisposeAsync();
    }

    private sealed class Knot(KnotServer server) : CrashTarget
    {
        public override string Settings => $$"""
            targets { ns1 { {{server.TargetSettings}} } }
            """;

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(server.EndPoint, zone);

        public override async Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones)
        {
            string configured = (await server.KnotcAsync("conf-read", "zone.domain")).EnsureSuccess().Output;
            int count = configured.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
            List<string> faults = FileFaults(server.ZoneFolder, zones);
            if (count != zones.Count)
                faults.Add($"knotd has {count} zones and not {zones.Count}");
            if ((await server.KnotcAsync("conf-diff")).ExitCode == 0)
                faults.Add("a transaction of knotd's configuration is open");
            return faults;
        }

        public override ValueTask DisposeAsync() => server.DisposeAsync();
    }

    /// <summary>A Knot that has the zones of the agent's catalog, and no others.</summary>
    private sealed class Consumer : CrashTarget
    {
        private const string Catalog = "catalog.crash.example.";

        private readonly int _port = LoopbackPort.Next();
        private readonly KnotServer _server;

        public Consumer() => _server = new KnotServer { Reads = (Catalog, new IPEndPoint(IPAddress.Loopback, _port)) };

        public override string Settings => $$"""
            port = {{_port.ToString(CultureInfo.InvariantCulture)}}
            allow-transfer = ["127.0.0.1"]
            targets { ns1 { driver = catalog, name = "{{Catalog}}", consumers = ["{{_server.EndPoint}}"] } }
            """;

        public Task StartAsync() => _server.StartAsync();

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(_server.EndPoint, zone);

        public override async Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones)
        {
            string status = (await _server.KnotcAsync("zone-status")).EnsureSuccess().Output;
            string[] found = [.. status.Split('\n').Where(line => line.StartsWith('[')).Select(line => line.Split(' ')[0])];
            string[] wanted = [.. zones.Append(Catalog).Select(zone => $"[{zone}]")];
            return wanted.ToHashSet(StringComparer.Ordinal).SetEquals(found)
                ? [] : [$"knotd has {string.Join(' ', found)} and not {string.Join(' ', wanted)}"];
        }

        public override ValueTask DisposeAsync() => _server.DisposeAsync();
    }

    /// <summary>What it has is what its folder holds, and nothing may be left of a change that was not taken.</summary>
    private sealed class Gdnsd(GdnsdServer server) : CrashTarget
    {
        public override string Settings => $$"""
            targets { ns1 { {{server.TargetSettings}} } }
            """;

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(server.EndPoint, zone);

        public override Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones) =>
            Task.FromResult<IReadOnlyList<string>>(TreeFaults(server.ZoneFolder, zones.Select(zone => zone.TrimEnd('.'))));

        public override ValueTask DisposeAsync() => server.DisposeAsync();
    }

    /// <summary>data.cdb, a fragment for each zone, and nothing else.</summary>
    private sealed class Tinydns(TinydnsServer server) : CrashTarget
    {
        public override string Settings => $$"""
            targets { ns1 { {{server.TargetSettings}} } }
            """;

        // To a name of no zone it says nothing; then its data have the say.
        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => server.SerialAsync(zone);

        public override Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones)
        {
            IEnumerable<string> files = zones.Select(zone => $".agent-zones/{zone}zone").Append("data.cdb");
            return Task.FromResult<IReadOnlyList<string>>(TreeFaults(server.Root, files));
        }

        public override ValueTask DisposeAsync() => server.DisposeAsync();
    }

    private sealed class PowerDns(PowerDnsTarget server, string settings) : CrashTarget
    {
        public override string Settings => $$"""
            targets { ns1 { {{settings}} } }
            """;

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(server.EndPoint, zone);

        public override async Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones)
        {
            string[] wanted = [.. zones.Select(zone => zone.TrimEnd('.')).Order(StringComparer.Ordinal)];
            string[] found = await NamesAsync("select name from domains order by name");
            List<string> faults = wanted.SequenceEqual(found, StringComparer.Ordinal)
                ? [] : [$"PowerDNS has [{string.Join(' ', found)}] and not [{string.Join(' ', wanted)}]"];
            string[] strays = await NamesAsync("select name from records where domain_id not in (select id from domains)");
            if (strays.Length > 0)
                faults.Add($"records of no zone [{string.Join(' ', strays)}]");
            return faults;
        }

        public override ValueTask DisposeAsync() => server.DisposeAsync();

        private async Task<string[]> NamesAsync(string statement) =>
            (await server.SqlAsync(statement)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Files and named at once: what is true of one must be true of the other.</summary>
    private sealed class Pair(ZoneFiles files, Bind bind) : CrashTarget
    {
        public override string Settings => $$"""
            {{files.Settings.Replace("backend-driver = zone-files", "", StringComparison.Ordinal)}}
            {{bind.Settings.Replace("backend-driver = bind9", "", StringComparison.Ordinal)}}
            targets { files { driver = zone-files }, ns1 { driver = bind9 } }
            """;

        public override async Task<uint> SerialAsync(AgentProcess agent, string zone)
        {
            uint file = await files.SerialAsync(agent, zone);
            uint served = await bind.SerialAsync(agent, zone);
            return file == served ? served : uint.MaxValue;
        }

        public override async Task<IReadOnlyList<string>> FaultsAsync(IReadOnlyCollection<string> zones) =>
            [.. await files.FaultsAsync(zones), .. await bind.FaultsAsync(zones)];

        public override async ValueTask DisposeAsync()
        {
            await files.DisposeAsync();
            await bind.DisposeAsync();
        }
    }
}
