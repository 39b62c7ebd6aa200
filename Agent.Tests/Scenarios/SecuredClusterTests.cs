using System.Net;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Losses that a cluster must outlive and nodes that it must refuse. Each test ends with the whole cluster in order.</summary>
[Trait("Category", "Peer")]
public sealed class SecuredClusterTests(SecuredClusterFixture cluster) : IClassFixture<SecuredClusterFixture>
{
    private AgentCluster Cluster => cluster.Cluster;

    [Fact]
    public async Task Contents_outlive_their_owner_and_wiped_servers_while_all_masters_are_away()
    {
        string[] zones = cluster.AtMaster("held", 6);
        string large = cluster.LargeAtMaster("large.example.", records: 60_000);
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[0], zone);
        await cluster.CreateAsync(cluster.Agents[1], large);
        await cluster.EverythingIsAsPromisedAsync();
        cluster.Bump(large);
        await cluster.NotifyAsync(cluster.Agents[2], large);
        await cluster.EverythingIsAsPromisedAsync();
        Assert.Equal(2, cluster.TransfersOf(large));
        AgentProcess owner = await Cluster.OwnerOfAsync(large);
        foreach (AgentProcess other in cluster.Agents.Where(agent => agent != owner))
        {
            MetricsPage page = await other.MetricsAsync();
            Assert.True(page["dnsagent_node_link_pulls_total{result=\"done\"}"] >= 2, $"the content was not pulled\n{Cluster.Output}");
        }

        // From here on the zones are nowhere but in the cluster. First its common server loses everything, and then one that a node has.
        await cluster.MasterLeavesAsync();
        await owner.KillAsync();
        await cluster.Bind.WipeAsync();
        await cluster.Bind.StartAsync();
        await cluster.EverythingIsAsPromisedAsync();
        Directory.Delete(owner.DataFolder, recursive: true);
        await owner.StartAsync();
        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();

        cluster.MasterReturns();
        cluster.Bump(zones[0]);
        await cluster.NotifyAsync(owner, zones[0]);
        await cluster.EverythingIsAsPromisedAsync();
        Assert.Equal(0, cluster.TransfersOf(large));
    }

    [Fact]
    public async Task All_agents_may_be_killed_at_once()
    {
        string[] zones = cluster.AtMaster("all", 9);
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[0], zone);
        foreach (string zone in zones) cluster.Bump(zone);
        await Task.WhenAll(zones.Select((zone, i) => cluster.Agents[i % 3].WorkerByTcp.NotifyAcceptedAsync(zone)));
        await cluster.DeleteAsync(cluster.Agents[1], zones[8]);
        await Task.WhenAll(cluster.Agents.Select(agent => agent.KillAsync()));
        foreach (AgentProcess agent in cluster.Agents) await agent.StartAsync();
        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task The_primary_of_the_journal_dies_and_the_agents_go_on_at_its_standby()
    {
        string[] zones = cluster.AtMaster("fail", 90);
        foreach (string zone in zones.Take(3)) await cluster.CreateAsync(cluster.Agents[0], zone);
        int next = 2;
        using var done = new CancellationTokenSource();
        Task[] load = [.. cluster.Agents.Select(agent => Task.Run(() => CreateAllAsync(agent)))];
        await Eventually.HoldsAsync(() => Volatile.Read(ref next) > 5, () => $"zones are created\n{Cluster.Output}");
        await Cluster.FailOverAsync();
        foreach (string zone in zones.Take(3)) cluster.Bump(zone);
        for (int i = 0; i < 3; i++) await cluster.NotifyAsync(cluster.Agents[i], zones[i]);
        await Eventually.HoldsAsync(
            async () => await cluster.TryCreateAsync(cluster.Agents[0], zones[^1]), () => $"a zone is created\n{Cluster.Output}");
        await done.CancelAsync();
        await Task.WhenAll(load);
        await cluster.EverythingIsAsPromisedAsync();

        // Whatever was refused meanwhile is taken now.
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[1], zone);
        await cluster.EverythingIsAsPromisedAsync();

        async Task CreateAllAsync(AgentProcess agent)
        {
            while (!done.IsCancellationRequested && Interlocked.Increment(ref next) is var i && i < zones.Length - 1)
            {
                await cluster.TryCreateAsync(agent, zones[i]);
            }
        }
    }

    [Fact]
    public async Task A_node_that_is_configured_for_another_cluster_is_refused()
    {
        await using AgentProcess odd = Cluster.NewAgent("n4", $"{cluster.NodeSettings}\ncluster.shards = 16");
        await using (ChildProcess process = await odd.LaunchAsync())
        {
            Assert.NotEqual(0, await process.Exited.WaitAsync(Eventually.Deadline));
            Assert.Contains("12 shards", process.Output, StringComparison.Ordinal);
        }

        // With a journal of its own nothing else would stop it.
        await Cluster.Postgres.SqlAsync("postgres", "CREATE DATABASE odd ENCODING 'UTF8' TEMPLATE template0");
        await using AgentProcess odder = Cluster.NewAgent(
            "n4",
            $"{cluster.NodeSettings}\ncluster.shards = 16\njournal.connection-string = \"{Cluster.ConnectionString("odd")}\"");
        await odder.StartAsync();
        await Eventually.HoldsAsync(
            () => odder.Output.Contains("n4 cannot join yet: the cluster has 12 shards", StringComparison.Ordinal),
            () => $"it says why\n{odder.Output}");
        Assert.Equal(["n1", "n2", "n3"], (await AgentCluster.StateAsync(cluster.Agents[0]))!.Members.Select(member => member.Name));
        await odder.KillAsync();
        await Cluster.SettledAsync();
    }

    [Fact]
    public async Task The_second_of_two_nodes_with_one_name_waits_until_the_first_is_gone()
    {
        string[] zones = cluster.AtMaster("twin", 4);
        foreach (string zone in zones.Take(3)) await cluster.CreateAsync(cluster.Agents[0], zone);
        await using AgentProcess twin = Cluster.NewAgent("n3", cluster.NodeSettings);
        await twin.StartAsync();
        await Eventually.HoldsAsync(
            () => twin.Output.Contains("n3 cannot join yet", StringComparison.Ordinal), () => $"the second waits\n{twin.Output}");
        await Cluster.SettledAsync();
        await cluster.CreateAsync(cluster.Agents[2], zones[3]);
        await cluster.EverythingIsAsPromisedAsync();

        await cluster.Agents[2].KillAsync();
        await Eventually.HoldsAsync(
            async () => await AgentCluster.StateAsync(cluster.Agents[0]) is { Unowned: 0 } state
                && state.Members.Any(member => member is { Name: "n3", State: "up", Shards: > 0 }),
            () => $"the second has the name\n{twin.Output}\n{Cluster.Output}");
        foreach (string zone in zones) await WorkerClient.ServedAsync(twin.Dns, zone, 1, () => twin.Output);
        await cluster.DeleteAsync(twin, zones[0]);
        await twin.KillAsync();
        await cluster.Agents[2].StartAsync();
        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task Nobody_speaks_on_the_link_without_a_certificate()
    {
        foreach (AgentProcess agent in cluster.Agents)
        {
            await Eventually.HoldsAsync(
                async () => (await agent.MetricsAsync())["dnsagent_node_link_up"] == 2, () => $"two links are up\n{Cluster.Output}");
            foreach (string scheme in (string[])["http", "https"])
            {
                using var handler = new SocketsHttpHandler();
                handler.SslOptions.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null;
                using var neighbour = new HttpClient(handler)
                {
                    DefaultRequestVersion = HttpVersion.Version20,
                    DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
                };
                using var hello = new ByteArrayContent(new byte[4]);
                await Assert.ThrowsAnyAsync<HttpRequestException>(
                    () => neighbour.PostAsync(new Uri($"{scheme}://{agent.Link}/node/v1/link"), hello));
            }
        }
    }

    [Fact]
    public async Task The_metrics_show_the_cluster()
    {
        string[] zones = cluster.AtMaster("seen", 6);
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[0], zone);
        MetricsPage[] pages = await Task.WhenAll(cluster.Agents.Select(agent => agent.MetricsAsync()));
        foreach (MetricsPage page in pages)
        {
            Assert.Equal(3, page["dnsagent_cluster_members{state=\"up\"}"]);
            Assert.Equal(0, page["dnsagent_cluster_members{state=\"leaving\"}"]);
            Assert.Equal(12, page["dnsagent_shards{owner=\"self\"}"] + page["dnsagent_shards{owner=\"other\"}"]);
            Assert.Equal(0, page["dnsagent_shards{owner=\"none\"}"]);
            Assert.Equal(0, page["dnsagent_leaderless_seconds"]);
            Assert.Equal(1, page["dnsagent_lease_held"]);
        }

        Assert.Equal(12, pages.Sum(page => page["dnsagent_shards{owner=\"self\"}"]));
        Assert.True(pages[0]["dnsagent_routed_messages_total{fate=\"sent\"}"] > 0, "zones of other nodes were asked for there");
        string text = await cluster.Agents[0].GetTextAsync("/metrics");
        foreach (string name in (string[])["dnsagent_requests_waiting 0", "dnsagent_shard_owner_changes_total ", "fate=\"expired\"} "])
            Assert.Contains(name, text, StringComparison.Ordinal);

        AgentProcess leader = cluster.Agents[int.Parse(
            (await AgentCluster.StateAsync(cluster.Agents[0]))!.Coordinator![1..], System.Globalization.CultureInfo.InvariantCulture) - 1];
        AgentProcess other = cluster.Agents.First(agent => agent != leader);
        MetricsPage before = await other.MetricsAsync();
        await leader.KillAsync();
        await Eventually.HoldsAsync(
            async () => await other.MetricsAsync() is var page && page["dnsagent_cluster_members{state=\"down\"}"] == 1
                && page["dnsagent_shards{owner=\"none\"}"] == 0 && page["dnsagent_leaderless_seconds"] == 0
                && page.Since(before, "dnsagent_shard_owner_changes_total") >= 4,
            () => $"the loss of a node is seen\n{Cluster.Output}");
        await leader.StartAsync();
        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();
    }
}
