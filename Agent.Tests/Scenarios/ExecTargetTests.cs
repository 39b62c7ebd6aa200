using Agent.Bench.Peers;
using Agent.Tests.Backends.Exec;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps a server at its master's content through the example program of <c>deploy/drivers</c>.</summary>
[Trait("Category", "Peer")]
public sealed class ExecTargetTests
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
        await using NsdServer server = new();
        await server.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { interval = 1s, after-return = 0s }
            {{NsdScript.Settings(server)}}
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.Worker.CreateAcceptedAsync(Second);
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(server.EndPoint, Zone));

        zones[Zone].Serial = 2;
        await agent.RestartAsync(byKill: true);
        await ServedAsync(2);

        await server.KillAsync();
        zones[Zone].Serial = 3;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await server.WipeAsync();
        await server.StartAsync();
        await ServedAsync(3);
        await WorkerClient.ServedAsync(server.EndPoint, Second, 1, () => agent.Output);

        (await server.ControlAsync("delzone", "kept.example")).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => (await server.ControlAsync("zonestatus", "kept.example")).ExitCode == 0,
            () => $"a sweep puts it back\n{agent.Output}");
        await ServedAsync(3);
        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(server.EndPoint, Zone));
        Assert.Equal([Path.Combine(server.ZoneFolder, "second.example.zone")], Directory.GetFiles(server.ZoneFolder, "*.zone"));

        Task ServedAsync(uint serial) => WorkerClient.ServedAsync(server.EndPoint, Zone, serial, () => agent.Output);
    }
}
