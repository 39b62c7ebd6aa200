using System.Globalization;
using System.Net;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A real BIND that hands a catalog out, and an agent whose zones are what the catalog says.</summary>
public sealed class CatalogTests : IAsyncLifetime
{
    private const string Catalog = "catalog.example.";
    private readonly BindServer _master = new();
    private uint _serial = 1;

    public async Task InitializeAsync()
    {
        await _master.SetZoneAsync(MasterZone.Create(Catalog, 1, Lines("one", "two", "three", "four")));
        foreach (string name in (string[])["one", "two", "three", "four", "five"])
            await _master.SetZoneAsync(MasterZone.WithHosts($"{name}.example.", 7, 2));
        await _master.StartAsync();
    }

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task Members_come_and_go_with_the_catalog_and_belong_to_it()
    {
        await using AgentProcess agent = await StartAsync();
        foreach (string name in (string[])["one", "two", "three", "four"]) await agent.ZoneIsOkAsync($"{name}.example.", 7);
        await IsAsync(agent, "ok", 4);
        JsonElement zone = (await agent.ZoneAsync("one.example."))!.Value;
        Assert.Equal(Catalog, zone.GetProperty("catalog").GetProperty("name").GetString());
        Assert.Equal("m-one", zone.GetProperty("catalog").GetProperty("label").GetString());
        await WorkerClient.GoneAsync(agent.Dns, Catalog, () => agent.Output);

        // Nobody else takes it away, by DNS or by HTTP, and the catalog itself cannot be deleted.
        Assert.Equal(5, (await agent.Worker.DeleteAsync("one.example.")).ResponseCode);
        Assert.Equal(HttpStatusCode.Conflict, await agent.SendAsync(HttpMethod.Delete, "/api/v1/zones/one.example."));
        Assert.Equal(HttpStatusCode.Conflict, await agent.SendAsync(HttpMethod.Delete, $"/api/v1/zones/{Catalog}"));

        await agent.Worker.CreateAcceptedAsync("five.example.");
        await ChangeAsync(agent, "one", "two", "three", "five");
        await WorkerClient.GoneAsync(agent.Dns, "four.example.", () => agent.Output);
        JsonElement catalog = await IsAsync(agent, "conflict", 3);
        Assert.Equal("five.example.", catalog.GetProperty("conflicting")[0].GetProperty("zone").GetString());
        Assert.Equal("owned-elsewhere", catalog.GetProperty("conflicting")[0].GetProperty("reason").GetProperty("code").GetString());

        // Once the zone is free, the catalog gets what it claims.
        await agent.Worker.DeleteAcceptedAsync("five.example.");
        await IsAsync(agent, "ok", 4);
        await agent.ZoneIsOkAsync("five.example.", 7);
    }

    [Fact]
    public async Task A_broken_catalog_and_a_mass_removal_leave_the_zones_alone()
    {
        await using AgentProcess agent = await StartAsync();
        await IsAsync(agent, "ok", 4);

        await _master.SetZoneAsync(MasterZone.Create(Catalog, ++_serial, Lines("one")[1..]));
        await agent.Worker.NotifyAcceptedAsync(Catalog);
        JsonElement catalog = await IsAsync(agent, "broken", 4);
        Assert.Equal("catalog-broken", catalog.GetProperty("reason").GetProperty("code").GetString());

        await ChangeAsync(agent, "one", "five");
        await IsAsync(agent, "waiting", 5);
        await agent.ZoneIsOkAsync("five.example.", 7);
        await agent.RestartAsync(byKill: true);
        catalog = await IsAsync(agent, "waiting", 5);
        Assert.Equal(3, catalog.GetProperty("removing").GetInt32());
        foreach (string name in (string[])["two", "three", "four"]) await agent.ZoneIsOkAsync($"{name}.example.", 7);
        Assert.Contains("- two.example.", (await CommandAsync(agent, "diff", Catalog)).Output, StringComparison.Ordinal);
        string waiting = $"dnsagent_catalog_removals_waiting{{catalog=\"{Catalog}\"}} 3";
        Assert.Contains(waiting, await agent.GetTextAsync("/metrics"), StringComparison.Ordinal);

        Assert.Equal(1, (await CommandAsync(agent, "approve", Catalog, "--serial", "1")).ExitCode);
        Assert.Equal(0, (await CommandAsync(agent, "approve", Catalog)).ExitCode);
        await IsAsync(agent, "ok", 2);
        foreach (string name in (string[])["two", "three", "four"])
            await WorkerClient.GoneAsync(agent.Dns, $"{name}.example.", () => agent.Output);
        Assert.Equal(1, (await CommandAsync(agent, "approve", Catalog)).ExitCode);
        Assert.Contains(Catalog, (await CommandAsync(agent, "list")).Output, StringComparison.Ordinal);
    }

    private async Task ChangeAsync(AgentProcess agent, params string[] members)
    {
        await _master.SetZoneAsync(MasterZone.Create(Catalog, ++_serial, Lines(members)));
        await agent.Worker.NotifyAcceptedAsync(Catalog);
    }

    private static string[] Lines(params string[] members) =>
        ["version IN TXT \"2\"", .. members.Select(m => $"m-{m}.zones IN PTR {m}.example.")];

    private static async Task<JsonElement> IsAsync(AgentProcess agent, string state, int members)
    {
        JsonElement last = default;
        await Eventually.HoldsAsync(
            async () =>
            {
                if (await agent.GetAsync($"/api/v1/catalogs/{Catalog}") is not { } catalog) return false;
                last = catalog;
                return catalog.GetProperty("state").GetString() == state && catalog.GetProperty("members").GetInt32() == members;
            },
            () => string.Create(CultureInfo.InvariantCulture, $"catalog is {state} with {members} members, not {last}\n{agent.Output}"));
        return last;
    }

    private static Task<ToolResult> CommandAsync(AgentProcess agent, string command, params string[] arguments)
    {
        string token = Path.Combine(agent.DataFolder, "api-token");
        return agent.CommandAsync(["catalog", command, .. arguments, "--api", $"http://{agent.Management}", "--token-file", token]);
    }

    private Task<AgentProcess> StartAsync() => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{_master.EndPoint}}"]
        catalogs { "{{Catalog}}" { masters = ["{{_master.EndPoint}}"], removal-minimum = 3, retry-minimum = 200ms, retry-maximum = 2s } }
        """);
}
