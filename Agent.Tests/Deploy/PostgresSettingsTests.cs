using Agent.Bench.Peers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Deploy;

[Trait("Category", "Peer")]
public sealed class PostgresSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("postgres-settings");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_real_server_runs_with_the_files_and_takes_every_line()
    {
        using TestAuthority authority = new(_folder, "pg");
        (string certificate, string key) = authority.Issue("server", "127.0.0.1");
        (string Name, string Value)[] settings = [.. DeployFiles.Text("postgres/postgresql-agent.conf").Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(" = ", 2))
            .Select(pair => (pair[0], pair[1].Trim('\'')
                .Replace("/etc/postgresql/server.pem", certificate, StringComparison.Ordinal)
                .Replace("/etc/postgresql/server.key", key, StringComparison.Ordinal)))];
        string access = _folder.Write("pg_hba.conf", DeployFiles.Text("postgres/pg_hba.conf"));
        if (Environment.IsPrivilegedProcess)
            (await Tool.RunAsync("chown", ["-R", "postgres:postgres", _folder.FullPath])).EnsureSuccess();
        (await Tool.RunAsync("chmod", ["600", key])).EnsureSuccess();

        string[] arguments = [.. settings.Where(one => one.Name != "listen_addresses").Select(one => $"{one.Name}={one.Value}")];
        await using PostgresServer server = await PostgresServer.StartedAsync([.. arguments, $"hba_file={access}"]);

        foreach ((string name, string value) in settings.Where(one => one.Name != "listen_addresses"))
        {
            // What concerns a connection by TCP is shown as 0 on the unix socket that this question comes by.
            string asked = name.StartsWith("tcp_", StringComparison.Ordinal)
                ? $"SELECT reset_val FROM pg_settings WHERE name = '{name}'"
                : $"SHOW {name}";
            Assert.Equal((name, value), (name, await server.SqlAsync("postgres", asked)));
        }

        Assert.Equal("", await server.SqlAsync("postgres", "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"));
        Assert.Equal("4", await server.SqlAsync("postgres", "SELECT count(*) FROM pg_hba_file_rules"));
    }
}
