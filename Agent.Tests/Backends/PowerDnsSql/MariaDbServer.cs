using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>The same over MariaDB.</summary>
public sealed class MariaDbServer : IAsyncLifetime, ISqlServer
{
    private MariaServer? _database;

    public PowerDnsTarget Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _database = await MariaServer.StartedAsync();
        Server = new PowerDnsTarget(maria: _database);
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
