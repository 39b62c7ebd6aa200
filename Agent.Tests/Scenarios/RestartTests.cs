using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>What was promised holds over the end of the agent or of the target, in order or by force.</summary>
[Trait("Category", "Peer")]
public sealed class RestartTests
{
    private const string Zone = "durable.example.";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keeps_its_zones(bool byKill)
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 3));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);

        await farm.Agent.RestartAsync(byKill);
        await farm.Master.BumpAsync(Zone, "after 60 IN A 192.0.2.44");
        await farm.Agent.Worker.NotifyAcceptedAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone);
        await farm.Agent.Worker.DeleteAcceptedAsync(Zone);
        await farm.Agent.RestartAsync(byKill);
        // The kill may have come between the answer and the row's end; the next run makes that good.
        await Eventually.HoldsAsync(async () => await farm.Agent.ZoneAsync(Zone) is null, () => $"{Zone} forgotten\n{farm.Agent.Output}");
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, Zone));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Finds_by_itself_what_changed_meanwhile(bool byKill)
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 3));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await (byKill ? farm.Agent.KillAsync() : farm.Agent.StopAsync());
        await farm.Master.BumpAsync(Zone, "meanwhile 60 IN A 192.0.2.45");

        await farm.Agent.StartAsync();

        await farm.TargetEqualsMasterAsync(Zone);
    }

    [Fact]
    public async Task Finishes_a_noted_change_that_a_kill_interrupted()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 3));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Target.StopAsync();
        await farm.Master.BumpAsync(Zone, "noted 60 IN A 192.0.2.46");
        await farm.Agent.Worker.NotifyAcceptedAsync(Zone);

        await farm.Agent.RestartAsync(byKill: true);
        await farm.Target.StartAsync();

        await farm.TargetEqualsMasterAsync(Zone);
    }

    [Fact]
    public async Task Brings_a_target_level_that_was_away()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 3));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Target.StopAsync();
        await farm.Master.BumpAsync(Zone, "away 60 IN A 192.0.2.47");
        await farm.Agent.Worker.NotifyAcceptedAsync(Zone);

        await farm.Target.StartAsync();

        await farm.TargetEqualsMasterAsync(Zone);
    }

    [Fact]
    public async Task Restores_a_target_that_lost_everything()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 3));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Target.StopAsync();
        foreach (string file in Directory.GetFiles(farm.Target.FolderPath).Where(file => !file.EndsWith(".key", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }

        // Its absence is noticed by a probe, not by a change.
        await Eventually.HoldsAsync(
            async () => (await farm.Agent.GetAsync("/api/v1/targets"))!.Value.GetRawText().Contains("\"away\"", StringComparison.Ordinal),
            () => $"the target is seen away\n{farm.Agent.Output}");
        await farm.Target.StartAsync();

        await farm.TargetEqualsMasterAsync(Zone);
    }

    [Fact]
    public async Task Restores_a_target_while_every_master_is_away()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 6, 3));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Master.StopAsync();
        (await farm.Target.RndcAsync("delzone", "-clean", "durable.example")).EnsureSuccess();

        await farm.Agent.RestartAsync(byKill: true);

        await WorkerClient.ServedAsync(farm.Target.EndPoint, Zone, 6, () => farm.Agent.Output);
    }

    [Fact]
    public async Task Refuses_a_second_agent_on_the_same_data()
    {
        await using AgentProcess first = await AgentProcess.StartedAsync("backend-driver = embedded");
        string dataFolder = first.DataFolder;

        await using AgentProcess second = new("backend-driver = embedded");
        await using ChildProcess process = await second.LaunchAsync($"agent.data-dir={dataFolder}");

        Assert.NotEqual(0, await process.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains(dataFolder, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ready ", process.Output, StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.OK, await first.GetStatusAsync("/readyz"));
        Assert.Equal(0, await first.StopAsync());
    }
}
