using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A target as the crash scenarios need it: settings for the agent, what it serves, and what it keeps on its disk.</summary>
internal abstract class CrashTarget : IAsyncDisposable
{
    public abstract string Settings { get; }

    /// <summary>The serial that it serves; 0 for none.</summary>
    public abstract Task<uint> SerialAsync(AgentProcess agent, string zone);

    /// <summary>The names of all files of zones and of all files half written.</summary>
    public abstract IEnumerable<string> Files();

    /// <summary>The names that <see cref="Files"/> must give while these zones are there, and no others.</summary>
    public virtual IEnumerable<string> FilesOf(IEnumerable<string> zones) => zones.Select(zone => zone.TrimEnd('.') + ".zone");

    public abstract ValueTask DisposeAsync();

    public static async Task<CrashTarget> StartAsync(string kind)
    {
        if (kind == "embedded")
            return new Embedded();
        if (kind == "zone-files")
            return new ZoneFiles();
        var server = new BindServer();
        await server.StartAsync();
        return new Bind(server);
    }

    private sealed class Embedded : CrashTarget
    {
        public override string Settings => "backend-driver = embedded";

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(agent.Dns, zone);

        public override IEnumerable<string> Files() => [];

        public override IEnumerable<string> FilesOf(IEnumerable<string> zones) => [];

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class ZoneFiles : CrashTarget
    {
        private readonly TemporaryFolder _folder = new("crash");

        public override string Settings => $$"""
            backend-driver = zone-files
            backends.zone-files { directory = "{{_folder.FullPath}}" }
            """;

        public override async Task<uint> SerialAsync(AgentProcess agent, string zone)
        {
            string path = _folder.Combine(zone.TrimEnd('.') + ".zone");
            if (!File.Exists(path))
                return 0;
            string soa = (await File.ReadAllLinesAsync(path)).First(line => line.Contains("SOA", StringComparison.Ordinal));
            string[] fields = soa.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            return uint.Parse(fields[Array.IndexOf(fields, "SOA") + 3], CultureInfo.InvariantCulture);
        }

        public override IEnumerable<string> Files() => Directory.EnumerateFiles(_folder.FullPath).Select(file => Path.GetFileName(file));

        public override ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Bind(BindServer server) : CrashTarget
    {
        public override string Settings => Farm.TargetSettings(server);

        public override Task<uint> SerialAsync(AgentProcess agent, string zone) => WorkerClient.PollSerialAsync(server.EndPoint, zone);

        // The journal that named keeps beside a zone's file is its own; beside no file it would be a leftover.
        public override IEnumerable<string> Files() => Directory.EnumerateFiles(server.ZoneFolder)
            .Where(file => !file.EndsWith(".jnl", StringComparison.Ordinal) || !File.Exists(file[..^".jnl".Length]))
            .Select(file => Path.GetFileName(file))
            .Where(file => file.Contains("crash.example", StringComparison.Ordinal)
                || file.StartsWith(".agent-", StringComparison.Ordinal));

        public override ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
