using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A real server that takes every order and goes on with something else.</summary>
[Trait("Category", "Peer")]
public sealed class LadderTests
{
    private const string Zone = "ladder.example.";

    /// <summary>named with ixfr-from-differences queues a reload, says so, and then refuses a file whose serial is not newer than what it
    /// serves. After an edit by hand that kept the serial it goes on with that, whatever file it is given.</summary>
    [Fact]
    public async Task A_server_that_says_yes_and_serves_what_it_had_is_given_the_zone_anew_where_that_is_allowed()
    {
        ScriptedZone zone = new(Zone, 10, hosts: 5);
        await using ScriptedMaster master = new(zone);
        await using BindServer bind = new();
        await bind.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            sweep { content-interval = 0s }
            targets { ns1 { {{bind.TargetSettings}}, verify = digest, re-add = always } }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        string path = Path.Combine(bind.ZoneFolder, "ladder.example.zone");
        (await bind.RndcAsync("delzone", "ladder.example")).EnsureSuccess();
        File.Delete(path + ".jnl");
        await File.WriteAllTextAsync(path, MasterZone.Create(Zone, 10, "www 300 IN A 203.0.113.99").ToFileText());
        (await bind.RndcAsync("addzone", "ladder.example", $"{{ type primary; file \"{path}\"; }};")).EnsureSuccess();
        await WorkerClient.ServedAsync(bind.EndPoint, Zone, 10, () => bind.Output);

        (await agent.CommandAsync(
            "target", "repair", "ns1", Zone, "--api", $"http://{agent.Management}", "--token-file",
            Path.Combine(agent.DataFolder, "api-token"))).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => (await agent.GetAsync("/api/v1/targets"))!.Value.GetProperty("targets")[0]
                .GetProperty("zonesEscalated").GetInt32() == 1,
            () => $"the zone is on the ladder\n{agent.Output}");
        JsonElement target = (await agent.ZoneAsync(Zone))!.Value.GetProperty("targets")[0];
        Assert.Equal("verify-mismatch", target.GetProperty("reason").GetProperty("code").GetString());

        await agent.ZoneIsOkAsync(Zone, 10);
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(bind.EndPoint, Zone));
        Assert.Contains(
            "dnsagent_verify_escalations_total{target=\"ns1\",rung=\"re-add\"} 1",
            await agent.GetTextAsync("/metrics"),
            StringComparison.Ordinal);
    }
}
