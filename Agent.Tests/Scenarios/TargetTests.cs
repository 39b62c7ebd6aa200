using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>BIND as target in the ways that operators set it up: keys, views, IPv6, several at once.</summary>
[Trait("Category", "Peer")]
public sealed class TargetTests
{
    private const string Zone = "target.example.";

    [Theory]
    [InlineData("hmac-md5")]
    [InlineData("hmac-sha1")]
    [InlineData("hmac-sha224")]
    [InlineData("hmac-sha256")]
    [InlineData("hmac-sha384")]
    [InlineData("hmac-sha512")]
    public async Task Is_driven_with_every_key_algorithm(string algorithm)
    {
        await using Farm farm = await Farm.StartAsync(target: new BindServer { ControlAlgorithm = algorithm, ControlKeyName = "my-key" });
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 3, 3));

        await farm.Agent.Worker.CreateAcceptedAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone);
    }

    [Fact]
    public async Task Gets_the_zone_in_its_view_only()
    {
        await using BindServer target = new() { Views = ["inside", "outside"] };
        await target.StartAsync();
        ScriptedZone zone = new(Zone, 3);
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            {{Farm.TargetSettings(target)}}
            backends.bind9 { view = outside, server = "{{target.EndPointIPv6}}" }
            """);

        await agent.Worker.CreateAcceptedAsync(Zone);
        zone.Serial = 4;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(target.EndPointIPv6, Zone, 4, () => agent.Output);

        Assert.Equal(0u, await WorkerClient.PollSerialAsync(target.EndPoint, Zone));
        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(target.EndPointIPv6, Zone));
    }

    [Fact]
    public async Task Several_are_brought_level_and_one_that_is_away_follows()
    {
        await using BindServer first = new();
        await using BindServer second = new();
        await Task.WhenAll(first.StartAsync(), second.StartAsync());
        ScriptedZone zone = new(Zone, 1);
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets {
              ns1 { driver = bind9, {{Settings(first)}} }
              ns2 { driver = bind9, {{Settings(second)}} }
            }
            """);

        await agent.Worker.CreateAcceptedAsync(Zone);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(first.EndPoint, Zone));
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(second.EndPoint, Zone));

        await second.StopAsync();
        zone.Serial = 2;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(first.EndPoint, Zone, 2, () => agent.Output);
        await second.StartAsync();

        await WorkerClient.ServedAsync(second.EndPoint, Zone, 2, () => agent.Output);
        JsonElement targets = (await agent.GetAsync("/api/v1/targets"))!.Value.GetProperty("targets");
        Assert.Equal(["ns1", "ns2"], targets.EnumerateArray().Select(target => target.GetProperty("name").GetString()).Order());
    }

    [Fact]
    public async Task Serves_names_that_named_checks_by_default()
    {
        await using Farm farm = await Farm.StartAsync("nsd");
        await farm.Master.SetZoneAsync(MasterZone.Create(Zone, 1, "bad_name 60 IN A 192.0.2.1"));

        await farm.Agent.Worker.CreateAcceptedAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone);
    }

    [Fact]
    public async Task That_refuses_a_zone_makes_the_creation_fail_and_leaves_nothing()
    {
        await using Farm farm = await Farm.StartAsync("nsd", "backends.bind9.zone-options = \"check-names fail;\"");
        await farm.Master.SetZoneAsync(MasterZone.Create(Zone, 1, "bad_name 60 IN A 192.0.2.1"));

        DnsReply reply = await farm.Agent.Worker.CreateAsync(Zone);

        Assert.Equal(0xF002, reply.Flags);
        await Eventually.HoldsAsync(
            async () => await farm.Agent.ZoneAsync(Zone) is null, () => $"nothing remains wanted\n{farm.Agent.Output}");
        Assert.NotEqual(0, (await farm.Target.RndcAsync("showzone", Zone)).ExitCode);
    }

    /// <summary>More than a hundred records of a type at one name, which named does not load.</summary>
    [Fact]
    public async Task That_cannot_hold_what_a_zone_became_goes_on_with_what_it_has_and_the_reason_says_which_record()
    {
        await using Farm farm = await Farm.StartAsync("nsd");
        MasterZone zone = MasterZone.Create(Zone, 1, "t 60 IN TXT x");
        await farm.Master.SetZoneAsync(zone);
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Master.SetZoneAsync(zone.Bump(Texts(100)));
        await farm.Agent.Worker.NotifyAcceptedAsync(Zone);

        JsonElement? target = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                target = (await farm.Agent.ZoneAsync(Zone))?.GetProperty("targets")[0];
                return target?.GetProperty("state").GetString() == "refused";
            },
            () => $"the target refuses it: {target}\n{farm.Agent.Output}");
        JsonElement reason = target!.Value.GetProperty("reason");
        Assert.Equal("target-cannot-hold", reason.GetProperty("code").GetString());
        Assert.Contains($"more than 100 TXT records at t.{Zone}", reason.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, Zone));
        JsonElement limits = (await farm.Agent.GetAsync("/api/v1/targets"))!.Value.GetProperty("targets")[0].GetProperty("limits");
        Assert.Equal(100, limits.GetProperty("recordsPerType").GetProperty("any").GetInt32());

        await farm.Master.SetZoneAsync(MasterZone.Create(Zone, 3, Texts(100)));
        await farm.Agent.Worker.NotifyAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(farm.Target.EndPoint, Zone, 3, () => farm.Agent.Output);

        static string[] Texts(int count) => [.. Enumerable.Range(0, count).Select(i => $"t 60 IN TXT x{i}")];
    }

    private static string Settings(BindServer server) =>
        $"server = \"{server.EndPoint}\", host = \"127.0.0.1\", port = {server.ControlPort}, key-file = \"{server.ControlKeyFile}\", "
        + $"zone-directory = \"{server.ZoneFolder}\"";
}
