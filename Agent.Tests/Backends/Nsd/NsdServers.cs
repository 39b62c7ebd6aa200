using System.Globalization;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Nsd;

/// <summary>An nsd behind a unix socket and one behind a port with TLS, for tests that leave their zones alone.</summary>
public sealed class NsdServers : IAsyncLifetime
{
    public const string Socket = "socket";
    public const string Tls = "tls";

    /// <summary>A zone of nsd.conf itself, of serial 99.</summary>
    public const string OwnZone = "own.nsd.example";

    private readonly Dictionary<string, NsdServer> _servers = new()
    {
        [Socket] = new NsdServer(),
        [Tls] = new NsdServer { IsControlledByTls = true },
    };

    private int _taken;

    public NsdServer this[string kind] => _servers[kind];

    /// <summary>A zone that no other test uses.</summary>
    public DomainName TakeZone() =>
        DomainName.Parse(string.Create(CultureInfo.InvariantCulture, $"z{Interlocked.Increment(ref _taken)}.nsd.example."));

    public async Task InitializeAsync()
    {
        foreach (NsdServer server in _servers.Values)
        {
            await server.SetZoneAsync(MasterZone.Create(OwnZone, 99));
            await server.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        foreach (NsdServer server in _servers.Values) await server.DisposeAsync();
    }
}
