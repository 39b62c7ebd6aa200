using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Servers that take their zones from a catalog of the agent's.</summary>
[Trait("Category", "Peer")]
public sealed class CatalogTargetTests(CatalogFarm farm) : IClassFixture<CatalogFarm>
{
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 200 };

    [Fact]
    public async Task Consumers_follow_a_zone_through_its_life_and_a_kill_of_the_agent()
    {
        const string Zone = "life.example.";
        await farm.CreateAsync(Zone, 1);
        await farm.Agent.ZoneIsOkAsync(Zone, 1);
        uint before = await WorkerClient.PollSerialAsync(farm.Knot.EndPoint, CatalogFarm.Catalog);
        await farm.Agent.RestartAsync(byKill: true);
        await farm.ChangeAsync(Zone, 2);
        await farm.ServedAsync(Zone, 2);
        Assert.Equal(before, await WorkerClient.PollSerialAsync(farm.Knot.EndPoint, CatalogFarm.Catalog));
        IReadOnlyList<string> original = await farm.TransferFromMasterAsync(Zone);
        foreach (DnsServer consumer in (DnsServer[])[farm.Bind, farm.PowerDns])
            Assert.Equal(original, await DigTool.TransferAsync(consumer.EndPoint, Zone), StringComparer.OrdinalIgnoreCase);

        await farm.Agent.Worker.DeleteAcceptedAsync(Zone);
        await farm.GoneAsync(Zone);

        // With an older serial than before: what they held of it must be gone.
        await farm.CreateAsync(Zone, 1);
        Assert.Contains($"notify for zone '{Zone.TrimEnd('.')}': TSIG 'consumers'", farm.Bind.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consumer_that_was_away_wiped_or_edited_is_brought_back()
    {
        const string Zone = "kept.example.";
        await farm.CreateAsync(Zone, 1);

        await farm.Knot.KillAsync();
        await farm.ChangeAsync(Zone, 2);
        await farm.Knot.StartAsync();
        await farm.ServedAsync(Zone, 2);

        await farm.Knot.WipeAsync();
        await farm.Knot.StartAsync();
        await farm.ServedAsync(Zone, 2);

        // While another consumer is waited for, the order is done, and is not repeated before the driver's patience of 30 s is over.
        await farm.Knot.KillAsync();
        await farm.ChangeAsync(Zone, 3);
        await WorkerClient.ServedAsync(farm.PowerDns.EndPoint, Zone, 3, () => farm.Describe(farm.PowerDns));
        (await farm.PowerDns.UtilAsync("delete-zone", Zone)).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => await WorkerClient.PollSerialAsync(farm.PowerDns.EndPoint, Zone) == 3,
            () => farm.Describe(farm.PowerDns),
            TimeSpan.FromSeconds(20));
        await farm.Knot.StartAsync();
        await farm.ServedAsync(Zone, 3);
        await farm.Agent.ZoneIsOkAsync(Zone, 3);
    }

    [Fact]
    public async Task A_thousand_zones_come_and_go()
    {
        string[] names = [.. Enumerable.Range(0, 1000).Select(i => $"z{i.ToString(CultureInfo.InvariantCulture)}.many.example.")];
        ScriptedZones zones = new();
        foreach (string name in names) zones.Set(new ScriptedZone(name, 1));
        int port = LoopbackPort.Next();
        await using ScriptedMaster master = new(zones.Answer);
        await using KnotServer knot = new() { Reads = (CatalogFarm.Catalog, new IPEndPoint(IPAddress.Loopback, port)) };
        await knot.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync(string.Create(CultureInfo.InvariantCulture, $$"""
            port = {{port}}
            masters = ["{{master.EndPoint}}"]
            allow-transfer = ["127.0.0.0/8"]
            sweep { after-return = 0s }
            transfer { out-concurrent = 200, out-per-client = 100 }
            targets { farm { driver = catalog, name = "{{CatalogFarm.Catalog}}", consumers = ["{{knot.EndPoint}}"] } }
            """));

        await Parallel.ForEachAsync(names, AtOnce, async (name, _) => await agent.Worker.CreateAsync(name));
        foreach (string name in names) await WorkerClient.ServedAsync(knot.EndPoint, name, 1, () => $"{agent.Output}\n{knot.Output}");

        await Parallel.ForEachAsync(names, AtOnce, async (name, _) => await agent.Worker.DeleteAsync(name));
        foreach (string name in names) await WorkerClient.GoneAsync(knot.EndPoint, name, () => $"{agent.Output}\n{knot.Output}");
        IReadOnlyList<string> rest = await DigTool.TransferAsync(agent.Dns, CatalogFarm.Catalog);
        Assert.DoesNotContain(rest, line => line.Contains("many.example.", StringComparison.Ordinal));
        Assert.Contains(rest, line => line.Contains("version.catalog.example.", StringComparison.Ordinal));
    }
}
