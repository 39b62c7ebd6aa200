using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Real agents as one cluster, and what must hold when parts of it die. Each test ends with the whole cluster in order.</summary>
[Trait("Category", "Peer")]
public sealed class ClusterTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private AgentCluster Cluster => cluster.Cluster;

    [Fact]
    public async Task Any_node_takes_any_message_and_the_masters_are_asked_once_for_each_change()
    {
        string[] zones = cluster.AtMaster("any", 12);
        await Task.WhenAll(zones.Select((zone, i) => cluster.CreateAsync(cluster.Agents[i % 3], zone)));
        await cluster.EverythingIsAsPromisedAsync();
        string[] owners = [.. (await Task.WhenAll(zones.Select(zone => OwnerNameAsync(zone)))).Distinct()];
        Assert.True(owners.Length > 1, $"all zones have one owner: {owners[0]}");

        int transfers = Transfers();
        foreach (string zone in zones) cluster.Bump(zone);
        for (int i = 0; i < zones.Length; i++) await cluster.NotifyAsync(cluster.Agents[(i + 1) % 3], zones[i]);
        await cluster.EverythingIsAsPromisedAsync();
        Assert.Equal(transfers + zones.Length, Transfers());

        await Task.WhenAll(zones.Take(6).Select((zone, i) => cluster.DeleteAsync(cluster.Agents[(i + 2) % 3], zone)));
        await cluster.EverythingIsAsPromisedAsync();
        // The rows go when the journal has heard that no server has the zones any more.
        await Eventually.HoldsAsync(
            async () => await CountAsync("any") == 6 && await cluster.Agents[0].ZoneAsync(zones[0]) is null,
            () => $"six zones are forgotten\n{Cluster.Output}");

        // The first is whole, those behind it in differences, which this master answers with the whole zone.
        int Transfers() => cluster.Master.CountOf(DnsTestMessage.TypeAxfr) + cluster.Master.CountOf(DnsTestMessage.TypeIxfr);
    }

    [Fact]
    public async Task Every_node_shows_what_stopped_content_would_change()
    {
        string zone = cluster.HostsAtMaster("shrinks.example.", 40);
        await cluster.CreateAsync(cluster.Agents[0], zone);
        cluster.Shrink(zone);
        await cluster.NotifyAsync(cluster.Agents[1], zone);
        for (int i = 0; i < 3; i++)
        {
            ToolResult shown = new("", -1, "", "");
            await Eventually.HoldsAsync(
                async () => (shown = await cluster.CommandAsync(i, "zone", "diff", zone)).ExitCode == 0,
                () => $"what waits for {zone} is shown: {shown.Output}{shown.Error}\n{Cluster.Output}");
            Assert.Contains($"{zone} serial 1 to 2: 40 records go, 0 come; guard-shrink: ", shown.Output, StringComparison.Ordinal);
        }

        await cluster.DeleteAsync(cluster.Agents[2], zone);
    }

    [Fact]
    public async Task Any_node_answers_for_a_target_that_another_holds()
    {
        string[] zones = cluster.AtMaster("everywhere", 2);
        (string zone, string strange) = (zones[0], zones[1]);
        await cluster.CreateAsync(cluster.Agents[0], zone);
        int holder = cluster.Agents.ToList().IndexOf(await cluster.HolderOfBindAsync());
        string holderName = AgentCluster.NameOf(holder);
        int other = (holder + 1) % 3;
        string file = Path.Combine(cluster.Bind.ZoneFolder, $"{strange}zone");
        await File.WriteAllTextAsync(
            file, $"$TTL 60\n@ SOA ns.{strange} h.{strange} 1 3600 600 86400 60\n@ NS ns.{strange}\nns A 192.0.2.1\n");
        (await cluster.Bind.RndcAsync("addzone", strange.TrimEnd('.'), $"{{ type primary; file \"{file}\"; }};")).EnsureSuccess();

        foreach (AgentProcess agent in cluster.Agents)
        {
            await Eventually.HoldsAsync(
                async () => (await ItemAsync(agent, "/api/v1/targets", "targets", "name", "bind")) is { } bind
                    && bind.GetProperty("driver").GetString() == "bind9"
                    && bind.GetProperty("controlledVersion").GetString() is { Length: > 0 }
                    && bind.GetProperty("version").GetString() is { Length: > 0 }
                    && bind.GetProperty("features").GetArrayLength() > 0
                    && bind.GetProperty("limits").ValueKind == JsonValueKind.Object,
                () => $"who bind is is known at every node\n{Cluster.Output}");
            JsonElement drift = (await ItemAsync(agent, "/api/v1/drift", "targets", "target", "bind"))!.Value;
            Assert.Equal((holderName, "report"), (drift.GetProperty("node").GetString(), drift.GetProperty("rule").GetString()));
            JsonElement alone = (await agent.GetAsync("/api/v1/targets/bind/drift"))!.Value;
            Assert.Equal((holderName, "report"), (alone.GetProperty("node").GetString(), alone.GetProperty("rule").GetString()));
        }

        await DoneAsync(other, "target", "repair", "bind");
        for (int i = 0; i < 3; i++)
        {
            foreach (string target in new[] { "bind", "self@n1", "self@n2", "self@n3" })
                await Eventually.HoldsAsync(
                    async () => (await cluster.CommandAsync(i, "zone", "diff", zone, "--target", target)).ExitCode == 0,
                    () => $"{zone} is compared at {target} from any node\n{Cluster.Output}");
        }

        ToolResult nobody = await cluster.CommandAsync(other, "zone", "diff", zone, "--target", "self@n9");
        Assert.True(nobody.ExitCode == 1 && nobody.Error.Contains("unknown-node", StringComparison.Ordinal), nobody.Error);
        await DoneAsync(other, "zone", "orphans", "--sweep");
        await Eventually.HoldsAsync(
            async () => (await ItemAsync(cluster.Agents[other], "/api/v1/orphans", "orphans", "zone", strange)) is { } found
                && found.GetProperty("node").GetString() == holderName,
            () => $"{strange} is found from another node\n{Cluster.Output}");
        await DoneAsync(other, "zone", "adopt", strange);
        await Eventually.HoldsAsync(
            async () => await ItemAsync(cluster.Agents[other], "/api/v1/orphans", "orphans", "zone", strange) is null,
            () => $"{strange} is adopted\n{Cluster.Output}");
        foreach (string made in zones) await cluster.DeleteAsync(cluster.Agents[other], made);
    }

    private async Task DoneAsync(int agent, params string[] command)
    {
        ToolResult done = await cluster.CommandAsync(agent, command);
        Assert.True(done.ExitCode == 0, $"{done.Output}{done.Error}\n{Cluster.Output}");
    }

    private static async Task<JsonElement?> ItemAsync(AgentProcess agent, string path, string list, string key, string value) =>
        (await agent.GetAsync(path))!.Value.GetProperty(list).EnumerateArray().Cast<JsonElement?>()
            .FirstOrDefault(item => item!.Value.GetProperty(key).GetString() == value);

    [Fact]
    public async Task The_zones_of_a_killed_owner_go_on_elsewhere_and_its_own_server_is_brought_level_on_its_return()
    {
        string[] zones = cluster.AtMaster("kill", 9);
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[0], zone);
        AgentProcess owner = await Cluster.OwnerOfAsync(zones[0]);
        AgentProcess other = Cluster.Running.First(agent => agent != owner);
        foreach (string zone in zones) cluster.Bump(zone);
        await owner.Worker.NotifyAcceptedAsync(zones[0]);
        await owner.KillAsync();

        // The others are told by nobody: the new owner asks the masters about every zone that it took over.
        foreach (string zone in zones.Skip(1)) await cluster.NotifyAsync(other, zone);
        await cluster.EverythingIsAsPromisedAsync();
        await owner.StartAsync();
        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task A_member_of_etcd_may_die_and_all_of_it_may_stand_still()
    {
        string[] zones = cluster.AtMaster("etcd", 6);
        foreach (string zone in zones.Take(2)) await cluster.CreateAsync(cluster.Agents[1], zone);
        EtcdServer leader = await Cluster.Etcd.LeaderAsync();
        await leader.KillAsync();
        await cluster.CreateAsync(cluster.Agents[2], zones[2]);
        await Cluster.Etcd.RestartAsync(leader);

        foreach (EtcdServer member in Cluster.Etcd.Members) member.Signal(PosixSignalNumber.Stop);
        try
        {
            // Longer than the lease: the gates are closed, and the journal's fence decides.
            await Eventually.HoldsAsync(
                async () => await cluster.Agents[0].GetAsync("/api/v1/cluster") is { } state
                    && state.GetProperty("stale").ValueKind == System.Text.Json.JsonValueKind.String,
                () => $"the silence of etcd is noticed\n{Cluster.Output}");
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, await cluster.Agents[0].GetStatusAsync("/readyz"));
            await cluster.CreateAsync(cluster.Agents[0], zones[3]);
            cluster.Bump(zones[0]);
            await cluster.NotifyAsync(cluster.Agents[1], zones[0]);
            await cluster.EverythingIsAsPromisedAsync();
        }
        finally
        {
            foreach (EtcdServer member in Cluster.Etcd.Members) member.Signal(PosixSignalNumber.Continue);
        }

        await Cluster.SettledAsync();
        await cluster.CreateAsync(cluster.Agents[1], zones[4]);
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task While_PostgreSQL_is_away_nothing_is_promised_and_afterwards_everything_goes_on()
    {
        string[] zones = cluster.AtMaster("pg", 13);
        await cluster.CreateAsync(cluster.Agents[0], zones[0]);
        await Cluster.Postgres.SignalAllAsync(PosixSignalNumber.Stop);
        try
        {
            // So many that every node is asked as an owner.
            DnsReply[] replies = await Task.WhenAll(zones.Skip(1).Select(zone => cluster.Agents[1].WorkerByTcp.CreateAsync(zone)));
            Assert.All(replies, reply => Assert.Equal((2, false), (reply.ResponseCode, reply.IsAuthoritative)));
            Assert.Equal(1u, await WorkerClient.PollSerialAsync(cluster.Agents[2].Dns, zones[0]));
        }
        finally
        {
            await Cluster.Postgres.SignalAllAsync(PosixSignalNumber.Continue);
        }

        // Each node seeks the database by itself, and refuses until it has found it.
        foreach (string zone in zones)
        {
            await Eventually.HoldsAsync(
                async () => await cluster.TryCreateAsync(cluster.Agents[1], zone), () => $"{zone} is created\n{Cluster.Output}");
        }

        foreach (AgentProcess agent in cluster.Agents)
        {
            await Eventually.HoldsAsync(
                async () => await agent.GetStatusAsync("/readyz") == System.Net.HttpStatusCode.OK,
                () => $"every node is ready\n{Cluster.Output}");
        }

        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task An_owner_that_stood_still_for_longer_than_its_lease_does_no_harm_when_it_wakes()
    {
        string[] zones = cluster.AtMaster("still", 6);
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[2], zone);
        AgentProcess owner = await Cluster.OwnerOfAsync(zones[0]);
        AgentProcess other = Cluster.Running.First(agent => agent != owner);

        // Work is under way when it stops.
        foreach (string zone in zones) cluster.Bump(zone);
        await Task.WhenAll(zones.Select(zone => owner.Worker.NotifyAcceptedAsync(zone)));
        owner.Process!.Signal(PosixSignalNumber.Stop);
        try
        {
            await Eventually.HoldsAsync(
                async () => await AgentCluster.StateAsync(other) is { Unowned: 0 } state
                    && state.Members.Count(member => member.State == "up") == 2,
                () => $"the others have taken over\n{Cluster.Output}",
                TimeSpan.FromSeconds(60));
            foreach (string zone in zones) cluster.Bump(zone);
            foreach (string zone in zones) await cluster.NotifyAsync(other, zone);
            await cluster.DeleteAsync(other, zones[5]);
        }
        finally
        {
            owner.Process!.Signal(PosixSignalNumber.Continue);
        }

        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task The_holder_of_a_target_may_die_and_another_one_brings_the_server_level()
    {
        string[] zones = cluster.AtMaster("holder", 4);
        foreach (string zone in zones.Take(3)) await cluster.CreateAsync(cluster.Agents[0], zone);
        AgentProcess holder = await cluster.HolderOfBindAsync();
        AgentProcess other = Cluster.Running.First(agent => agent != holder);
        foreach (string zone in zones.Take(3)) cluster.Bump(zone);
        await holder.KillAsync();
        foreach (string zone in zones.Take(3)) await cluster.NotifyAsync(other, zone);
        await cluster.CreateAsync(other, zones[3]);
        await cluster.EverythingIsAsPromisedAsync();
        await holder.StartAsync();
        await Cluster.SettledAsync();
        await cluster.EverythingIsAsPromisedAsync();
    }

    [Fact]
    public async Task Operators_see_the_cluster_pin_shards_and_drain_nodes()
    {
        ToolResult status = await cluster.CommandAsync(0, "cluster", "status");
        Assert.Contains("n3", status.Output, StringComparison.Ordinal);
        Assert.Contains("coordinator", status.Output, StringComparison.Ordinal);
        Assert.Contains("12 shards, 0 without an owner", status.Output, StringComparison.Ordinal);

        (await cluster.CommandAsync(1, "cluster", "pins", "--shard", "5", "--node", "n2")).EnsureSuccess();
        Assert.Contains("5", (await cluster.CommandAsync(2, "cluster", "pins")).Output, StringComparison.Ordinal);
        (await cluster.CommandAsync(1, "cluster", "pins", "--shard", "5")).EnsureSuccess();
        Assert.Equal(2, (await cluster.CommandAsync(1, "cluster", "pins", "--shard", "99", "--node", "n2")).ExitCode);
        Assert.Equal(1, (await cluster.CommandAsync(1, "cluster", "forget", "n3")).ExitCode);

        (await cluster.CommandAsync(2, "cluster", "drain")).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => await AgentCluster.StateAsync(cluster.Agents[0]) is { Unowned: 0 } state
                && state.Members.Any(member => member is { Name: "n3", State: "leaving", Shards: 0 }),
            () => $"n3 is empty\n{Cluster.Output}");
        (await cluster.CommandAsync(2, "cluster", "drain", "--undo")).EnsureSuccess();
        await Cluster.SettledAsync();
    }

    [Fact]
    public async Task What_a_server_lost_is_repaired_and_told_at_any_node()
    {
        string zone = cluster.AtMaster("drifting", 1)[0];
        await cluster.CreateAsync(cluster.Agents[0], zone);
        await cluster.EverythingIsAsPromisedAsync();
        AgentProcess holder = await cluster.HolderOfBindAsync();
        string name = AgentCluster.NameOf(cluster.Agents.ToList().IndexOf(holder));
        int asked = Enumerable.Range(0, 3).First(i => cluster.Agents[i] != holder);
        (await cluster.Bind.RndcAsync("delzone", zone.TrimEnd('.'))).EnsureSuccess();

        JsonElement drift = (await cluster.Agents[asked].GetAsync("/api/v1/targets/bind/drift"))!.Value;
        Assert.Equal(name, drift.GetProperty("node").GetString());
        Assert.NotEqual("elsewhere", drift.GetProperty("state").GetString());
        (await cluster.CommandAsync(asked, "target", "repair", "bind", zone)).EnsureSuccess();
        await WorkerClient.ServedAsync(cluster.Bind.EndPoint, zone, 1, () => Cluster.Output);
        await Eventually.HoldsAsync(
            async () => (await cluster.Agents[asked].GetAsync("/api/v1/targets/bind/drift"))!.Value.GetProperty("repaired").EnumerateArray()
                .Any(r => r.GetProperty("zone").GetString() == zone && r.GetProperty("kind").GetString() == "missing"),
            () => $"the holder has noted it, and says so at another node\n{Cluster.Output}");
    }

    private async Task<string> OwnerNameAsync(string zone) =>
        (await cluster.Agents[0].ZoneAsync(zone))!.Value.GetProperty("owner").GetString()!;

    private async Task<int> CountAsync(string prefix) =>
        (await cluster.Agents[1].GetAsync($"/api/v1/zones?prefix={prefix}&limit=1000"))!.Value.GetProperty("zones").GetArrayLength();
}
