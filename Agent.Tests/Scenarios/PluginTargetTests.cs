using Agent.Bench.Peers;
using Agent.Tests.Plugins;

namespace Agent.Tests.Scenarios;

/// <summary>An agent with the sample of a driver from outside, beside one that is broken.</summary>
public sealed class PluginTargetTests
{
    private const string Zone = "kept.example.";

    [Fact]
    public async Task A_driver_from_outside_keeps_its_server_level_and_a_broken_one_holds_up_nobody()
    {
        using PluginBed plugins = PluginBed.WithSample();
        plugins.AddText("broken");
        using TemporaryFolder lists = new("lists");
        string list = lists.Combine("kept.example.records");
        ScriptedZones zones = new();
        zones.Set(new ScriptedZone(Zone, 1, hosts: 20));
        await using ScriptedMaster master = new(zones.Answer);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            plugins = "{{plugins.FullPath}}"
            sweep { interval = 1s, after-return = 0s }
            targets {
              lists { driver = record-folder, folder = "{{lists.FullPath}}" }
              ns1 { driver = broken, host = "192.0.2.1" }
              ns2 { driver = record-folder, folder = "{{lists.FullPath}}", suffix = "" }
              own { driver = embedded }
            }
            """);

        await agent.Worker.CreateAcceptedAsync(Zone);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        Assert.Equal("1", FirstLine());
        Assert.StartsWith($"{Zone} 3600 IN SOA ", File.ReadLines(list).ElementAt(1), StringComparison.Ordinal);
        Assert.Contains($"target ns1 stays away: the plugin {plugins.FileOf("broken")} cannot be used: BadImage", agent.Output);
        Assert.Contains("target ns2 stays away", agent.Output, StringComparison.Ordinal);
        Assert.Contains("suffix: '' cannot be the end of a file's name", agent.Output, StringComparison.Ordinal);

        await agent.RestartAsync(byKill: true);
        zones[Zone].Serial = 2;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await Eventually.HoldsAsync(() => FirstLine() == "2", () => agent.Output);
        File.Delete(list);
        await Eventually.HoldsAsync(() => File.Exists(list) && FirstLine() == "2", () => $"a sweep puts it back\n{agent.Output}");
        await agent.Worker.DeleteAcceptedAsync(Zone);

        Assert.Empty(Directory.GetFiles(lists.FullPath));

        string FirstLine() => File.ReadLines(list).First();
    }
}
