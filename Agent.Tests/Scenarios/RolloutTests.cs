using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>New content comes to named first; what named refuses never comes to the other server.</summary>
[Trait("Category", "Peer")]
public sealed class RolloutTests
{
    private const string Zone = "staged.example.";
    private const string Bad = "bad_name 60 IN A 192.0.2.1";

    [Fact]
    public async Task A_bad_zone_stops_at_the_canary_and_goes_on_when_it_is_mended_or_approved()
    {
        using TemporaryFolder folder = new("rollout");
        string rest = folder.CreateFolder("rest");
        await using BindServer canary = new();
        await using NsdServer master = new();
        await master.SetZoneAsync(MasterZone.Create(Zone, 1));
        await Task.WhenAll(canary.StartAsync(), master.StartAsync());
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets {
              ns1 {
                driver = bind9, server = "{{canary.EndPoint}}", host = "127.0.0.1", port = {{canary.ControlPort}},
                key-file = "{{canary.ControlKeyFile}}", zone-directory = "{{canary.ZoneFolder}}", zone-options = "check-names fail;"
              }
              rest { driver = zone-files, directory = "{{rest}}" }
            }
            rollout { canaries = [ns1], observe = 200ms }
            """);

        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.ZoneIsOkAsync(Zone, 1);

        Assert.StartsWith("9.", await VersionAsync(agent), StringComparison.Ordinal);

        await master.SetZoneAsync(MasterZone.Create(Zone, 2, Bad));
        await agent.Worker.NotifyAcceptedAsync(Zone);
        ToolResult wait = await WaitAsync(agent, 2, "all");
        Assert.Equal(5, wait.ExitCode);
        Assert.Contains("rollout-stopped", wait.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("bad_name", Served(rest), StringComparison.Ordinal);
        JsonElement zone = (await agent.ZoneAsync(Zone))!.Value;
        Assert.Equal("blocked", zone.GetProperty("state").GetString());
        Assert.Equal(2, zone.GetProperty("candidate").GetProperty("serial").GetInt32());

        await master.SetZoneAsync(MasterZone.Create(Zone, 3, "mended 60 IN A 192.0.2.1"));
        await agent.Worker.NotifyAcceptedAsync(Zone);
        Assert.Equal(0, (await WaitAsync(agent, 3, "2")).ExitCode);
        Assert.Contains("mended", Served(rest), StringComparison.Ordinal);

        await master.SetZoneAsync(MasterZone.Create(Zone, 4, Bad));
        await agent.Worker.NotifyAcceptedAsync(Zone);
        Assert.Equal(5, (await WaitAsync(agent, 4, "all")).ExitCode);
        Assert.Equal(0, (await CommandAsync(agent, "zone", "approve", Zone)).ExitCode);
        Assert.Equal(0, (await WaitAsync(agent, 4, "1")).ExitCode);
        Assert.Contains("bad_name", Served(rest), StringComparison.Ordinal);
        Assert.Equal(4, (await CommandAsync(agent, "zone", "wait", Zone, "4", "--timeout", "0")).ExitCode);
    }

    /// <summary>What named says of itself, which the agent asks when it starts.</summary>
    private static async Task<string> VersionAsync(AgentProcess agent)
    {
        string? version = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                JsonElement targets = (await agent.GetAsync("/api/v1/targets"))!.Value.GetProperty("targets");
                JsonElement named = targets.EnumerateArray().First(t => t.GetProperty("name").GetString() == "ns1");
                version = named.GetProperty("version").GetString();
                return version is not null;
            },
            () => $"named's version is known\n{agent.Output}");
        return version!;
    }

    private static Task<ToolResult> WaitAsync(AgentProcess agent, int serial, string quorum) =>
        CommandAsync(agent, "zone", "wait", Zone, $"{serial}", "--quorum", quorum, "--timeout", "30");

    private static Task<ToolResult> CommandAsync(AgentProcess agent, params string[] arguments) => agent.CommandAsync(
        [.. arguments, "--api", $"http://{agent.Management}", "--token-file", Path.Combine(agent.DataFolder, "api-token")]);

    private static string Served(string folder) => File.ReadAllText(Path.Combine(folder, "staged.example.zone"));
}
