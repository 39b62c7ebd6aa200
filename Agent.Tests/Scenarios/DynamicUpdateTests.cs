using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>An agent that keeps a zone of a BIND, and one of a Knot, at its master's content by dynamic updates.</summary>
[Trait("Category", "Peer")]
public sealed class DynamicUpdateTests
{
    private const string Zone = "kept.example.";
    private const string Secret = "dXBkYXRlLWtleS1vZi10aGUtdGVzdHMtMzItb2N0ZXRz";

    private const int ServerFailure = 2;

    private readonly ScriptedZone _zone = new(Zone, 10, hosts: 50);

    public static TheoryData<string> Kinds => ["bind", "knot"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_server_that_was_away_wiped_or_edited_is_brought_back(string kind)
    {
        await using ScriptedMaster master = new(_zone);
        await using MasterServer server = Server(kind);
        await server.SetZoneAsync(MasterZone.Create(Zone, 1));
        await server.StartAsync();
        await using AgentProcess agent = await StartAsync(master, server);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await ServesAsync(agent, server);

        await ChangeAsync(agent, 11, 51);
        await ServesAsync(agent, server);
        await agent.RestartAsync(byKill: true);
        await ChangeAsync(agent, 12, 40);
        await ServesAsync(agent, server);

        await server.StopAsync();
        await ChangeAsync(agent, 13, 60);
        await server.WipeAsync();
        await server.SetZoneAsync(MasterZone.Create(Zone, 1));
        await RestartAsync(server);
        await ServesAsync(agent, server);

        await EditAsync(server, $"update add evil.{Zone} 60 A 192.0.2.66", $"update delete host1.{Zone} A");
        ToolResult difference = await DiffAsync(agent, "update");
        Assert.True(difference.ExitCode == 1, difference.Error);
        string[] lines = difference.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("has serial 14, held is 13: 2 records are not held, 2 are missing", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith($"- evil.{Zone}", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith($"+ host1.{Zone}", StringComparison.Ordinal));
        await agent.RestartAsync(byKill: true);
        await Eventually.HoldsAsync(
            async () => (await DiffAsync(agent, "update")).Output.Contains("1 records are not held, 1 are m", StringComparison.Ordinal),
            () => $"only the SOA differs\n{agent.Output}");
        await ChangeAsync(agent, 20, 61);
        await ServesAsync(agent, server);
        await server.StopAsync();
        await RestartAsync(server);
        await ServesAsync(agent, server);
    }

    [Fact]
    public async Task A_zone_that_is_not_there_is_not_created_and_one_that_is_there_is_not_deleted()
    {
        await using ScriptedMaster master = new(_zone);
        await using MasterServer server = Server("bind");
        await server.StartAsync();
        await using AgentProcess agent = await StartAsync(master, server);

        Assert.Equal(ServerFailure, (await agent.Worker.CreateAsync(Zone)).ResponseCode);
        await server.SetZoneAsync(MasterZone.Create(Zone, 1));
        await agent.Worker.CreateAcceptedAsync(Zone);
        await ServesAsync(agent, server);

        Assert.Equal(ServerFailure, (await agent.Worker.DeleteAsync(Zone)).ResponseCode);
        JsonElement zone = (await agent.ZoneAsync(Zone))!.Value;
        Assert.Equal("deleting", zone.GetProperty("state").GetString());
        Assert.Contains("remove it there", zone.GetProperty("targets")[0].GetProperty("reason").GetProperty("text").GetString());
        await server.DeleteZoneAsync(Zone);
        await Eventually.HoldsAsync(async () => await agent.ZoneAsync(Zone) is null, () => $"the deletion ended\n{agent.Output}");
    }

    [Fact]
    public async Task What_a_target_serves_is_compared_by_every_way_to_it_or_says_why_not()
    {
        await using ScriptedMaster master = new(_zone);
        await using BindServer closed = new();
        await closed.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets {
              own { driver = embedded }
              none { driver = fake }
              shut { {{closed.TargetSettings}}, zone-options = "allow-transfer { none; };" }
            }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);

        ToolResult own = await DiffAsync(agent, "own");
        Assert.True(own.ExitCode == 0, own.Error);
        Assert.Contains("every record is the same", own.Output, StringComparison.Ordinal);
        Assert.Contains("target-without-server", (await DiffAsync(agent, "none")).Error, StringComparison.Ordinal);
        Assert.Contains("unknown-target", (await DiffAsync(agent, "nothing")).Error, StringComparison.Ordinal);
        ToolResult refused = await DiffAsync(agent, "shut");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("target-refused", refused.Error, StringComparison.Ordinal);
    }

    private static MasterServer Server(string kind)
    {
        TransferKey key = new("k1", Secret);
        return kind == "bind" ? new BindServer { Key = key, TakesUpdates = true } : new KnotServer { Key = key, TakesUpdates = true };
    }

    /// <summary>A Knot does not wait for its zones, which the agent changes meanwhile.</summary>
    private static Task RestartAsync(MasterServer server) =>
        server is KnotServer knot ? knot.StartAnsweringAsync() : server.StartAsync();

    private static Task<AgentProcess> StartAsync(ScriptedMaster master, MasterServer server) => AgentProcess.StartedAsync($$"""
        masters = ["{{master.EndPoint}}"]
        keys { k1 { secret = "{{Secret}}" } }
        targets { update { driver = dynamic-update, server = "{{server.EndPoint}}", key = k1 } }
        """);

    private static Task<ToolResult> DiffAsync(AgentProcess agent, string target)
    {
        string token = Path.Combine(agent.DataFolder, "api-token");
        return agent.CommandAsync(
            "zone", "diff", Zone, "--target", target, "--api", $"http://{agent.Management}", "--token-file", token);
    }

    private static async Task EditAsync(MasterServer server, params string[] commands)
    {
        string script = $"server 127.0.0.1 {server.Port}\nzone {Zone}\n{string.Join('\n', commands)}\nsend\n";
        (await Tool.RunAsync("nsupdate", ["-v", "-y", $"hmac-sha256:k1:{Secret}"], script)).EnsureSuccess();
    }

    private async Task ChangeAsync(AgentProcess agent, uint serial, int hosts)
    {
        (_zone.Serial, _zone.Hosts) = (serial, hosts);
        await agent.Worker.NotifyAcceptedAsync(Zone);
    }

    /// <summary>The server answers with the master's serial, and the agent finds every record there.</summary>
    private async Task ServesAsync(AgentProcess agent, MasterServer server)
    {
        await WorkerClient.ServedAsync(server.EndPoint, Zone, _zone.Serial, () => agent.Output);
        await agent.ZoneIsOkAsync(Zone, _zone.Serial);
        ToolResult difference = await DiffAsync(agent, "update");
        Assert.True(difference.ExitCode == 0, difference.Output + difference.Error);
        Assert.Equal(_zone.Hosts + 3, (await DigTool.TransferAsync(server.EndPoint, Zone, $"hmac-sha256:k1:{Secret}")).Count);
    }
}
