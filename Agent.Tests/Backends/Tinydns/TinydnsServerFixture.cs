using System.Globalization;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Tinydns;

/// <summary>One tinydns for the tests of a class, each of which has zones of its own.</summary>
public sealed class TinydnsServerFixture : IAsyncLifetime
{
    private int _taken;

    public TinydnsServer Server { get; } = new();

    /// <summary>A zone that no other test uses.</summary>
    public DomainName TakeZone() =>
        DomainName.Parse(string.Create(CultureInfo.InvariantCulture, $"z{Interlocked.Increment(ref _taken)}.tinydns.example."));

    public Task InitializeAsync() => Server.StartAsync();

    public Task DisposeAsync() => Server.DisposeAsync().AsTask();
}
