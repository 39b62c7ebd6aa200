using System.Globalization;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>One gdnsd for the tests of a class, each of which has zones of its own.</summary>
public sealed class GdnsdServerFixture : IAsyncLifetime
{
    private int _taken;

    public GdnsdServer Server { get; } = new();

    /// <summary>A zone that no other test uses.</summary>
    public DomainName TakeZone() =>
        DomainName.Parse(string.Create(CultureInfo.InvariantCulture, $"z{Interlocked.Increment(ref _taken)}.gdnsd.example."));

    public Task InitializeAsync() => Server.StartAsync();

    public Task DisposeAsync() => Server.DisposeAsync().AsTask();
}
