using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>What servers keep of a zone beside its records: changed by hand there, or by the operator in the target's settings.</summary>
[Trait("Category", "Peer")]
public sealed class ZoneSettingsTests
{
    private const string Zone = "settings.example.";
    private const string Name = "settings.example";

    private static readonly string[] Targets = ["bind", "nsd", "knot"];

    [Fact]
    public async Task Other_settings_of_a_zone_are_told_and_put_right_in_place()
    {
        ScriptedZone zone = new(Zone, 10, hosts: 3);
        await using ScriptedMaster master = new(zone);
        await using BindServer bind = new();
        await using NsdServer nsd = new();
        await using KnotServer knot = new() { HasDatabase = true };
        await Task.WhenAll(bind.StartAsync(), nsd.StartAsync(), knot.StartAsync());
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { content-interval = 1s, content-after-start = 0s, content-checks-per-second = 20 }
            targets {
              bind { {{bind.TargetSettings}}, zone-options = "max-journal-size 1M;" }
              nsd {
                driver = nsd, server = "{{nsd.EndPoint}}", control = "unix:{{nsd.ControlPath}}"
                pattern = {{NsdServer.TargetPattern}}, zone-directory = "{{nsd.ZoneFolder}}"
              }
              knot { {{knot.TargetSettings}} }
            }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.ZoneIsOkAsync(Zone, 10);

        string file = Path.Combine(bind.ZoneFolder, "settings.example.zone");
        (await bind.RndcAsync("modzone", Name, $"{{ type primary; file \"{file}\"; max-journal-size 5M; }};")).EnsureSuccess();
        (await nsd.ControlAsync("changezone", Name, NsdServer.SecondTargetPattern)).EnsureSuccess();
        foreach (string[] command in new string[][] { ["conf-begin"], ["conf-set", $"zone[{Zone}].comment", "by hand"], ["conf-commit"] })
            (await knot.KnotcAsync(command)).EnsureSuccess();

        foreach ((string target, string words) in Targets.Zip(["5242880", NsdServer.SecondTargetPattern, "by hand"]))
        {
            JsonElement found = await DriftAsync(agent, target, count: 1);
            Assert.Equal(("settings", "reported"), (found.GetProperty("kind").GetString(), found.GetProperty("state").GetString()));
            Assert.Contains(words, found.GetProperty("settings").GetString(), StringComparison.Ordinal);
            (await RepairAsync(agent, target)).EnsureSuccess();
            await DriftAsync(agent, target, count: 0);
        }

        Assert.Contains("1048576", await ShownAsync(bind), StringComparison.Ordinal);
        Assert.Matches($@"pattern:\s+{NsdServer.TargetPattern}\s", (await nsd.ControlAsync("zonestatus", Name)).EnsureSuccess().Output);
        Assert.DoesNotContain(
            "by hand", (await knot.KnotcAsync("conf-read", $"zone[{Zone}].comment")).EnsureSuccess().Output, StringComparison.Ordinal);

        // Another template comes with a start of the agent, and to each zone by a repair.
        agent.Settings = agent.Settings.Replace("max-journal-size 1M", "max-journal-size 2M", StringComparison.Ordinal);
        await agent.RestartAsync(byKill: false);
        (await RepairAsync(agent, "bind")).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => (await ShownAsync(bind)).Contains("2097152", StringComparison.Ordinal), () => $"the zone has it\n{agent.Output}");
        Assert.DoesNotContain("'delzone", bind.Output, StringComparison.Ordinal);
        Assert.Equal(10u, await WorkerClient.PollSerialAsync(bind.EndPoint, Zone));
    }

    private static async Task<string> ShownAsync(BindServer bind) => (await bind.RndcAsync("showzone", Name)).EnsureSuccess().Output;

    private static Task<ToolResult> RepairAsync(AgentProcess agent, string target) => agent.CommandAsync(
        "target", "repair", target, Zone, "--api", $"http://{agent.Management}",
        "--token-file", Path.Combine(agent.DataFolder, "api-token"));

    /// <summary>Waits until so many zones are known to differ there, and gives the first.</summary>
    private static async Task<JsonElement> DriftAsync(AgentProcess agent, string target, int count)
    {
        JsonElement drift = default;
        await Eventually.HoldsAsync(
            async () => (drift = (await agent.GetAsync($"/api/v1/targets/{target}/drift"))!.Value.GetProperty("drift"))
                .GetArrayLength() == count,
            () => $"{count} zones of {target} differ: {drift}\n{agent.Output}");
        return drift.EnumerateArray().FirstOrDefault();
    }
}
