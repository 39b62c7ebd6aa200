using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>What others did at a real server, by the rule <c>adopt</c>; and what is known of an edit when the agent starts anew.</summary>
[Trait("Category", "Peer")]
public sealed class DriftAdoptionTests
{
    private const string Zone = "drift.example.";
    private const string Strange = "strange.example.";

    [Fact]
    public async Task A_zone_added_by_hand_becomes_ours_an_edit_is_undone_and_one_that_is_only_told_is_found_again_after_a_start()
    {
        ScriptedZones zones = new();
        zones.Set(new ScriptedZone(Zone, 10, hosts: 5));
        zones.Set(new ScriptedZone(Strange, 4, hosts: 5));
        await using ScriptedMaster master = new(zones.Answer);
        await using BindServer bind = new();
        using TemporaryFolder files = new("drift");
        await bind.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { interval = 1s, after-return = 0s, content-interval = 1s, content-after-start = 0s, content-checks-per-second = 20 }
            target-rules { drift = report }
            targets {
              bind { {{bind.TargetSettings}}, drift = adopt, zone-options = "ixfr-from-differences no;" }
              files { driver = zone-files, directory = "{{files.FullPath}}" }
            }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.ZoneIsOkAsync(Zone, 10);

        // The zone with a record of its own, and an older serial than the masters have.
        string file = Path.Combine(bind.ZoneFolder, "strange.example.zone");
        await File.WriteAllTextAsync(
            file, $"$TTL 60\n@ SOA ns.{Strange} h.{Strange} 1 3600 600 86400 60\n@ NS ns.{Strange}\nns A 192.0.2.1\nown A 203.0.113.98\n");
        (await bind.RndcAsync("addzone", "strange.example", $"{{ type primary; file \"{file}\"; }};")).EnsureSuccess();
        Edit(Path.Combine(bind.ZoneFolder, "drift.example.zone"));
        (await bind.RndcAsync("reload", "drift.example")).EnsureSuccess();
        Edit(Path.Combine(files.FullPath, "drift.example.zone"));

        await agent.ZoneIsOkAsync(Strange, 4);
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Strange), await DigTool.TransferAsync(bind.EndPoint, Strange));
        await DriftIsAsync(agent, "bind", standing: 0, repaired: 1);
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(bind.EndPoint, Zone));
        JsonElement before = await DriftIsAsync(agent, "files", standing: 1, repaired: 0);

        await agent.StopAsync();
        await agent.StartAsync();
        JsonElement after = await DriftIsAsync(agent, "files", standing: 1, repaired: 0);
        foreach (string member in new[] { "zone", "kind", "servedSerial", "foreign", "missing", "state" })
            Assert.Equal(Found(before, member), Found(after, member));
        Assert.NotEqual(Found(before, "foundAt"), Found(after, "foundAt"));
    }

    private static string Found(JsonElement drift, string member) =>
        Assert.Single(drift.GetProperty("drift").EnumerateArray()).GetProperty(member).ToString();

    private static void Edit(string path)
    {
        string[] lines = File.ReadAllLines(path);
        int at = Array.FindIndex(lines, line => line.StartsWith("host1", StringComparison.Ordinal) && !char.IsAsciiDigit(line[5]));
        Assert.True(at >= 0, $"{path} has no host1");
        lines[at] = $"host1.{Zone} 300 IN A 203.0.113.99";
        File.WriteAllLines(path, lines);
    }

    private static async Task<JsonElement> DriftIsAsync(AgentProcess agent, string target, int standing, int repaired)
    {
        JsonElement drift = default;
        await Eventually.HoldsAsync(
            async () =>
            {
                drift = (await agent.GetAsync($"/api/v1/targets/{target}/drift"))!.Value;
                return drift.GetProperty("drift").GetArrayLength() == standing
                    && drift.GetProperty("repaired").GetArrayLength() >= repaired;
            },
            () => $"{target} has {standing} edits: {drift}\n{agent.Output}");
        return drift;
    }
}
