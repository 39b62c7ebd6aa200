using Agent.Bench.Peers;

namespace Agent.Tests.Journal;

/// <summary>One PostgreSQL server for the tests that leave it alone.</summary>
public sealed class PostgresServerFixture : IAsyncLifetime
{
    public PostgresServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await PostgresServer.StartedAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
