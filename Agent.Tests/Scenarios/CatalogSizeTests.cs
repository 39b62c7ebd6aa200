using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Agent.Bench.Peers;
using Xunit.Abstractions;

namespace Agent.Tests.Scenarios;

/// <summary>A large catalog through a real transfer: it takes its time, no more memory than its zones, and holds nobody else up.</summary>
[Trait("Category", "Peer")]
public sealed class CatalogSizeTests(ITestOutputHelper output)
{
    private const string Catalog = "catalog.example.";
    private const int Members = 10_000;
    private const long GrowthMaxBytes = 400L << 20;

    [Fact]
    public async Task Ten_thousand_members_come_while_other_zones_go_on()
    {
        string[] members =
            [.. Enumerable.Range(0, Members).Select(i => string.Create(CultureInfo.InvariantCulture, $"z{i}.member.invalid."))];
        await using var master = new KnotServer();
        await master.SetZoneAsync(Content(1, members[..1]));
        await master.StartAsync();
        await using var zones = new FastMaster([.. members, "other.invalid."], serial: 5);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            masters = ["{{zones.EndPoint}}"]
            allow-notify = ["127.0.0.1"]
            catalogs { "{{Catalog}}" { masters = ["{{master.EndPoint}}"], member-masters = ["{{zones.EndPoint}}"], retry-minimum = 200ms } }
            """);
        await agent.ZoneIsOkAsync(members[0], 5);
        long before = ProcessSample.ResidentBytesOf(agent);
        await master.SetZoneAsync(Content(2, members));
        Stopwatch clock = Stopwatch.StartNew();
        await agent.Worker.NotifyAcceptedAsync(Catalog);
        await Eventually.HoldsAsync(
            async () => await StatusAsync(agent) is { } catalog && catalog.GetProperty("members").GetInt32() > 1,
            () => $"begun\n{agent.Output}");

        // Somebody else's zone through its whole life, in the middle of it.
        await agent.Worker.CreateAcceptedAsync("other.invalid.");
        zones.SetSerial("other.invalid.", 6);
        await agent.Worker.NotifyAcceptedAsync("other.invalid.");
        await WorkerClient.ServedAsync(agent.Dns, "other.invalid.", 6, () => agent.Output);
        TimeSpan other = clock.Elapsed;
        await agent.Worker.DeleteAcceptedAsync("other.invalid.");

        await Eventually.HoldsAsync(
            async () => await StatusAsync(agent) is { } catalog && catalog.GetProperty("state").GetString() == "ok"
                && catalog.GetProperty("members").GetInt32() == Members,
            () => $"all are claimed\n{agent.Output}",
            TimeSpan.FromMinutes(3));
        TimeSpan claimed = clock.Elapsed;
        await Eventually.HoldsAsync(
            async () => (await agent.GetTextAsync("/metrics")).Contains("dnsagent_zones{state=\"ok\"} 10001", StringComparison.Ordinal),
            () => $"all are served\n{agent.Output}",
            TimeSpan.FromMinutes(3));
        long growth = ProcessSample.ResidentBytesOf(agent) - before;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"other zone {other.TotalSeconds:0.0} s, claimed {claimed.TotalSeconds:0.0} s, served {clock.Elapsed.TotalSeconds:0.0} s, "
                + $"+{growth >> 20} MiB"));
        Assert.InRange(growth, 0, GrowthMaxBytes);
    }

    private static MasterZone Content(uint serial, string[] members) => MasterZone.Create(
        Catalog,
        serial,
        ["version IN TXT \"2\"", .. members.Select((m, i) => string.Create(CultureInfo.InvariantCulture, $"m{i}.zones IN PTR {m}"))]);

    private static Task<JsonElement?> StatusAsync(AgentProcess agent) => agent.GetAsync($"/api/v1/catalogs/{Catalog}");
}
