using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone that a server has from elsewhere, and a CREATE of it that comes to nothing.</summary>
[Trait("Category", "Peer")]
public sealed class RefusedCreationTests
{
    private const string Zone = "elsewhere.example.";

    [Fact]
    public async Task A_server_that_takes_nothing_of_the_new_zone_goes_on_with_its_own_until_a_DELETE()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 100));
        await using BindServer bind = new();
        await bind.StartAsync();
        string file = Path.Combine(bind.ZoneFolder, "by-hand.zone");
        await File.WriteAllTextAsync(file, MasterZone.Create(Zone, 77).ToFileText());
        (await bind.RndcAsync("addzone", "elsewhere.example", $"{{ type primary; file \"{file}\"; }};")).EnsureSuccess();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets { ns1 { {{bind.TargetSettings}}, re-add = never } }
            """);

        Assert.Equal(2, (await agent.Worker.CreateAsync(Zone)).ResponseCode);

        await Eventually.HoldsAsync(
            async () => await agent.ZoneAsync(Zone) is null, () => $"the agent knows nothing of the zone any more\n{agent.Output}");
        await WorkerClient.ServedAsync(bind.EndPoint, Zone, 77, () => bind.Output);
        Assert.DoesNotContain("'delzone", bind.Output, StringComparison.Ordinal);

        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Contains("'delzone", bind.Output, StringComparison.Ordinal);
    }
}
