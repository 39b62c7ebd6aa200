using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.DynamicUpdate;

/// <summary>A BIND and a Knot with zones that a key may update, one zone for each test that asks.</summary>
public sealed class UpdatedServers : IAsyncLifetime
{
    public const string Bind = "bind";
    public const string Knot = "knot";
    public const string KeyName = "update-key";
    public const string Secret = "dXBkYXRlLWtleS1vZi10aGUtdGVzdHMtMzItb2N0ZXRz";

    /// <summary>A zone of serial 1 at the BIND that the key may update and not transfer.</summary>
    public const string ClosedZone = "closed.update.example.";

    private const int ZonesMax = 60;
    private int _taken;

    private readonly BindServer _bind = new()
    {
        Key = new TransferKey(KeyName, Secret),
        TakesUpdates = true,
        ZoneKeys = new Dictionary<string, TransferKey> { [ClosedZone] = new("another-key", Secret) },
    };
    private readonly KnotServer _knot = new() { Key = new TransferKey(KeyName, Secret), TakesUpdates = true };

    public MasterServer this[string kind] => kind == Bind ? _bind : _knot;

    /// <summary>A zone of serial 1 that no other test uses, with the SOA, the name server and the address of a fresh master file.</summary>
    public string TakeZone() => NameOf(Interlocked.Increment(ref _taken));

    public async Task InitializeAsync()
    {
        await _bind.SetZoneAsync(MasterZone.Create(ClosedZone, 1));
        foreach (MasterServer server in (MasterServer[])[_bind, _knot])
        {
            for (int i = 1; i <= ZonesMax; i++) await server.SetZoneAsync(MasterZone.Create(NameOf(i), 1));
            await server.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        await _bind.DisposeAsync();
        await _knot.DisposeAsync();
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"z{number}.update.example.");
}
