using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Edits by hand at real servers, found, named record by record, and repaired by rule or by order.</summary>
[Trait("Category", "Peer")]
public sealed class DriftTests
{
    private const string Zone = "drift.example.";
    private const string FileOfZone = "drift.example.zone";
    private const string Edited = "host1";

    [Fact]
    public async Task Hand_edits_at_every_kind_of_server_are_found_named_and_put_right()
    {
        ScriptedZone zone = new(Zone, 10, hosts: 30);
        await using ScriptedMaster master = new(zone);
        await using BindServer bind = new();
        await using NsdServer nsd = new();
        using TemporaryFolder files = new("drift");
        await using KnotServer knot = new() { HasDatabase = true };
        await Task.WhenAll(bind.StartAsync(), nsd.StartAsync(), knot.StartAsync());
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { content-interval = 1s, content-after-start = 0s, content-checks-per-second = 20 }
            target-rules { verify = digest, drift = repair }
            targets {
              bind { {{bind.TargetSettings}}, drift = report, zone-options = "ixfr-from-differences no;" }
              nsd {
                driver = nsd, server = "{{nsd.EndPoint}}", control = "unix:{{nsd.ControlPath}}"
                pattern = {{NsdServer.TargetPattern}}, zone-directory = "{{nsd.ZoneFolder}}"
              }
              knot { {{knot.TargetSettings}} }
              files { driver = zone-files, directory = "{{files.FullPath}}" }
            }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.ZoneIsOkAsync(Zone, 10);

        // The same serial with another record, where the file is the server's own; and a newer one, where it edits by transaction.
        Edit(bind.ZoneFolder, FileOfZone);
        (await bind.RndcAsync("reload", "drift.example")).EnsureSuccess();
        Edit(files.FullPath, FileOfZone);
        Edit(nsd.ZoneFolder, FileOfZone);
        (await nsd.ControlAsync("reload", "drift.example")).EnsureSuccess();
        (await knot.KnotcAsync("zone-begin", Zone)).EnsureSuccess();
        (await knot.KnotcAsync("zone-unset", Zone, Edited)).EnsureSuccess();
        (await knot.KnotcAsync("zone-commit", Zone)).EnsureSuccess();

        foreach (string target in new[] { "nsd", "files" })
        {
            JsonElement edit = await RepairedAsync(agent, target);
            Assert.Equal(("content", 10u), (edit.GetProperty("kind").GetString(), edit.GetProperty("servedSerial").GetUInt32()));
            Assert.Contains("203.0.113.99", Line(edit, "foreign"), StringComparison.Ordinal);
            Assert.StartsWith($"{Edited}.{Zone}", Line(edit, "missing"), StringComparison.Ordinal);
        }

        JsonElement found = await RepairedAsync(agent, "knot");
        Assert.Equal(("newer-serial", 11u), (found.GetProperty("kind").GetString(), found.GetProperty("servedSerial").GetUInt32()));
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(nsd.EndPoint, Zone));
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(knot.EndPoint, Zone));

        ToolResult drift = await CommandAsync(agent, "drift", "bind");
        await Eventually.HoldsAsync(
            async () => (drift = await CommandAsync(agent, "drift", "bind")).ExitCode == 1, () => $"the edit is told\n{agent.Output}");
        Assert.Contains("203.0.113.99", drift.Output, StringComparison.Ordinal);
        Assert.Contains("reported", drift.Output, StringComparison.Ordinal);
        Assert.Contains("203.0.113.99", string.Join('\n', await DigTool.TransferAsync(bind.EndPoint, Zone)), StringComparison.Ordinal);
        await Eventually.HoldsAsync(
            async () => (await agent.ZoneAsync(Zone))!.Value.GetProperty("targets").EnumerateArray().Select(t => t.GetProperty("reason"))
                .Any(r => r.ValueKind == JsonValueKind.Object && r.GetProperty("code").GetString() == "drift"),
            () => $"the zone says so too\n{agent.Output}");

        ToolResult repair = await CommandAsync(agent, "repair", "bind", Zone);
        Assert.True(repair.ExitCode == 0, repair.Error);
        await RepairedAsync(agent, "bind");
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(bind.EndPoint, Zone));
        Assert.Equal(0, (await CommandAsync(agent, "drift")).ExitCode);
        Assert.NotEqual(0, (await CommandAsync(agent, "repair", "nobody")).ExitCode);
    }

    /// <summary>gdnsd and tinydns know no transfers: they are asked for RRsets, of this small zone for all.</summary>
    [Fact]
    public async Task Servers_that_know_no_transfers_and_databases_are_compared_too()
    {
        ScriptedZone zone = new(Zone, 10, hosts: 8);
        await using ScriptedMaster master = new(zone);
        await using GdnsdServer gdnsd = new();
        await using TinydnsServer tinydns = new();
        await using PowerDnsTarget api = new();
        await using PowerDnsTarget sql = new();
        await Task.WhenAll(gdnsd.StartAsync(), tinydns.StartAsync(), api.StartAsync(), sql.StartAsync());
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { content-interval = 1s, content-after-start = 0s, content-checks-per-second = 20 }
            target-rules { verify = digest, drift = repair }
            targets {
              gdnsd { {{gdnsd.TargetSettings}} }
              tinydns { {{tinydns.TargetSettings}} }
              api { {{api.ApiTargetSettings}} }
              sql { {{sql.SqlTargetSettings}} }
            }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.ZoneIsOkAsync(Zone, 10);
        JsonElement targets = (await agent.ZoneAsync(Zone))!.Value.GetProperty("targets");
        Assert.All(targets.EnumerateArray(), t => Assert.Equal(JsonValueKind.Null, t.GetProperty("reason").ValueKind));

        Edit(gdnsd.ZoneFolder, "drift.example");
        (await gdnsd.ControlAsync("reload-zones")).EnsureSuccess();
        foreach (PowerDnsTarget server in new[] { api, sql })
        {
            (await server.UtilAsync("replace-rrset", Zone, Edited, "A", "300", "203.0.113.99")).EnsureSuccess();
            await server.FlushAsync(Zone);
        }

        foreach ((string target, string proof) in new[] { ("gdnsd", "sample"), ("api", "digest"), ("sql", "digest") })
        {
            JsonElement edit = await RepairedAsync(agent, target);
            Assert.Equal(("content", proof), (edit.GetProperty("kind").GetString(), edit.GetProperty("proof").GetString()));
            Assert.Contains("203.0.113.99", Line(edit, "foreign"), StringComparison.Ordinal);
        }

        foreach (System.Net.IPEndPoint server in new[] { gdnsd.EndPoint, api.EndPoint, sql.EndPoint })
        {
            Assert.DoesNotContain(
                "203.0.113.99", string.Join('\n', await DigTool.QueryAsync(server, $"{Edited}.{Zone}", "A")), StringComparison.Ordinal);
        }
    }

    private static void Edit(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        string[] lines = File.ReadAllLines(path);
        int at = Array.FindIndex(
            lines, line => line.StartsWith(Edited, StringComparison.Ordinal) && !char.IsAsciiDigit(line[Edited.Length]));
        Assert.True(at >= 0, $"{path} has no {Edited}");
        lines[at] = $"{Edited}.{Zone} 300 IN A 203.0.113.99";
        File.WriteAllLines(path, lines);
    }

    private static string Line(JsonElement found, string half) => Assert.Single(found.GetProperty(half).EnumerateArray()).GetString()!;

    private static async Task<JsonElement> RepairedAsync(AgentProcess agent, string target)
    {
        JsonElement? repaired = null;
        string seen = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                JsonElement drift = (await agent.GetAsync($"/api/v1/targets/{target}/drift"))!.Value;
                seen = drift.ToString();
                repaired = drift.GetProperty("repaired").EnumerateArray().Cast<JsonElement?>().FirstOrDefault();
                return repaired is not null && drift.GetProperty("drift").GetArrayLength() == 0;
            },
            () => $"{target} is repaired: {seen}\n{agent.Output}");
        return repaired!.Value;
    }

    private static Task<ToolResult> CommandAsync(AgentProcess agent, params string[] command) => agent.CommandAsync(
        ["target", .. command, "--api", $"http://{agent.Management}", "--token-file", Path.Combine(agent.DataFolder, "api-token")]);
}
