using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Agent.Bench.Peers;
using Xunit.Abstractions;

namespace Agent.Tests.Scenarios;

/// <summary>Real agents and servers whose masters are gone, some or all.</summary>
[Trait("Category", "Peer")]
public sealed class MastersAwayTests(ITestOutputHelper output)
{
    /// <summary>AGENT_MASTERS_AWAY_ZONES asks for more, 10000 for example.</summary>
    private static readonly int Many = int.TryParse(
        Environment.GetEnvironmentVariable("AGENT_MASTERS_AWAY_ZONES"), NumberStyles.None, CultureInfo.InvariantCulture, out int zones)
        ? zones
        : 2000;

    [Fact]
    public async Task Without_masters_a_restarted_agent_and_a_wiped_server_serve_on_and_all_comes_level_when_they_are_back()
    {
        string[] zones = Names(60, "served.example.");
        await using var bind = new BindServer();
        await bind.StartAsync();
        var master = new FastMaster(zones, 1);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            targets {
              own { driver = embedded }
              ns1 { {{bind.TargetSettings}} }
            }
            transfer { query-timeout = 300ms, retry-minimum = 100ms, retry-maximum = 1s }
            """);
        await CreateAsync(agent, zones);
        await ServedAsync(zones, 1, agent.Dns, bind.EndPoint);

        await master.DisposeAsync();
        await agent.RestartAsync(byKill: true);
        await ServedAsync(zones, 1, agent.Dns);

        await bind.StopAsync();
        foreach (string file in Directory.EnumerateFiles(bind.ZoneFolder).Where(f => f.EndsWith(".zone", StringComparison.Ordinal)
            || f.Contains(".nz", StringComparison.Ordinal)))
            File.Delete(file);
        await bind.StartAsync();
        await ServedAsync(zones, 1, bind.EndPoint);
        await Eventually.HoldsAsync(
            async () => (await agent.ZoneAsync(zones[0]))?.GetProperty("state").GetString() == "stale",
            () => $"the zone is known to be stale\n{agent.Output}");

        await using FastMaster back = new(zones, 2, at: master.EndPoint);
        await ServedAsync(zones, 2, agent.Dns, bind.EndPoint);
    }

    [Fact]
    public async Task A_zone_that_no_master_confirms_expires_and_is_withdrawn_where_that_is_set_until_a_master_is_back()
    {
        const string zone = "expires.example.";
        var master = new FastMaster([zone], 7);
        string settings(string onExpire) => $$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            backends.embedded.on-expire = {{onExpire}}
            transfer {
              query-timeout = 2s, retry-minimum = 100ms, retry-maximum = 200ms, refresh-minimum = 300ms, refresh-maximum = 500ms
              expire-maximum = 1s
            }
            """;
        await using AgentProcess keeps = await AgentProcess.StartedAsync(settings("keep"));
        await using AgentProcess withdraws = await AgentProcess.StartedAsync(settings("withdraw"));
        await CreateAsync(keeps, [zone]);
        await CreateAsync(withdraws, [zone]);

        await master.DisposeAsync();
        await WorkerClient.GoneAsync(withdraws.Dns, zone, () => withdraws.Output);
        foreach (AgentProcess agent in (AgentProcess[])[keeps, withdraws])
        {
            await Eventually.HoldsAsync(
                async () => (await agent.ZoneAsync(zone))?.GetProperty("state").GetString() == "expired", () => $"expired\n{agent.Output}");
            JsonElement known = (await agent.ZoneAsync(zone))!.Value;
            Assert.Equal("expired", known.GetProperty("reason").GetProperty("code").GetString());
            Assert.Equal(7u, known.GetProperty("wantedSerial").GetUInt32());
        }

        Assert.Equal(7u, await WorkerClient.PollSerialAsync(keeps.Dns, zone));
        await withdraws.RestartAsync(byKill: true);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(withdraws.Dns, zone));

        // An older serial than the one that expired.
        await using FastMaster back = new([zone], 3, at: master.EndPoint);
        await ServedAsync([zone], 3, keeps.Dns, withdraws.Dns);
        await keeps.ZoneIsOkAsync(zone, 3);
    }

    [Fact]
    public async Task One_dead_master_of_three_delays_no_check_of_zones_whose_masters_live()
    {
        string[] common = Names(Many, "common.example."), lost = Names(Many / 4, "lost.example.");
        await using FastMaster first = new([.. common, .. lost], 1), second = new(common, 1);
        var third = new FastMaster([.. common, .. lost], 1);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{first.EndPoint}}", "{{second.EndPoint}}", "{{third.EndPoint}}"]
            zones { "*.lost.example." { masters = ["{{third.EndPoint}}"] } }
            allow-notify = ["127.0.0.1"]
            backend-driver = fake
            # Few, so that half of the zones takes many seconds also where the NOTIFY takes some.
            transfer { checks-per-second = 200 }
            """);
        await CreateAsync(agent, [.. common, .. lost]);
        Assert.Equal(lost.Length, (int)(third.Transfers - (common.Length - first.Transfers - second.Transfers)));

        // Nobody reads what comes to the third: it is mute, which costs more than a closed port.
        await third.DisposeAsync();
        using var mute = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        mute.Bind(third.EndPoint);
        using var deaf = new System.Net.Sockets.TcpListener(third.EndPoint);
        deaf.Server.SetSocketOption(
            System.Net.Sockets.SocketOptionLevel.Socket, System.Net.Sockets.SocketOptionName.ReuseAddress, true);
        deaf.Start();
        await agent.RestartAsync(byKill: true);
        long before = first.SoaQueries;
        long started = Stopwatch.GetTimestamp();

        // While thousands of checks wait for their turn, what a NOTIFY tells of is taken at once.
        first.SetSerial(common[^1], 2);
        await agent.Worker.NotifyAcceptedAsync(common[^1]);
        await Eventually.HoldsAsync(
            async () => (await agent.ZoneAsync(common[^1]))?.GetProperty("wantedSerial").GetUInt32() == 2, () => $"taken\n{agent.Output}");
        TimeSpan notified = Stopwatch.GetElapsedTime(started);
        long checkedByThen = first.SoaQueries - before;
        await Eventually.HoldsAsync(() => first.SoaQueries - before >= common.Length, () => $"{first.SoaQueries - before} are checked");
        TimeSpan all = Stopwatch.GetElapsedTime(started);
        output.WriteLine($"{common.Length} zones checked in {all.TotalSeconds:0.0} s, a NOTIFY taken in {notified.TotalMilliseconds:0} ms "
            + $"when {checkedByThen} were checked");
        Assert.True(checkedByThen < common.Length / 2, $"{checkedByThen} of {common.Length} were checked before the NOTIFY was taken");
        JsonElement masters = (await agent.GetAsync("/api/v1/masters"))!.Value.GetProperty("masters");
        JsonElement dead = masters.EnumerateArray().Single(m => m.GetProperty("address").GetString() == third.EndPoint.ToString());
        Assert.NotEqual("closed", dead.GetProperty("circuit").GetString());
        Assert.Equal(["*", "*.lost.example."], dead.GetProperty("zones").EnumerateArray().Select(z => z.GetString()));
        string gauge = $"dnsagent_master_circuit_state{{master=\"{third.EndPoint}\",address=\"{third.EndPoint}\"}}";
        Assert.Contains(gauge, await agent.GetTextAsync("/metrics"), StringComparison.Ordinal);
        ToolResult list = await agent.CommandAsync("master", "list", "--api", $"http://{agent.Management}");
        Assert.Contains("open", list.Output, StringComparison.Ordinal);
        Assert.Contains(
            third.EndPoint.ToString(),
            (await agent.ZoneAsync(lost[0]))!.Value.GetProperty("masters").EnumerateArray().Single().GetString(),
            StringComparison.Ordinal);
    }

    private static string[] Names(int count, string below) => [.. Enumerable.Range(0, count).Select(i => $"z{i}.{below}")];

    private static Task CreateAsync(AgentProcess agent, string[] zones) => Parallel.ForEachAsync(
        zones, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (zone, _) => await agent.Worker.CreateAcceptedAsync(zone));

    private static async Task ServedAsync(string[] zones, uint serial, params IPEndPoint[] servers)
    {
        foreach (IPEndPoint server in servers)
        {
            await Parallel.ForEachAsync(
                zones,
                new ParallelOptions { MaxDegreeOfParallelism = 8 },
                async (zone, _) => await WorkerClient.ServedAsync(server, zone, serial));
        }
    }
}
