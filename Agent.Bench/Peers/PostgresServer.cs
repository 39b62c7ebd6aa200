using System.Globalization;

namespace Agent.Bench.Peers;

/// <summary>
/// A PostgreSQL server as a child of the test process, on 127.0.0.1 at a free port and on a unix socket in its own folder. Everything
/// that makes it durable is on. It refuses to run as root, so a test that does gives it to the user postgres.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string ServerUser = "postgres";

    private readonly TemporaryFolder _folder = new("pg");

    public int Port { get; private init; } = LoopbackPort.Next();

    /// <summary>Where the server runs. Beyond loopback it trusts the addresses of <see cref="TrustedClients"/>.</summary>
    public Placement Place { get; private init; } = Placement.Loopback;

    /// <summary>A prefix whose addresses may do anything, replication included; null: only this machine.</summary>
    public string? TrustedClients { get; private init; }

    public ChildProcess? Process { get; private set; }

    public string Output => Process?.Output ?? "";

    private string PortText => Port.ToString(CultureInfo.InvariantCulture);

    private string DataFolder => _folder.Combine("data");

    /// <summary>What Npgsql needs to reach a database of this server; short deadlines, for what goes wrong is to be seen soon.</summary>
    public string ConnectionString(string database, string more = "") =>
        $"Host={Place.Address}:{PortText};Username={ServerUser};Database={database};Timeout=3;Command Timeout=3;{more}";

    /// <summary>One connection string for several servers, in this order.</summary>
    public static string ConnectionString(string database, params PostgresServer[] servers) =>
        $"Host={string.Join(',', servers.Select(s => $"{s.Place.Address}:{s.PortText}"))};"
        + $"Username={ServerUser};Database={database};Timeout=3;Command Timeout=3";

    public static Task<PostgresServer> StartedAsync(params string[] settings) =>
        StartedAsync(Placement.Loopback, null, LoopbackPort.Next(), settings);

    /// <summary>A new server in this place, for the clients of this prefix.</summary>
    public static async Task<PostgresServer> StartedAsync(Placement place, string? trustedClients, int port, params string[] settings)
    {
        PostgresServer server = new() { Place = place, Port = port, TrustedClients = trustedClients };
        try
        {
            Directory.CreateDirectory(server.DataFolder);
            await server.GiveToServerUserAsync();
            (await server.RunAsync("initdb", "-D", server.DataFolder, "-A", "trust", "-U", ServerUser, "-E", "UTF8", "--no-sync"))
                .EnsureSuccess();
            if (trustedClients is not null)
                await File.AppendAllTextAsync(
                    Path.Combine(server.DataFolder, "pg_hba.conf"),
                    $"host all all {trustedClients} trust\nhost replication all {trustedClients} trust\n");
            await server.StartAsync(settings);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A standby of this server that follows it over the network, with a name for synchronous_standby_names.</summary>
    public async Task<PostgresServer> StandbyAsync(string name, Placement? place = null, int? port = null)
    {
        PostgresServer standby = new()
        {
            Place = place ?? Place, Port = port ?? LoopbackPort.Next(), TrustedClients = TrustedClients,
        };
        try
        {
            await standby.GiveToServerUserAsync();
            (await standby.RunAsync(
                "pg_basebackup", "-D", standby.DataFolder, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                "-d", $"host={Place.Address} port={PortText} user={ServerUser} application_name={name}"))
                .EnsureSuccess();
            await standby.StartAsync();
            return standby;
        }
        catch
        {
            await standby.DisposeAsync();
            throw;
        }
    }

    /// <summary>From here on every commit waits for this standby; returns when it follows.</summary>
    public async Task FollowedByAsync(string name)
    {
        await SqlAsync("postgres", $"ALTER SYSTEM SET synchronous_standby_names = '{name}'");
        await SqlAsync("postgres", "SELECT pg_reload_conf()");
        await Eventually.HoldsAsync(
            async () => await SqlAsync("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1",
            () => $"the standby {name} follows\n{Output}");
    }

    /// <summary>Starts the server, again after its end with the data that it left, and waits until it answers.</summary>
    public async Task StartAsync(params string[] settings)
    {
        string[] arguments =
        [
            // A change of user takes back the signal that a child gets at the end of its parent: it is set again behind it.
            .. Place.Launcher, .. AsServerUser, "--pdeathsig", "KILL", "--", Program("postgres"), "-D", DataFolder, "-p", PortText,
            "-c", $"listen_addresses={Place.Address}", "-c", $"unix_socket_directories={_folder.FullPath}", "-c", "fsync=on",
            "-c", "max_connections=40", "-c", "shared_buffers=16MB", "-c", "wal_level=replica",
            .. settings.SelectMany(setting => (string[])["-c", setting]),
        ];
        Process = await ChildProcess.StartAsync(arguments[0], arguments[1..], _folder.FullPath);
        await Eventually.HoldsAsync(
            async () => !Process.IsRunning
                || (await RunAsync("pg_isready", "-h", _folder.FullPath, "-p", PortText)).ExitCode == 0,
            () => $"postgres answers\n{Output}");
        if (!Process.IsRunning)
            throw new InvalidOperationException($"postgres ended with {await Process.Exited}:\n{Output}");
    }

    /// <summary>A power cut for the server: no process of it gets the chance to say anything.</summary>
    public async Task KillAsync()
    {
        if (Process is not { } process) return;
        Process = null;
        await process.DisposeAsync();
    }

    /// <summary>Stops every process of the server where it is, or lets all go on.</summary>
    public async Task SignalAllAsync(PosixSignalNumber signal)
    {
        string main = Process!.Id.ToString(CultureInfo.InvariantCulture);
        ToolResult children = await Tool.RunAsync("pgrep", ["-P", main]);
        string[] ids = [main, .. children.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        (await Tool.RunAsync("kill", [$"-{((int)signal).ToString(CultureInfo.InvariantCulture)}", .. ids])).EnsureSuccess();
    }

    public async Task PromoteAsync() => (await RunAsync("pg_ctl", "promote", "-D", DataFolder, "-w")).EnsureSuccess();

    /// <summary>One statement through the server's own tool; its output without decoration.</summary>
    public async Task<string> SqlAsync(string database, string sql) =>
        (await RunAsync(
            "psql", "-h", _folder.FullPath, "-p", PortText, "-U", ServerUser, "-d", database,
            "-v", "ON_ERROR_STOP=1", "-XAtqc", sql)).EnsureSuccess().Output.Trim();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }

    private static string[] AsServerUser =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", ServerUser, "--regid", ServerUser, "--clear-groups"] : ["setpriv"];

    /// <summary>Debian keeps the programs of each version in a folder of their own.</summary>
    private static string Program(string name)
    {
        const string Versions = "/usr/lib/postgresql";
        string? folder = Directory.Exists(Versions)
            ? Directory.EnumerateDirectories(Versions).MaxBy(path => int.TryParse(Path.GetFileName(path), out int version) ? version : 0)
            : null;
        string path = Path.Combine(folder ?? Versions, "bin", name);
        return File.Exists(path) ? path : Tool.Find(name);
    }

    private Task<ToolResult> RunAsync(string program, params string[] arguments)
    {
        string[] all = Environment.IsPrivilegedProcess
            ? [.. AsServerUser, "--", Program(program), .. arguments]
            : [Program(program), .. arguments];
        return Tool.RunAsync(all[0], all[1..]);
    }

    private async Task GiveToServerUserAsync()
    {
        if (Environment.IsPrivilegedProcess)
            (await Tool.RunAsync("chown", ["-R", $"{ServerUser}:{ServerUser}", _folder.FullPath])).EnsureSuccess();
    }
}
