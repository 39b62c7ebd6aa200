using System.Globalization;

namespace Agent.Bench.Peers;

/// <summary>
/// PowerDNS as a target: with its HTTP API and its control socket, over a database of SQLite of its own, or one of PostgreSQL or MariaDB.
/// What it caches, and for how long, is as it comes.
/// </summary>
/// <param name="postgres">Where its database is, which this makes there; null for SQLite.</param>
/// <param name="maria">The same.</param>
public sealed class PowerDnsTarget(PostgresServer? postgres = null, MariaServer? maria = null) : DnsServer("pdns")
{
    private const string Database = "pdns";
    private const string MysqlTables = "/usr/share/doc/pdns-backend-mysql/schema.mysql.sql";
    private const string PostgresTables = "/usr/share/doc/pdns-backend-pgsql/schema.pgsql.sql";
    private const string SqliteTables = "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql";

    private readonly int _apiPort = LoopbackPort.Next();

    public string ApiKey => "the api-key";

    public Uri Api => new($"http://127.0.0.1:{_apiPort.ToString(CultureInfo.InvariantCulture)}");

    public string ControlSocket => Folder.Combine("pdns.controlsocket");

    public string DatabaseFile => Folder.Combine("pdns.sqlite3");

    /// <summary>The most megabytes that it takes in one request.</summary>
    public int BodyMegabytes { get; init; } = 2;

    /// <summary>It transfers zones that are told to be secondary.</summary>
    public bool IsSecondary { get; init; }

    /// <summary>It knows DNSSEC, which it does only when it is told so.</summary>
    public bool HasDnssec { get; init; } = true;

    private string YesIfDnssec => HasDnssec ? "yes" : "no";

    /// <summary>Settings of a target by which an agent drives this server over the API.</summary>
    public string ApiTargetSettings => $"driver = powerdns-api, server = \"{EndPoint}\", url = \"{Api}\", api-key = \"{ApiKey}\"";

    /// <summary>The same for an agent beside it, which has caches purged over the control socket.</summary>
    public string ApiTargetSettingsBeside => $"{ApiTargetSettings}, control = \"{ControlSocket}\"";

    /// <summary>What a client of the database needs to reach it.</summary>
    public string ConnectionString =>
        postgres?.ConnectionString(Database) ?? maria?.ConnectionString(Database) ?? $"Data Source={DatabaseFile}";

    /// <summary>Settings of a target by which an agent drives this server over its database.</summary>
    public string SqlTargetSettings =>
        $"driver = powerdns-sql, server = \"{EndPoint}\", "
        + $"provider = {(postgres is not null ? "postgresql" : maria is not null ? "mysql" : "sqlite")}, "
        + $"connection-string = \"{ConnectionString}\", control = \"{ControlSocket}\"";

    /// <summary>One command of PowerDNS's tool for its database.</summary>
    public Task<ToolResult> UtilAsync(params string[] command) =>
        Tool.RunAsync("pdnsutil", [$"--config-dir={Folder.FullPath}", .. command]);

    /// <summary>One command over the control socket, by its own tool.</summary>
    public Task<ToolResult> ControlAsync(params string[] command) =>
        Tool.RunAsync("pdns_control", [$"--socket-dir={Folder.FullPath}", .. command]);

    /// <summary>Forgets what it has cached of a zone and the names below, as after an edit of the database.</summary>
    public async Task FlushAsync(string zone) => (await ControlAsync("purge", $"{zone.TrimEnd('.')}$")).EnsureSuccess();

    /// <summary>One statement in the database; columns are parted by a bar.</summary>
    public async Task<string> SqlAsync(string statement) => postgres is not null
        ? await postgres.SqlAsync(Database, statement)
        : maria is not null ? await maria.SqlAsync(Database, statement)
        : (await Tool.RunAsync("sqlite3", ["-cmd", ".timeout 5000", DatabaseFile, statement])).EnsureSuccess().Output.Trim();

    /// <summary>Many statements by one process of the tool of SQLite, which the database must be.</summary>
    public async Task SqlScriptAsync(string statements) =>
        (await Tool.RunAsync("sqlite3", ["-bail", "-cmd", ".timeout 5000", DatabaseFile], statements)).EnsureSuccess();

    public override async Task StartAsync()
    {
        await base.StartAsync();
        await Eventually.HoldsAsync(
            async () => (await ControlAsync("rping")).ExitCode == 0,
            () => $"pdns_server answers on its control socket\n{Output}");
    }

    protected override async Task<ChildProcess> LaunchAsync()
    {
        string backend = maria is not null
            ? $"""
            launch=gmysql
            gmysql-host=127.0.0.1
            gmysql-port={maria.Port.ToString(CultureInfo.InvariantCulture)}
            gmysql-user=tester
            gmysql-dbname={Database}
            gmysql-dnssec={YesIfDnssec}
            """
            : postgres is not null
            ? $"""
            launch=gpgsql
            gpgsql-host={postgres.Place.Address}
            gpgsql-port={postgres.Port.ToString(CultureInfo.InvariantCulture)}
            gpgsql-user=postgres
            gpgsql-dbname={Database}
            gpgsql-dnssec={YesIfDnssec}
            """
            : $"""
            launch=gsqlite3
            gsqlite3-database={DatabaseFile}
            gsqlite3-pragma-synchronous=0
            gsqlite3-dnssec={YesIfDnssec}
            """;
        // Two transfers at once lock each other out of SQLite ("database is locked"), and what fails waits for the zone's refresh.
        Folder.Write("pdns.conf", $"""
            daemon=no
            guardian=no
            {backend}
            socket-dir={Folder.FullPath}
            local-address={Place.Address}
            local-port={Port.ToString(CultureInfo.InvariantCulture)}
            allow-axfr-ips=127.0.0.0/8
            security-poll-suffix=
            secondary={(IsSecondary ? "yes" : "no")}
            receiver-threads=1
            retrieval-threads=1
            api=yes
            api-key={ApiKey}
            webserver=yes
            webserver-address=127.0.0.1
            webserver-port={_apiPort.ToString(CultureInfo.InvariantCulture)}
            webserver-loglevel=none
            webserver-max-bodysize={BodyMegabytes.ToString(CultureInfo.InvariantCulture)}

            """);
        await MakeDatabaseAsync();
        return await Place.StartAsync("pdns_server", [$"--config-dir={Folder.FullPath}"], Folder.FullPath);
    }

    private async Task MakeDatabaseAsync()
    {
        if (maria is not null)
        {
            await maria.SqlAsync("mysql", $"CREATE DATABASE IF NOT EXISTS {Database}");
            if (await maria.SqlAsync(Database, "SHOW TABLES") == "")
                await maria.SqlAsync(Database, await File.ReadAllTextAsync(MysqlTables));
        }
        else if (postgres is null)
        {
            // Made beside its place: an agent that goes on while the file is away opens it as soon as it is there.
            if (!File.Exists(DatabaseFile))
            {
                string made = DatabaseFile + ".new";
                (await Tool.RunAsync("sqlite3", [made, $".read {SqliteTables}"])).EnsureSuccess();
                File.Move(made, DatabaseFile);
            }
        }
        else if (await postgres.SqlAsync("postgres", $"SELECT count(*) FROM pg_database WHERE datname = '{Database}'") == "0")
        {
            await postgres.SqlAsync("postgres", $"CREATE DATABASE {Database}");
            await postgres.SqlAsync(Database, await File.ReadAllTextAsync(PostgresTables));
        }
    }
}
