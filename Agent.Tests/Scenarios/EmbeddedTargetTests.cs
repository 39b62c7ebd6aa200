using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>The agent as the authoritative server of its zones, with real masters.</summary>
[Trait("Category", "Peer")]
public sealed class EmbeddedTargetTests
{
    private const string Zone = "embedded.example.";

    [Theory]
    [InlineData("knot")]
    [InlineData("bind")]
    [InlineData("nsd")]
    public async Task Serves_what_the_master_serves(string kind)
    {
        await using MasterServer master = Farm.CreateMaster(kind);
        await master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 300));
        await master.StartAsync();
        await using AgentProcess agent = await StartAsync(master);

        await agent.Worker.CreateAcceptedAsync(Zone);
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(agent.Dns, Zone));

        await master.BumpAsync(Zone, "more 60 IN A 192.0.2.3");
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 2, () => agent.Output);
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(agent.Dns, Zone));

        await agent.RestartAsync(byKill: true);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 2, () => agent.Output);
        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
    }

    [Fact]
    public async Task Serves_after_a_restart_while_every_master_is_away()
    {
        await using MasterServer master = new KnotServer();
        await master.SetZoneAsync(MasterZone.WithHosts(Zone, 4, 5));
        await master.StartAsync();
        await using AgentProcess agent = await StartAsync(master);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await master.StopAsync();

        await agent.RestartAsync(byKill: true);

        await WorkerClient.ServedAsync(agent.Dns, Zone, 4, () => agent.Output);
    }

    private static Task<AgentProcess> StartAsync(MasterServer master) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{master.EndPoint}}"]
        allow-transfer = ["127.0.0.1"]
        """);
}
