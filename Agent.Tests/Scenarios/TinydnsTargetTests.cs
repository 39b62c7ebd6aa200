using Agent.Bench.Peers;
using static Agent.Tests.Scenarios.KeptZones;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps a tinydns at its master's content.</summary>
[Trait("Category", "Peer")]
public sealed class TinydnsTargetTests
{
    [Fact]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back()
    {
        await using TinydnsServer server = new();
        await server.StartAsync();
        await using KeptZones kept = await KeptZones.StartedAsync($"targets {{ ns1 {{ {server.TargetSettings} }} }}");
        AgentProcess agent = kept.Agent;
        await ServedAsync(Zone, 1);

        await kept.NotifyAsync(2);
        await ServedAsync(Zone, 2);
        await agent.RestartAsync(byKill: true);
        await kept.NotifyAsync(3);
        await ServedAsync(Zone, 3);

        File.Delete(server.Data);
        await ServedAsync(Zone, 3);
        await ServedAsync(Second, 1);

        await server.KillAsync();
        await kept.NotifyAsync(4);
        await server.StartAsync();
        await ServedAsync(Zone, 4);

        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await server.SerialAsync(Zone));
        Assert.Equal(1u, await server.SerialAsync(Second));

        Task ServedAsync(string zone, uint serial) => Eventually.HoldsAsync(
            async () => await server.SerialAsync(zone) == serial, () => $"{zone} with serial {serial}\n{agent.Output}");
    }
}
