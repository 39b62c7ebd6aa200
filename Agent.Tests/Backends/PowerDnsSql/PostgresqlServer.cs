using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>The same over PostgreSQL.</summary>
public sealed class PostgresqlServer : IAsyncLifetime, ISqlServer
{
    private PostgresServer? _database;

    public PowerDnsTarget Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _database = await PostgresServer.StartedAsync();
        Server = new PowerDnsTarget(_database);
        await Server.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (Server is not null)
            await Server.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }
}
