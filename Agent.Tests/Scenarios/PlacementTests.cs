using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Zones that belong to some of the targets, and move when the configuration does.</summary>
[Trait("Category", "Peer")]
public sealed class PlacementTests
{
    private const string Zone = "moving.example.";

    [Fact]
    public async Task A_reload_brings_a_zone_to_its_new_target_and_takes_it_from_the_former()
    {
        using TemporaryFolder folder = new("placement");
        string inside = folder.CreateFolder("inside"), outside = folder.CreateFolder("outside");
        ScriptedZones zones = new();
        zones.Set(new ScriptedZone(Zone, 1));
        zones.Set(new ScriptedZone("open.test.", 1));
        await using ScriptedMaster master = new(zones.Answer);
        string settings = $$"""
            masters = ["{{master.EndPoint}}"]
            targets {
              inside { driver = zone-files, directory = "{{inside}}" }
              outside { driver = zone-files, directory = "{{outside}}" }
            }
            """;
        await using AgentProcess agent = await AgentProcess.StartedAsync(settings + "\nzones.\"*.example\".targets = inside");

        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.Worker.CreateAcceptedAsync("open.test.");
        Assert.Equal(["moving.example.zone", "open.test.zone"], Files(inside));
        Assert.Equal(["open.test.zone"], Files(outside));
        JsonElement zone = (await agent.ZoneAsync(Zone))!.Value;
        Assert.Equal("inside", Assert.Single(zone.GetProperty("targets").EnumerateArray()).GetProperty("name").GetString());

        agent.Settings = settings + "\nzones.\"*.example\".targets = outside";
        await agent.WriteConfigurationAsync();
        agent.Process!.Signal(PosixSignalNumber.Hangup);
        await Eventually.HoldsAsync(
            () => Files(inside) is ["open.test.zone"] && Files(outside).Length == 2, () => $"the zone moves\n{agent.Output}");
        await agent.ZoneIsOkAsync(Zone, 1);

        await agent.RestartAsync(byKill: true);
        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(["open.test.zone"], Files(outside));
        Assert.Equal(["open.test.zone"], Files(inside));
    }

    private static string[] Files(string folder) => [.. Directory.GetFiles(folder, "*.zone").Select(f => Path.GetFileName(f)).Order()];
}
