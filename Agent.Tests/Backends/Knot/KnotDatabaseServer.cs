using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Knot;

/// <summary>One knotd with a database of configuration for the tests of a class, each of which has zones of its own.</summary>
public sealed class KnotDatabaseServer : IAsyncLifetime
{
    public KnotServer Server { get; } = new()
    {
        HasDatabase = true,
        ExtraTemplates = "  - id: other\n    acl: everybody\n    zonefile-load: none\n",
    };

    public Task InitializeAsync() => Server.StartAsync();

    public Task DisposeAsync() => Server.DisposeAsync().AsTask();
}
