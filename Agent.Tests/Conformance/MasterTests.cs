using System.Net;
using Agent.Bench.Peers;
using static Agent.Tests.Conformance.ConformanceBench;

namespace Agent.Tests.Conformance;

/// <summary>Rows 51 to 57: which masters are asked and how, and a target that cannot be asked.</summary>
public sealed class MasterTests
{
    [Fact]
    public async Task Row51_a_master_given_by_name_is_found()
    {
        ScriptedZone zone = new("row51.example.", 2);
        await using ScriptedMaster master = new(query => Whole(zone, query));
        await using AgentProcess agent = await StartAgentAsync($"masters = [\"localhost:{master.EndPoint.Port}\"]");

        await ExpectAsync(agent.Dns, 0xF400, Create(zone.Name));

        Assert.Equal(2u, await WorkerClient.PollSerialAsync(agent.Dns, zone.Name));
    }

    [Fact]
    public async Task Row52_a_master_whose_name_does_not_resolve_leaves_the_others_to_be_used()
    {
        ScriptedZone zone = new("row52.example.", 2);
        await using ScriptedMaster master = new(query => Whole(zone, query));
        await using AgentProcess agent = await StartAgentAsync($"masters = [\"no-such-host.invalid\", \"{master.EndPoint}\"]");

        await ExpectAsync(agent.Dns, 0xF400, Create(zone.Name));

        Assert.Equal(2u, await WorkerClient.PollSerialAsync(agent.Dns, zone.Name));
    }

    [Fact]
    public async Task Row53_everything_asked_of_a_master_comes_from_the_transfer_source()
    {
        ScriptedZone zone = new("row53.example.", 2);
        await using ScriptedMaster master = new(query => Whole(zone, query));
        await using AgentProcess agent = await StartAgentAsync($"masters = [\"{master.EndPoint}\"]\ntransfer-source = \"127.0.0.2\"");

        await ExpectAsync(agent.Dns, 0xF400, Create(zone.Name));

        Assert.Equal(1, TransfersAt(master, zone.Name));
        Assert.All(master.Queries, query => Assert.Equal(Stranger, query.Client.Address));
    }

    [Fact]
    public async Task Row54_without_masters_a_CREATE_fails_and_a_NOTIFY_is_for_an_unknown_zone()
    {
        await using AgentProcess agent = await StartAgentAsync("masters = []");

        await ExpectAsync(agent.Dns, 0xF002, Create("row54.example."));
        await ExpectAsync(agent.Dns, 0xA105, Notify("row54.example."));

        Assert.Null(await agent.ZoneAsync("row54.example."));
    }

    [Fact]
    public async Task Row55_a_master_without_a_port_is_asked_at_5354()
    {
        // An address that nobody else is likely to use at this moment, since the port cannot be chosen.
        IPAddress address = new([127, (byte)Random.Shared.Next(1, 255), (byte)Random.Shared.Next(256), (byte)Random.Shared.Next(1, 255)]);
        ScriptedZone zone = new("row55.example.", 2);
        await using ScriptedMaster master = new(query => Whole(zone, query), address, port: 5354);
        await using AgentProcess agent = await StartAgentAsync($"masters = [\"{address}\"]");

        await ExpectAsync(agent.Dns, 0xF400, Create(zone.Name));

        Assert.Equal(1, TransfersAt(master, zone.Name));
    }

    [Fact]
    public async Task Row56_a_zone_is_one_zone_whatever_its_case()
    {
        ScriptedZone zone = new("example.com.", 2);
        await using ScriptedMaster master = new(query => Whole(zone, query));
        await using AgentProcess agent = await StartAgentAsync($"masters = [\"{master.EndPoint}\"]");

        await ExpectAsync(agent.Dns, 0xF400, Create("Example.COM."));
        zone.Serial = 3;
        await ExpectAsync(agent.Dns, 0xA500, Notify("example.com."));
        await WorkerClient.ServedAsync(agent.Dns, "EXAMPLE.com.", 3, () => agent.Output);
        Assert.Equal(1, (await agent.GetAsync("/api/v1/zones"))!.Value.GetProperty("zones").GetArrayLength());
        await ExpectAsync(agent.Dns, 0xF400, Delete("eXAMPLE.cOM."));

        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, "example.com."));
    }

    [Fact]
    public async Task Row57_a_server_that_cannot_be_asked_does_not_keep_the_answer_away()
    {
        ScriptedZone zone = new("row57.example.", 2);
        await using ScriptedMaster master = new(query => Whole(zone, query));
        using TemporaryFolder folder = new("row57");
        IPEndPoint nobody = new(IPAddress.Loopback, LoopbackPort.Next());
        await using AgentProcess agent = await StartAgentAsync($$"""
            backend-driver = zone-files
            masters = ["{{master.EndPoint}}"]
            backends.zone-files { directory = "{{folder.FullPath}}", server = "{{nobody}}" }
            answer-deadline = 2s
            """);

        await ExpectAsync(agent.Dns, 0xF400, Create(zone.Name));

        string state = (await agent.ZoneAsync(zone.Name))!.Value.GetRawText();
        Assert.Contains("target-away", state, StringComparison.Ordinal);
        await using ScriptedMaster server = new(query => Whole(zone, query), nobody.Address, nobody.Port);
        await agent.ZoneIsOkAsync(zone.Name, 2);
    }
}
