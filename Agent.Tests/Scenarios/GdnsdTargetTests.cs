using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps a gdnsd at its master's content.</summary>
[Trait("Category", "Peer")]
public sealed class GdnsdTargetTests
{
    private const string Zone = "kept.example.";
    private const string Second = "second.example.";

    [Fact]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back()
    {
        ScriptedZones zones = new();
        zones.Set(new ScriptedZone(Zone, 1, hosts: 50));
        zones.Set(new ScriptedZone(Second, 1));
        await using ScriptedMaster master = new(zones.Answer);
        await using GdnsdServer server = new();
        await server.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { interval = 1s, after-return = 0s }
            targets { ns1 { {{server.TargetSettings}} } }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.Worker.CreateAcceptedAsync(Second);
        await ServedAsync(1);

        zones[Zone].Serial = 2;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await ServedAsync(2);
        await agent.RestartAsync(byKill: true);
        zones[Zone].Serial = 3;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await ServedAsync(3);

        await server.KillAsync();
        zones[Zone].Serial = 4;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await server.WipeAsync();
        await server.StartAsync();
        await ServedAsync(4);
        await WorkerClient.ServedAsync(server.EndPoint, Second, 1, () => agent.Output);

        File.Delete(Path.Combine(server.ZoneFolder, "kept.example"));
        (await server.ControlAsync("reload-zones")).EnsureSuccess();
        await ServedAsync(4);
        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(server.EndPoint, Zone));
        Assert.Equal([Path.Combine(server.ZoneFolder, "second.example")], Directory.GetFiles(server.ZoneFolder));

        Task ServedAsync(uint serial) => WorkerClient.ServedAsync(server.EndPoint, Zone, serial, () => agent.Output);
    }
}
