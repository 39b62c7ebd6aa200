using System.Globalization;

namespace Agent.Bench.Peers;

/// <summary>
/// A MariaDB server as a child of the test process, on 127.0.0.1 at a free port, with its data in a folder of its own. Everybody on this
/// machine may do anything there.
/// </summary>
public sealed class MariaServer : IAsyncDisposable
{
    private const string User = "tester";

    private readonly TemporaryFolder _folder = new("maria");
    private ChildProcess? _process;

    public int Port { get; } = LoopbackPort.Next();

    public string Output => _process?.Output ?? "";

    private string PortText => Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>What MySqlConnector needs to reach a database of this server.</summary>
    public string ConnectionString(string database) => $"Server=127.0.0.1;Port={PortText};User ID={User};Database={database}";

    public static async Task<MariaServer> StartedAsync()
    {
        MariaServer server = new();
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Statements through the server's own tool; columns of its output are parted by a bar.</summary>
    public async Task<string> SqlAsync(string database, string sql)
    {
        string output = (await Tool.RunAsync(
            "mariadb",
            ["--no-defaults", "-h", "127.0.0.1", "-P", PortText, "-u", User, "--skip-ssl", "-N", "-B", "-r", "-D", database, "-e", sql]))
            .EnsureSuccess().Output;
        return output.Trim().Replace('\t', '|');
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        string data = _folder.Combine("data");
        string rights = _folder.Write("rights.sql", $"CREATE USER '{User}'@'127.0.0.1';\nGRANT ALL ON *.* TO '{User}'@'127.0.0.1';\n");
        (await Tool.RunAsync(
            "mariadb-install-db",
            ["--no-defaults", $"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db", "--user=root"]))
            .EnsureSuccess();
        _process = await ChildProcess.StartAsync(
            "mariadbd",
            [
                "--no-defaults", $"--datadir={data}", "--user=root", "--bind-address=127.0.0.1", $"--port={PortText}",
                $"--socket={_folder.Combine("maria.sock")}", $"--pid-file={_folder.Combine("pid")}", $"--init-file={rights}",
                "--skip-name-resolve", "--innodb-buffer-pool-size=16M", "--performance-schema=off", "--innodb-flush-log-at-trx-commit=2",
            ],
            _folder.FullPath);
        await Eventually.HoldsAsync(
            async () => !_process.IsRunning || (await Tool.RunAsync(
                "mariadb",
                ["--no-defaults", "-h", "127.0.0.1", "-P", PortText, "-u", User, "--skip-ssl", "-e", "select 1"])).ExitCode == 0,
            () => $"mariadbd answers\n{Output}");
        if (!_process.IsRunning)
            throw new InvalidOperationException($"mariadbd ended with {await _process.Exited}:\n{Output}");
    }
}
