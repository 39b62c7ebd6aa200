using System.Net;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A master whose zone is suddenly not fit to be served, and an operator who decides.</summary>
public sealed class GuardTests
{
    private const string Zone = "guarded.example.";
    private readonly ScriptedZone _zone = new(Zone, 1, hosts: 40);

    [Fact]
    public async Task A_zone_that_shrinks_waits_over_a_restart_and_is_used_when_it_is_approved()
    {
        await using var master = new ScriptedMaster(_zone);
        await using AgentProcess agent = await StartAsync(master.EndPoint);
        await ShrinkAsync(agent, 2);
        await agent.RestartAsync(byKill: true);
        await IsBlockedAsync(agent, 2);
        int transfers = master.CountOf(DnsTestMessage.TypeAxfr) + master.CountOf(DnsTestMessage.TypeIxfr);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        Assert.Equal(5, (await CommandAsync(agent, "wait", Zone)).ExitCode);
        Assert.Equal(transfers, master.CountOf(DnsTestMessage.TypeAxfr) + master.CountOf(DnsTestMessage.TypeIxfr));

        Assert.Equal(HttpStatusCode.Conflict, await agent.SendAsync(HttpMethod.Post, $"/api/v1/zones/{Zone}/approve?serial=3"));
        Assert.Equal(HttpStatusCode.BadRequest, await agent.SendAsync(HttpMethod.Post, $"/api/v1/zones/{Zone}/approve"));
        Assert.Contains("guard-shrink", (await CommandAsync(agent, "status", Zone)).Output, StringComparison.Ordinal);
        await ChangeIsShownAsync(agent);
        Assert.Equal(0, (await CommandAsync(agent, "approve", Zone)).ExitCode);
        await agent.ZoneIsOkAsync(Zone, 2);
        ToolResult nothing = await CommandAsync(agent, "diff", Zone);
        Assert.Equal(1, nothing.ExitCode);
        Assert.Contains("nothing-waits", nothing.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await CommandAsync(agent, "approve", Zone)).ExitCode);
    }

    [Fact]
    public async Task A_rejected_serial_is_left_alone_and_the_next_one_is_judged_anew()
    {
        await using var master = new ScriptedMaster(_zone);
        await using AgentProcess agent = await StartAsync(master.EndPoint);
        await ShrinkAsync(agent, 2);
        await ShrinkAsync(agent, 3);
        Assert.Contains(
            "dnsagent_guard_blocked_total{guard=\"guard-shrink\"} 2", await agent.GetTextAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal(0, (await CommandAsync(agent, "reject", Zone)).ExitCode);
        await Eventually.HoldsAsync(
            async () => (await agent.ZoneAsync(Zone))?.GetProperty("candidate").GetProperty("state").GetString() == "rejected",
            () => agent.Output);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));

        (_zone.Serial, _zone.Hosts) = (4, 41);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await agent.ZoneIsOkAsync(Zone, 4);
        Assert.Equal(JsonValueKind.Null, (await agent.ZoneAsync(Zone))?.GetProperty("candidate").ValueKind);
    }

    [Fact]
    public async Task A_zone_with_guards_of_its_own_is_judged_by_them()
    {
        await using var master = new ScriptedMaster(_zone);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            masters = ["{{master.EndPoint}}"]
            zones { "*.example" { guard { shrink-percent = 100 } } }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        (_zone.Serial, _zone.Hosts) = (2, 0);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await agent.ZoneIsOkAsync(Zone, 2);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 2, () => agent.Output);
    }

    /// <summary>What would go, with its SOA in front, and no more of it than was asked for.</summary>
    private static async Task ChangeIsShownAsync(AgentProcess agent)
    {
        ToolResult whole = await CommandAsync(agent, "diff", Zone);
        Assert.Equal(0, whole.ExitCode);
        string[] lines = whole.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith($"{Zone} serial 1 to 2: 40 records go, 0 come; guard-shrink: ", lines[0], StringComparison.Ordinal);
        Assert.Single(lines, line => line.StartsWith('+'));
        Assert.Equal(41, lines.Count(line => line.StartsWith("- ", StringComparison.Ordinal)));
        Assert.Matches($"^- {Zone}\\s.*SOA.* 1 ", lines[1]);

        using JsonDocument few = JsonDocument.Parse(await agent.GetTextAsync($"/api/v1/zones/{Zone}/diff?limit=3"));
        Assert.Equal(3, few.RootElement.GetProperty("removed").GetArrayLength());
        Assert.Equal(40, few.RootElement.GetProperty("removedCount").GetInt32());
        Assert.True(few.RootElement.GetProperty("isTruncated").GetBoolean());
        Assert.Equal(HttpStatusCode.BadRequest, await agent.SendAsync(HttpMethod.Get, $"/api/v1/zones/{Zone}/diff?limit=0"));
        Assert.Equal(HttpStatusCode.NotFound, await agent.SendAsync(HttpMethod.Get, "/api/v1/zones/unknown.example./diff"));
    }

    private async Task ShrinkAsync(AgentProcess agent, uint serial)
    {
        if (_zone.Serial == 1) await agent.Worker.CreateAcceptedAsync(Zone);
        (_zone.Serial, _zone.Hosts) = (serial, 0);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await IsBlockedAsync(agent, serial);
    }

    private static Task IsBlockedAsync(AgentProcess agent, uint serial) => Eventually.HoldsAsync(
        async () => await agent.ZoneAsync(Zone) is { } zone && zone.GetProperty("state").GetString() == "blocked"
            && zone.GetProperty("candidate").GetProperty("serial").GetUInt32() == serial,
        () => $"{Zone} blocked with serial {serial}\n{agent.Output}");

    private static Task<ToolResult> CommandAsync(AgentProcess agent, string command, string zone)
    {
        string token = Path.Combine(agent.DataFolder, "api-token");
        return agent.CommandAsync("zone", command, zone, "--api", $"http://{agent.Management}", "--token-file", token);
    }

    private static Task<AgentProcess> StartAsync(IPEndPoint master) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{master}}"]
        """);
}
