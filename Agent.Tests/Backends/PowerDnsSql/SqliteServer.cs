using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>One pdns_server over SQLite for the tests of a class, each of which has zones of its own.</summary>
public sealed class SqliteServer : IAsyncLifetime, ISqlServer
{
    public PowerDnsTarget Server { get; } = new() { IsSecondary = true };

    public Task InitializeAsync() => Server.StartAsync();

    public Task DisposeAsync() => Server.DisposeAsync().AsTask();
}
