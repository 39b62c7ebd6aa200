using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// An agent whose catalog zone tells a BIND, a Knot and a PowerDNS which zones to take from it; they hear of zones in no other way. The
/// first two get nothing, and hear nothing, without the key; to the members of a catalog PowerDNS gives none.
/// </summary>
public sealed class CatalogFarm : IAsyncLifetime
{
    public const string Catalog = "catalog.example.";

    private static readonly TransferKey Key = new("consumers", "bm90IGEgc2VjcmV0LCBidXQgbG9uZyBlbm91Z2g=");

    private readonly ScriptedZones _zones = new();
    private readonly ScriptedMaster _master;
    private readonly int _port = LoopbackPort.Next();

    public CatalogFarm()
    {
        _master = new ScriptedMaster(_zones.Answer);
        (string Catalog, IPEndPoint Master) reads = (Catalog, new IPEndPoint(IPAddress.Loopback, _port));
        Bind = new BindServer { Key = Key, Reads = reads };
        Knot = new KnotServer { Key = Key, Reads = reads };
        PowerDns = new PowerDnsServer { Reads = reads, AskingAddress = IPAddress.Parse("127.0.0.2") };
        Agent = new AgentProcess(string.Create(CultureInfo.InvariantCulture, $$"""
            port = {{_port}}
            masters = ["{{_master.EndPoint}}"]
            keys { {{Key.Name}} { algorithm = {{Key.Algorithm}}, secret = "{{Key.Secret}}" } }
            allow-transfer = ["key:{{Key.Name}}", "{{PowerDns.AskingAddress}}"]
            sweep { interval = 1s, after-return = 0s }
            targets.farm {
              driver = catalog, name = "{{Catalog}}"
              consumers = [{{Keyed(Bind)}}, {{Keyed(Knot)}}, "{{PowerDns.EndPoint}}"]
            }
            """));

        static string Keyed(DnsServer server) => $$"""{ address = "{{server.EndPoint}}", key = {{Key.Name}} }""";
    }

    public BindServer Bind { get; }

    public KnotServer Knot { get; }

    public PowerDnsServer PowerDns { get; }

    public AgentProcess Agent { get; }

    private DnsServer[] Consumers => [Bind, Knot, PowerDns];

    public async Task InitializeAsync() =>
        await Task.WhenAll(Agent.StartAsync(), Bind.StartAsync(), Knot.StartAsync(), PowerDns.StartAsync());

    public async Task DisposeAsync()
    {
        foreach (DnsServer consumer in Consumers) await consumer.DisposeAsync();
        await Agent.DisposeAsync();
        await _master.DisposeAsync();
    }

    /// <summary>A zone comes to the master, the agent is told, and all consumers serve it.</summary>
    public async Task CreateAsync(string zone, uint serial)
    {
        _zones.Set(new ScriptedZone(zone, serial, hosts: 50));
        await Agent.Worker.CreateAcceptedAsync(zone);
        await ServedAsync(zone, serial);
    }

    /// <summary>A zone changes at the master, and the agent is told.</summary>
    public Task ChangeAsync(string zone, uint serial)
    {
        _zones[zone].Serial = serial;
        return Agent.Worker.NotifyAcceptedAsync(zone);
    }

    public Task<IReadOnlyList<string>> TransferFromMasterAsync(string zone) => DigTool.TransferAsync(_master.EndPoint, zone);

    public Task ServedAsync(string zone, uint serial) => Task.WhenAll(
        Consumers.Select(consumer => WorkerClient.ServedAsync(consumer.EndPoint, zone, serial, () => Describe(consumer))));

    public Task GoneAsync(string zone) =>
        Task.WhenAll(Consumers.Select(consumer => WorkerClient.GoneAsync(consumer.EndPoint, zone, () => Describe(consumer))));

    public string Describe(DnsServer consumer) => $"{Agent.Output}\n{consumer.Output}";
}
