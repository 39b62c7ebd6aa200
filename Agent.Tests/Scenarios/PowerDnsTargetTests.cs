using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps the zones of a PowerDNS.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsTargetTests
{
    private const string Zone = ComparedZone.Name;

    private readonly ComparedZone _zone = new();

    [Theory]
    [InlineData("powerdns-api")]
    [InlineData("powerdns-api, beside it")]
    [InlineData("powerdns-sql")]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back(string way)
    {
        await using ScriptedMaster master = new(_zone.AtMaster);
        await using PowerDnsTarget server = new();
        await server.StartAsync();
        string settings = way switch
        {
            "powerdns-api" => server.ApiTargetSettings,
            "powerdns-api, beside it" => server.ApiTargetSettingsBeside,
            _ => server.SqlTargetSettings,
        };
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets { ns1 { {{settings}} } }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await _zone.ServesAsync(agent, server.EndPoint);
        await _zone.ChangeAsync(agent, 11, 51);
        await _zone.ServesAsync(agent, server.EndPoint);
        await agent.RestartAsync(byKill: true);
        await _zone.ChangeAsync(agent, 12, 40);
        await _zone.ServesAsync(agent, server.EndPoint);

        await server.StopAsync();
        await _zone.ChangeAsync(agent, 13, 60);
        await server.WipeAsync();
        await server.StartAsync();
        await _zone.ServesAsync(agent, server.EndPoint);

        (await server.UtilAsync("delete-rrset", Zone, "host1", "A")).EnsureSuccess();
        (await server.UtilAsync("increase-serial", Zone)).EnsureSuccess();
        await server.FlushAsync(Zone);
        await WorkerClient.ServedAsync(server.EndPoint, Zone, 14, () => server.Output);
        await _zone.EditIsUndoneAsync(agent, server.EndPoint, $"host1.{Zone}");

        await agent.Worker.DeleteAcceptedAsync(Zone);
        await WorkerClient.GoneAsync(server.EndPoint, Zone, () => agent.Output);
        Assert.Equal("0", await server.SqlAsync("select count(*) from domains"));
    }
}
