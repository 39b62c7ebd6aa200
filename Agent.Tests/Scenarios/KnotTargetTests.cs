using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps the zones of a Knot beside it.</summary>
[Trait("Category", "Peer")]
public sealed class KnotTargetTests
{
    private const string Zone = ComparedZone.Name;

    private readonly ComparedZone _zone = new();

    [Fact]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back()
    {
        await using ScriptedMaster master = new(_zone.AtMaster);
        await using KnotServer server = new() { HasDatabase = true };
        await server.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets { ns1 { {{server.TargetSettings}} } }
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
        Assert.Empty(Directory.EnumerateFileSystemEntries(server.ZoneFolder));
        await server.StartAnsweringAsync();
        await _zone.ServesAsync(agent, server.EndPoint);

        (await server.KnotcAsync("zone-begin", Zone)).EnsureSuccess();
        (await server.KnotcAsync("zone-unset", Zone, "host1")).EnsureSuccess();
        (await server.KnotcAsync("zone-commit", Zone)).EnsureSuccess();
        await WorkerClient.ServedAsync(server.EndPoint, Zone, 14, () => server.Output);
        await _zone.EditIsUndoneAsync(agent, server.EndPoint, $"host1.{Zone}");

        await agent.Worker.DeleteAcceptedAsync(Zone);
        await WorkerClient.GoneAsync(server.EndPoint, Zone, () => agent.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(server.ZoneFolder));
    }
}
