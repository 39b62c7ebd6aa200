using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone whose deletion was never told, with a whole agent.</summary>
public sealed class OrphanTests
{
    private const string Zone = "orphan.example.";

    [Fact]
    public async Task A_zone_that_every_master_gave_up_is_removed()
    {
        var first = new ScriptedZones();
        var second = new ScriptedZones();
        first.Set(new ScriptedZone(Zone, 1));
        second.Set(new ScriptedZone(Zone, 1));
        bool isGoneAtFirst = false;
        bool isGoneAtSecond = false;
        var nothing = new ScriptedZones();
        await using ScriptedMaster one = new(query => (Volatile.Read(ref isGoneAtFirst) ? nothing : first).Answer(query));
        await using ScriptedMaster two = new(query => (Volatile.Read(ref isGoneAtSecond) ? nothing : second).Answer(query));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{one.EndPoint}}", "{{two.EndPoint}}"]
            backend-driver = embedded
            transfer { retry-minimum = 200ms, retry-maximum = 200ms }
            orphan { after = 1s, action = remove }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 1, () => agent.Output);

        Volatile.Write(ref isGoneAtFirst, true);
        int asked = two.CountOf(DnsTestMessage.TypeSoa);
        await agent.Worker.NotifyAsync(Zone);
        await Eventually.HoldsAsync(() => two.CountOf(DnsTestMessage.TypeSoa) > asked, () => $"the other master is asked\n{agent.Output}");
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));

        Volatile.Write(ref isGoneAtSecond, true);
        await agent.Worker.NotifyAsync(Zone);
        await Eventually.HoldsAsync(
            async () => (await agent.Worker.QuerySoaAsync(Zone)).ResponseCode == 5, () => $"the orphan is removed\n{agent.Output}");
        // The log is written some lines at a time, beside what it tells of.
        await Eventually.HoldsAsync(
            () => agent.Output.Contains("orphan-removed", StringComparison.Ordinal), () => $"the log says why\n{agent.Output}");
    }

    [Fact]
    public async Task When_a_master_refuses_too_many_zones_an_operator_decides()
    {
        string[] names = ["a.example.", "b.example.", "c.example."];
        var zones = new ScriptedZones();
        foreach (string name in names) zones.Set(new ScriptedZone(name, 1));
        bool isLost = false;
        var nothing = new ScriptedZones();
        await using ScriptedMaster master = new(query => (Volatile.Read(ref isLost) ? nothing : zones).Answer(query));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            transfer { retry-minimum = 200ms, retry-maximum = 200ms }
            orphan { after = 2s, action = remove, removal-percent = 50, removal-minimum = 2 }
            """);
        foreach (string name in names) await agent.Worker.CreateAcceptedAsync(name);

        Volatile.Write(ref isLost, true);
        foreach (string name in names) await agent.Worker.NotifyAcceptedAsync(name);
        ToolResult listed = null!;
        await Eventually.HoldsAsync(
            async () => names.All((listed = await CommandAsync(agent, "orphans")).Output.Contains)
                && listed.Output.Split("orphans-held").Length == 4,
            () => $"all are listed\n{listed?.Output}{listed?.Error}\n{agent.Output}");
        Assert.NotEqual(0, (await CommandAsync(agent, "remove-orphans", "--count", "2")).ExitCode);
        foreach (string name in names) Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, name));

        (await CommandAsync(agent, "remove-orphans", "--count", "3")).EnsureSuccess();
        foreach (string name in names) Assert.Equal(5, (await agent.Worker.QuerySoaAsync(name)).ResponseCode);
        Assert.Empty((await agent.GetAsync("/api/v1/orphans"))!.Value.GetProperty("orphans").EnumerateArray());
    }

    [Theory]
    [Trait("Category", "Peer")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_hand_did_at_a_server_is_put_right_or_told(bool withStatistics)
    {
        int port = LoopbackPort.Next();
        await using BindServer target = new()
        {
            ExtraStatements = withStatistics ? $"statistics-channels {{ inet 127.0.0.1 port {port} allow {{ 127.0.0.1; }}; }};" : "",
        };
        await target.StartAsync();
        var zones = new ScriptedZones();
        zones.Set(new ScriptedZone(Zone, 4));
        zones.Set(new ScriptedZone("hand.example.", 7));
        await using ScriptedMaster master = new(zones.Answer);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            {{Farm.TargetSettings(target)}}
            {{(withStatistics ? $"backends.bind9.statistics-url = \"http://127.0.0.1:{port}\"" : "")}}
            sweep { interval = 500ms, after-return = 0s }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);

        (await target.RndcAsync("delzone", Zone.TrimEnd('.'))).EnsureSuccess();
        await WorkerClient.ServedAsync(target.EndPoint, Zone, 4, () => agent.Output);

        await AddByHandAsync(target, "hand.example");
        await AddByHandAsync(target, "lonely.example");
        ToolResult listed = null!;
        await Eventually.HoldsAsync(
            async () => (listed = await CommandAsync(agent, "orphans")).Output.Contains("lonely.example.", StringComparison.Ordinal)
                && listed.Output.Contains("hand.example.", StringComparison.Ordinal),
            () => $"both are listed\n{listed?.Output}{listed?.Error}\n{agent.Output}");
        Assert.DoesNotContain(Zone, listed.Output, StringComparison.Ordinal);

        ToolResult lonely = await CommandAsync(agent, "adopt", "lonely.example");
        Assert.Equal(1, lonely.ExitCode);
        Assert.Contains("zone-not-at-master", lonely.Error, StringComparison.Ordinal);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(target.EndPoint, "lonely.example."));

        (await CommandAsync(agent, "adopt", "hand.example")).EnsureSuccess();
        await WorkerClient.ServedAsync(target.EndPoint, "hand.example.", 7, () => agent.Output);
        await Eventually.HoldsAsync(
            async () => (await CommandAsync(agent, "orphans")) is { ExitCode: 0 } after
                && !after.Output.Contains("hand.example.", StringComparison.Ordinal),
            () => $"it is listed no more\n{agent.Output}");
        Assert.Equal(1, (await CommandAsync(agent, "adopt", Zone)).ExitCode);
    }

    private static async Task AddByHandAsync(BindServer target, string zone)
    {
        await File.WriteAllTextAsync(
            Path.Combine(target.ZoneFolder, $"{zone}.zone"),
            $"@ 60 IN SOA ns.{zone}. root.{zone}. 1 60 60 600 60\n@ 60 IN NS ns.{zone}.\nns 60 IN A 192.0.2.1\n");
        (await target.RndcAsync("addzone", zone, $"{{ type primary; file \"{zone}.zone\"; }};")).EnsureSuccess();
    }

    private static Task<ToolResult> CommandAsync(AgentProcess agent, params string[] command) => agent.CommandAsync(
        ["zone", .. command, "--api", $"http://{agent.Management}", "--token-file", Path.Combine(agent.DataFolder, "api-token")]);
}
