using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps the zones of a PowerDNS.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsTargetTests
{
    private const string Zone = "kept.example.";

    private readonly ScriptedZone _zone = new(Zone, 10, hosts: 50);

    [Theory]
    [InlineData("powerdns-api")]
    [InlineData("powerdns-sql")]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back(string driver)
    {
        await using ScriptedMaster master = new(_zone);
        await using PowerDnsTarget server = new();
        await server.StartAsync();
        string settings = driver == "powerdns-api" ? server.ApiTargetSettings : server.SqlTargetSettings;
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets { ns1 { {{settings}} } }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await ServesAsync(agent, server);
        await ChangeAsync(agent, 11, 51);
        await ServesAsync(agent, server);
        await agent.RestartAsync(byKill: true);
        await ChangeAsync(agent, 12, 40);
        await ServesAsync(agent, server);

        await server.StopAsync();
        await ChangeAsync(agent, 13, 60);
        await server.WipeAsync();
        await server.StartAsync();
        await ServesAsync(agent, server);

        (await server.UtilAsync("delete-rrset", Zone, "host1", "A")).EnsureSuccess();
        (await server.UtilAsync("increase-serial", Zone)).EnsureSuccess();
        await server.FlushAsync(Zone);
        await WorkerClient.ServedAsync(server.EndPoint, Zone, 14, () => server.Output);
        ToolResult difference = await DiffAsync(agent);
        Assert.True(difference.ExitCode == 1, difference.Error);
        Assert.Contains($"+ host1.{Zone}", difference.Output, StringComparison.Ordinal);
        await agent.RestartAsync(byKill: true);
        await ServesAsync(agent, server);

        await agent.Worker.DeleteAcceptedAsync(Zone);
        await WorkerClient.GoneAsync(server.EndPoint, Zone, () => agent.Output);
        Assert.Equal("0", await server.SqlAsync("select count(*) from domains"));
    }

    private static Task<ToolResult> DiffAsync(AgentProcess agent)
    {
        string token = Path.Combine(agent.DataFolder, "api-token");
        return agent.CommandAsync("zone", "diff", Zone, "--target", "ns1", "--api", $"http://{agent.Management}", "--token-file", token);
    }

    private async Task ChangeAsync(AgentProcess agent, uint serial, int hosts)
    {
        (_zone.Serial, _zone.Hosts) = (serial, hosts);
        await agent.Worker.NotifyAcceptedAsync(Zone);
    }

    private async Task ServesAsync(AgentProcess agent, PowerDnsTarget server)
    {
        await WorkerClient.ServedAsync(server.EndPoint, Zone, _zone.Serial, () => agent.Output);
        await agent.ZoneIsOkAsync(Zone, _zone.Serial);
        ToolResult difference = await DiffAsync(agent);
        Assert.True(difference.ExitCode == 0, difference.Output + difference.Error);
    }
}
