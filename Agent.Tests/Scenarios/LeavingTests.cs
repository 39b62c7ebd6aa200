using System.Net.Sockets;
using Agent.Bench.Peers;
using Agent.Bench.Rolling;

namespace Agent.Tests.Scenarios;

/// <summary>Nodes that leave in good order, by signal and by command, while work goes on: nobody's request fails because of it.</summary>
[Trait("Category", "Peer")]
public sealed class LeavingTests(SteadyClusterFixture cluster) : IClassFixture<SteadyClusterFixture>
{
    private static readonly TimeSpan LoadInterval = TimeSpan.FromMilliseconds(400);

    private AgentCluster Cluster => cluster.Cluster;

    [Fact]
    public async Task All_nodes_restart_one_after_the_other_under_load_and_no_request_fails()
    {
        await using RollingLoad load = await LoadAsync("rolling");
        foreach (AgentProcess leaving in cluster.Agents)
        {
            await GoesOnAsync(load);
            Assert.Equal(0, await leaving.StopAsync());
            load.Down(leaving);
            await GoesOnAsync(load);
            await leaving.StartAsync();
            load.Up(leaving);
            await Cluster.SettledAsync();
        }

        await GoesOnAsync(load);
        await load.StopAsync();
        Assert.True(load.Failures.Count == 0, Failed(load));
        await cluster.EverythingIsAsPromisedAsync();
    }

    /// <summary>The node that is drained holds the server of the farm: that moves along at once, and not when some lease has run
    /// out.</summary>
    [Fact]
    public async Task A_node_that_is_drained_by_command_gives_zones_and_server_away_and_stops_without_a_failed_request()
    {
        await using RollingLoad load = await LoadAsync("drained");
        AgentProcess holder = await cluster.HolderOfBindAsync();
        int index = cluster.Agents.ToList().IndexOf(holder);
        string node = AgentCluster.NameOf(index);
        AgentProcess other = Cluster.Running.First(agent => agent != holder);

        (await cluster.CommandAsync(index, "cluster", "drain")).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => await AgentCluster.StateAsync(other) is { Unowned: 0 } state
                && state.Members.Any(member => member.Name == node && member is { State: "leaving", Shards: 0 }),
            () => $"{node} is empty, and still there\n{Cluster.Output}");
        Assert.NotEqual(holder, await cluster.HolderOfBindAsync());
        Assert.Equal(System.Net.HttpStatusCode.OK, await holder.GetStatusAsync("/livez"));
        await GoesOnAsync(load);
        Assert.Equal(0, await holder.StopAsync());
        load.Down(holder);
        await Eventually.HoldsAsync(
            async () => await AgentCluster.StateAsync(other) is { } state
                && state.Members.Any(member => member.Name == node && member.State == "down"),
            () => $"{node} is no member any more\n{Cluster.Output}");
        await GoesOnAsync(load);
        await holder.StartAsync();
        load.Up(holder);
        await Cluster.SettledAsync();
        await load.StopAsync();
        Assert.True(load.Failures.Count == 0, Failed(load));
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task A_CREATE_that_is_held_and_a_transfer_that_is_read_slowly_are_served_to_the_end_by_a_node_that_stops()
    {
        string held = cluster.AtMaster("held", 1)[0];
        string large = cluster.LargeAtMaster("slow.example.", 30_000);
        AgentProcess leaving = cluster.Agents[1];
        await cluster.CreateAsync(leaving, large);
        using var client = new TcpClient();
        await client.ConnectAsync(leaving.Dns);
        await client.GetStream().WriteAsync(DnsSender.Frame(DnsTestMessage.Request(7, 0, large, DnsTestMessage.TypeAxfr)));
        var transfer = new List<DnsReply> { await NextAsync(client, leaving) };

        cluster.Bind.Process!.Signal(PosixSignalNumber.Stop);
        Task<DnsReply> create;
        Task<int> stopping;
        try
        {
            create = leaving.WorkerByTcp.CreateAsync(held);
            await Eventually.HoldsAsync(
                async () => await cluster.Agents[0].ZoneAsync(held) is { } zone
                    && zone.GetProperty("wantedSerial").ValueKind == System.Text.Json.JsonValueKind.Number,
                () => $"{held} has come, and waits for its servers\n{Cluster.Output}");
            stopping = leaving.StopAsync();
            await Eventually.HoldsAsync(async () => await IsClosedAsync(leaving), () => $"the port is closed\n{Cluster.Output}");
            Assert.False(stopping.IsCompleted);
        }
        finally
        {
            cluster.Bind.Process!.Signal(PosixSignalNumber.Continue);
        }

        DnsReply reply = await create;
        Assert.Equal((0, true), (reply.ResponseCode, reply.IsAuthoritative));
        while (transfer.Sum(message => message.Records.Count(record => record.Type == DnsTestMessage.TypeSoa)) < 2)
            transfer.Add(await NextAsync(client, leaving));
        Assert.All(transfer, message => Assert.Equal(0, message.ResponseCode));
        Assert.True(transfer.Sum(message => message.Records.Count) > 30_000);
        client.Close();
        Assert.Equal(0, await stopping);
        await leaving.StartAsync();
        await Cluster.SettledAsync();
        await cluster.CreateAsync(leaving, held);
        await cluster.EverythingIsAsPromisedAsync();
    }

    private static async Task<DnsReply> NextAsync(TcpClient client, AgentProcess agent)
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        byte[]? message = await DnsSender.ReadFramedAsync(client.GetStream(), late.Token);
        return new DnsReply(message ?? throw new InvalidDataException($"the transfer broke\n{agent.Output}"), agent.Dns);
    }

    /// <summary>Whether the port of a node that stops refuses connections.</summary>
    private static async Task<bool> IsClosedAsync(AgentProcess agent)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(agent.Dns);
            return false;
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
    }

    private async Task<RollingLoad> LoadAsync(string prefix)
    {
        string[] zones = cluster.AtMaster(prefix, 9), churning = cluster.AtMaster(prefix + "-churn", 3);
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[0], zone);
        await cluster.EverythingIsAsPromisedAsync();
        var load = new RollingLoad(
            new RollingLoadOptions(zones, churning, LoadInterval, cluster.Bump)
            {
                Servers = [cluster.Bind.EndPoint],
                QueryInterval = LoadInterval / 10,
            });
        load.Start(cluster.Agents);
        return load;
    }

    /// <summary>Every zone's next change is answered and served.</summary>
    private Task GoesOnAsync(RollingLoad load)
    {
        int requests = load.Requests, queries = load.Queries;
        return Eventually.HoldsAsync(
            () => load.Failures.Count > 0 || (load.Requests > requests + 30 && load.Queries > queries + 30),
            () => $"requests are answered\n{Cluster.Output}");
    }

    private string Failed(RollingLoad load) => $"{string.Join('\n', load.Failures)}\n{Cluster.Output}";
}
