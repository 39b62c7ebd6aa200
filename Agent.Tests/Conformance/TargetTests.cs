using Agent.Bench.Peers;
using Agent.Tests.Scenarios;
using static Agent.Tests.Conformance.ConformanceBench;

namespace Agent.Tests.Conformance;

/// <summary>Rows 58 to 60: the servers behind the drivers.</summary>
public sealed class TargetTests
{
    [Fact]
    [Trait("Category", "Peer")]
    public async Task Row58_and_row59_BIND_gets_its_files_and_commands()
    {
        ScriptedZone zone = new("example.com.", 1);
        await using ScriptedMaster master = new(query => Whole(zone, query));
        await using BindServer bind = new();
        await bind.StartAsync();
        await using AgentProcess agent = await StartAgentAsync($"masters = [\"{master.EndPoint}\"]\n{Farm.TargetSettings(bind)}");
        string file = Path.Combine(bind.ZoneFolder, "example.com.zone");

        await ExpectAsync(agent.Dns, 0xF400, Create("Example.COM."));
        string stanza = (await bind.RndcAsync("showzone", "example.com")).EnsureSuccess().Output;
        Assert.Contains($"file \"{file}\"", stanza, StringComparison.Ordinal);
        Assert.Matches("type (primary|master);", stanza);
        Assert.All(await File.ReadAllLinesAsync(file), line => Assert.Matches("^([^ \t]*\\.[ \t]|\\$|;|$)", line));

        zone.Serial = 2;
        await ExpectAsync(agent.Dns, 0xA500, Notify("example.com."));
        await WorkerClient.ServedAsync(bind.EndPoint, "example.com.", 2, () => agent.Output);

        await ExpectAsync(agent.Dns, 0xF400, Delete("example.com."));
        Assert.NotEqual(0, (await bind.RndcAsync("showzone", "example.com")).ExitCode);
        Assert.False(File.Exists(file));
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Row60_Knot_gets_the_zone_in_its_configuration_and_serves_it()
    {
        ScriptedZone zone = new("example.com.", 1);
        await using ScriptedMaster master = new(query => Whole(zone, query));
        await using KnotServer knot = new() { HasDatabase = true };
        await knot.StartAsync();
        await using AgentProcess agent = await StartAgentAsync(
            $"backend-driver = \"\"\nmasters = [\"{master.EndPoint}\"]\ntargets {{ ns1 {{ {knot.TargetSettings} }} }}");

        await ExpectAsync(agent.Dns, 0xF400, Create("Example.COM."));
        string zones = (await knot.KnotcAsync("conf-read", "zone.domain")).EnsureSuccess().Output;
        Assert.Contains("example.com.", zones, StringComparison.Ordinal);
        Assert.NotEqual(0, (await knot.KnotcAsync("conf-diff")).ExitCode);
        Assert.Equal(1u, await WorkerClient.SerialAsync(knot.EndPoint, "example.com."));
    }
}
