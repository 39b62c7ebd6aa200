using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>An agent whose catalog zone tells a BIND and a Knot which zones to take from it; they hear of zones in no other way.</summary>
[Trait("Category", "Peer")]
public sealed class CatalogTargetTests
{
    private const string Catalog = "catalog.example.";
    private const string Zone = "kept.example.";
    private const string Second = "second.example.";

    // What BIND and the loopback need so that a thousand zones do not wait for its caution.
    private const string Quick = "transfers-per-ns 50; transfers-in 50; serial-query-rate 1000; min-refresh-time 1;";

    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 200 };

    private readonly int _port = LoopbackPort.Next();
    private readonly ScriptedZones _zones = new();

    [Fact]
    public async Task Its_consumers_follow_each_zone_through_its_life_and_through_restarts()
    {
        _zones.Set(new ScriptedZone(Zone, 1, hosts: 50));
        _zones.Set(new ScriptedZone(Second, 1));
        await using ScriptedMaster master = new(_zones.Answer);
        await using BindServer bind = Bind();
        await using KnotServer knot = Knot();
        await Task.WhenAll(bind.StartAsync(), knot.StartAsync());
        await using AgentProcess agent = await StartAsync(master, bind, knot);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.Worker.CreateAcceptedAsync(Second);
        await ServedAsync(Zone, 1);
        await agent.ZoneIsOkAsync(Zone, 1);

        await ChangeAsync(2);
        uint before = await WorkerClient.PollSerialAsync(bind.EndPoint, Catalog);
        await agent.RestartAsync(byKill: true);
        await ChangeAsync(3);
        Assert.Equal(before, await WorkerClient.PollSerialAsync(bind.EndPoint, Catalog));

        // Its folder is left as it was, so it goes on from there.
        await bind.KillAsync();
        _zones[Zone].Serial = 4;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await bind.StartAsync();
        await ServedAsync(Zone, 4);
        await knot.WipeAsync();
        await knot.StartAsync();
        await ServedAsync(Zone, 4);
        Assert.Equal(
            await DigTool.TransferAsync(master.EndPoint, Zone),
            await DigTool.TransferAsync(bind.EndPoint, Zone),
            StringComparer.OrdinalIgnoreCase);

        await agent.Worker.DeleteAcceptedAsync(Zone);
        await WorkerClient.GoneAsync(bind.EndPoint, Zone, Described);
        await WorkerClient.GoneAsync(knot.EndPoint, Zone, Described);

        // With an older serial than before: what they held of it must be gone.
        _zones[Zone].Serial = 1;
        await agent.Worker.CreateAcceptedAsync(Zone);
        await ServedAsync(Zone, 1);
        await ServedAsync(Second, 1);

        async Task ChangeAsync(uint serial)
        {
            _zones[Zone].Serial = serial;
            await agent.Worker.NotifyAcceptedAsync(Zone);
            await ServedAsync(Zone, serial);
        }

        async Task ServedAsync(string zone, uint serial)
        {
            await WorkerClient.ServedAsync(bind.EndPoint, zone, serial, Described);
            await WorkerClient.ServedAsync(knot.EndPoint, zone, serial, Described);
        }

        string Described() => $"{agent.Output}\n{bind.Output}\n{knot.Output}";
    }

    [Fact]
    public async Task A_thousand_zones_come_and_go()
    {
        string[] names = [.. Enumerable.Range(0, 1000).Select(i => $"z{i.ToString(CultureInfo.InvariantCulture)}.many.example.")];
        foreach (string name in names) _zones.Set(new ScriptedZone(name, 1));
        await using ScriptedMaster master = new(_zones.Answer);
        await using BindServer bind = Bind();
        await using KnotServer knot = Knot();
        await Task.WhenAll(bind.StartAsync(), knot.StartAsync());
        await using AgentProcess agent = await StartAsync(master, bind, knot);

        await Parallel.ForEachAsync(names, AtOnce, async (name, _) => await agent.Worker.CreateAsync(name));
        foreach (string name in names)
        {
            await WorkerClient.ServedAsync(bind.EndPoint, name, 1, () => $"{agent.Output}\n{bind.Output}");
            await WorkerClient.ServedAsync(knot.EndPoint, name, 1, () => $"{agent.Output}\n{knot.Output}");
        }

        await Parallel.ForEachAsync(names, AtOnce, async (name, _) => await agent.Worker.DeleteAsync(name));
        foreach (string name in names)
        {
            await WorkerClient.GoneAsync(bind.EndPoint, name, () => $"{agent.Output}\n{bind.Output}");
            await WorkerClient.GoneAsync(knot.EndPoint, name, () => $"{agent.Output}\n{knot.Output}");
        }

        IReadOnlyList<string> rest = await DigTool.TransferAsync(agent.Dns, Catalog);
        Assert.DoesNotContain(rest, line => line.Contains("many.example.", StringComparison.Ordinal));
        Assert.Contains(rest, line => line.Contains("version.catalog.example.", StringComparison.Ordinal));
    }

    private BindServer Bind() => new()
    {
        TakesNewZones = false,
        ExtraOptions = string.Create(CultureInfo.InvariantCulture, $$"""
            {{Quick}}
            catalog-zones { zone "catalog.example" default-primaries { 127.0.0.1 port {{_port}}; } min-update-interval 1; };
            """),
        ExtraStatements = string.Create(CultureInfo.InvariantCulture, $$"""
            zone "catalog.example" { type secondary; file "catalog.raw"; primaries { 127.0.0.1 port {{_port}}; }; };
            """),
    };

    private KnotServer Knot() => new() { Reads = (Catalog, new IPEndPoint(IPAddress.Loopback, _port)) };

    private Task<AgentProcess> StartAsync(ScriptedMaster master, BindServer bind, KnotServer knot) => AgentProcess.StartedAsync(
        string.Create(CultureInfo.InvariantCulture, $$"""
            port = {{_port}}
            masters = ["{{master.EndPoint}}"]
            allow-transfer = ["127.0.0.0/8"]
            sweep { after-return = 0s }
            transfer { out-concurrent = 200, out-per-client = 100 }
            targets { farm { driver = catalog, name = "{{Catalog}}", consumers = ["{{bind.EndPoint}}", "{{knot.EndPoint}}"] } }
            """));
}
