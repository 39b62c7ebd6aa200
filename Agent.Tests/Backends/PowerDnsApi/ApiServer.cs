using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>One pdns_server for the tests of a class, each of which has zones of its own.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    public PowerDnsTarget Server { get; } = new() { BodyMegabytes = 1 };

    public Task InitializeAsync() => Server.StartAsync();

    public Task DisposeAsync() => Server.DisposeAsync().AsTask();
}
