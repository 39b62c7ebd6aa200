using Agent.Bench.Peers;
using static Agent.Tests.Scenarios.KeptZones;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps an NSD at its master's content.</summary>
[Trait("Category", "Peer")]
public sealed class NsdTargetTests
{
    [Fact]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back()
    {
        await using NsdServer server = new();
        await server.StartAsync();
        await using KeptZones kept = await KeptZones.StartedAsync(Farm.TargetSettings(server));
        AgentProcess agent = kept.Agent;
        Assert.Equal(await DigTool.TransferAsync(kept.Master.EndPoint, Zone), await DigTool.TransferAsync(server.EndPoint, Zone));

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

        (await server.ControlAsync("delzone", "kept.example")).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => (await server.ControlAsync("zonestatus", "kept.example")).ExitCode == 0,
            () => $"a sweep puts it back\n{agent.Output}");
        await ServedAsync(4);
        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(server.EndPoint, Zone));
        Assert.Equal([Path.Combine(server.ZoneFolder, "second.example.zone")], Directory.GetFiles(server.ZoneFolder));

        Task ServedAsync(uint serial) => WorkerClient.ServedAsync(server.EndPoint, Zone, serial, () => agent.Output);
    }
}
