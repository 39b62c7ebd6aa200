using System.Net;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Catalogs that servers make by themselves of the zones that they serve, and tell of by NOTIFY (BIND's is in
/// <see cref="CatalogTests"/>).</summary>
[Trait("Category", "Peer")]
public sealed class CatalogProducerTests
{
    private const string Catalog = "catalog.example.";

    [Fact]
    public Task The_zones_follow_the_catalog_that_Knot_generates() =>
        FollowsAsync(port => new KnotServer { Catalog = Catalog, NotifyTargets = [new IPEndPoint(IPAddress.Loopback, port)] });

    [Fact]
    public Task The_zones_follow_the_catalog_that_PowerDNS_produces() =>
        FollowsAsync(port => new PowerDnsServer { Catalog = Catalog, NotifyTargets = [new IPEndPoint(IPAddress.Loopback, port)] });

    private static async Task FollowsAsync(Func<int, CatalogProducer> create)
    {
        int port = LoopbackPort.Next();
        await using CatalogProducer producer = create(port);
        foreach (string name in (string[])["one", "two", "three"])
            await producer.SetZoneAsync(MasterZone.WithHosts($"{name}.example.", 7, 2));
        await producer.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            port = {{port}}
            backend-driver = embedded
            masters = ["{{producer.EndPoint}}"]
            transfer { refresh-minimum = 1s, refresh-maximum = 1h }
            catalogs { "{{Catalog}}" {
              masters = ["{{producer.EndPoint}}"], groups { fast { masters = ["{{producer.EndPointIPv6}}"] } }, retry-minimum = 200ms, retry-maximum = 2s
            } }
            """);
        foreach (string name in (string[])["one", "two", "three"]) await agent.ZoneIsOkAsync($"{name}.example.", 7);
        await WorkerClient.ServedAsync(agent.Dns, "one.example.", 7);
        Assert.Equal(5, (await agent.Worker.DeleteAsync("one.example.")).ResponseCode);

        // Content, a member more and a member less: nobody but the producer says so.
        await producer.BumpAsync("two.example.", "more 300 IN A 192.0.2.77");
        await producer.NotifyAsync("two.example.");
        await agent.ZoneIsOkAsync("two.example.", 8);
        await producer.SetZoneAsync(MasterZone.WithHosts("four.example.", 5, 2));
        await agent.ZoneIsOkAsync("four.example.", 5);
        await producer.DeleteZoneAsync("three.example.");
        await WorkerClient.GoneAsync(agent.Dns, "three.example.", () => agent.Output);

        // A group has masters of its own here.
        await producer.SetGroupAsync("one.example.", "fast");
        await Eventually.HoldsAsync(
            async () => await agent.ZoneAsync("one.example.") is { } zone && GroupOf(zone) == "fast"
                && zone.GetProperty("masters")[0].GetString() == producer.EndPointIPv6.ToString(),
            () => $"one.example. is of the group fast\n{agent.Output}\n{producer.Output}");
        await agent.ZoneIsOkAsync("one.example.", 7);
        await WorkerClient.ServedAsync(agent.Dns, "one.example.", 7);
    }

    private static string? GroupOf(JsonElement zone) =>
        zone.GetProperty("catalog") is { ValueKind: JsonValueKind.Object } catalog ? catalog.GetProperty("group").GetString() : null;
}
