using Agent.Bench.Peers;
using static Agent.Tests.Scenarios.KeptZones;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps a gdnsd at its master's content.</summary>
[Trait("Category", "Peer")]
public sealed class GdnsdTargetTests
{
    [Fact]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back()
    {
        await using GdnsdServer server = new();
        await server.StartAsync();
        await using KeptZones kept = await KeptZones.StartedAsync($"targets {{ ns1 {{ {server.TargetSettings} }} }}");
        AgentProcess agent = kept.Agent;
        await ServedAsync(1);

        await kept.NotifyAsync(2);
        await ServedAsync(2);
        await agent.RestartAsync(byKill: true);
        await kept.NotifyAsync(3);
        await ServedAsync(3);

        await server.KillAsync();
        await kept.NotifyAsync(4);
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
