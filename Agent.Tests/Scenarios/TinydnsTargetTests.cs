using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps a tinydns at its master's content.</summary>
[Trait("Category", "Peer")]
public sealed class TinydnsTargetTests
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
        await using TinydnsServer server = new();
        await server.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { interval = 1s, after-return = 0s }
            targets { ns1 { {{server.TargetSettings}} } }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.Worker.CreateAcceptedAsync(Second);
        await ServedAsync(Zone, 1);

        zones[Zone].Serial = 2;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await ServedAsync(Zone, 2);
        await agent.RestartAsync(byKill: true);
        zones[Zone].Serial = 3;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await ServedAsync(Zone, 3);

        File.Delete(server.Data);
        await ServedAsync(Zone, 3);
        await ServedAsync(Second, 1);

        await server.KillAsync();
        zones[Zone].Serial = 4;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await server.StartAsync();
        await ServedAsync(Zone, 4);

        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await server.SerialAsync(Zone));
        Assert.Equal(1u, await server.SerialAsync(Second));

        Task ServedAsync(string zone, uint serial) => Eventually.HoldsAsync(
            async () => await server.SerialAsync(zone) == serial, () => $"{zone} with serial {serial}\n{agent.Output}");
    }
}
