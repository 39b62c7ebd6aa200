using System.Diagnostics;
using System.Globalization;
using Agent.Bench.Latency;
using Agent.Bench.Measure;
using Agent.Bench.Peers;
using Agent.Bench.Provision;

namespace Agent.Bench.Cluster;

/// <summary>Several agents as one: takeover, throughput by nodes, the cost of a hop, the load on etcd and journal, many zones.</summary>
internal static class ClusterBench
{
    private const double LeaseSeconds = 3;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int takeovers = options.Number("takeovers", 5);
        int changes = options.Number("changes", 200);
        int seconds = options.Number("seconds", 5);
        int zones = options.Number("zones", 10_000);
        BenchReport report = new(string.Create(
            CultureInfo.InvariantCulture, $"a cluster of agents on one machine, lease {LeaseSeconds} s, every agent answering by itself"));
        string[] parts = (options.Text("parts") ?? "takeovers,changes,zones").Split(',');
        if (parts.Contains("takeovers")) await TakeOverAsync(report, takeovers);
        foreach (int nodes in parts.Contains("changes") ? (int[])[1, 2, 3] : []) await ChangesAsync(report, nodes, changes, seconds);
        if (parts.Contains("zones")) await ManyZonesAsync(report, zones);
        return report;
    }

    /// <summary>From kill -9 of a zone's owner until another node serves a change of the zone that was made at that moment.</summary>
    private static async Task TakeOverAsync(BenchReport report, int rounds)
    {
        string[] zones = Zones(12);
        await using FastMaster master = new(zones, serial: 1);
        await using AgentCluster cluster = await StartAsync(3, master.EndPoint.ToString());
        foreach (string zone in zones) await cluster.Agents[0].WorkerByTcp.CreateAcceptedAsync(zone);
        for (int round = 0; round < rounds; round++)
        {
            string zone = zones[round % zones.Length];
            AgentProcess owner = await cluster.OwnerOfAsync(zone);
            AgentProcess other = cluster.Running.First(agent => agent != owner);
            uint serial = master.SerialOf(zone) + 1;
            master.SetSerial(zone, serial);
            long start = Stopwatch.GetTimestamp();
            await owner.KillAsync();
            await Eventually.HoldsAsync(
                async () => (await other.WorkerByTcp.NotifyAsync(zone)).ResponseCode == 0, () => $"NOTIFY is taken\n{cluster.Output}");
            report.Of("3 nodes", "kill of the owner until its zone takes a NOTIFY", "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            await WorkerClient.ServedAsync(other.Dns, zone, serial, () => cluster.Output);
            report.Of("3 nodes", "kill of the owner until the change is served", "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            await owner.StartAsync();
            await cluster.SettledAsync();
        }

        double median = report.Of("3 nodes", "kill of the owner until its zone takes a NOTIFY", "s").Median;
        report.AddRatio("takeover minus the lease, median, s", median - LeaseSeconds, "at most 1.0");
    }

    private static async Task ChangesAsync(BenchReport report, int nodes, int changes, int seconds)
    {
        string subject = nodes == 1 ? "1 node" : $"{nodes.ToString(CultureInfo.InvariantCulture)} nodes";
        string[] zones = Zones(60);
        await using FastMaster master = new(zones, serial: 1);
        await using AgentCluster cluster = await StartAsync(nodes, master.EndPoint.ToString());
        await Parallel.ForEachAsync(
            zones,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (zone, _) => await cluster.Agents[0].WorkerByTcp.CreateAcceptedAsync(zone));
        await LatencyAsync(report, subject, cluster, master, zones[0], changes);
        await ThroughputAsync(report, subject, cluster, master, zones, seconds);
    }

    /// <summary>One change after the other, told to the owner, and told to another node: the difference is the way between them.</summary>
    private static async Task LatencyAsync(
        BenchReport report, string subject, AgentCluster cluster, FastMaster master, string zone, int changes)
    {
        AgentProcess owner = await cluster.OwnerOfAsync(zone);
        AgentProcess? other = cluster.Running.FirstOrDefault(agent => agent != owner);
        using SerialWatch direct = new(owner.Dns, owner.Dns, zone);
        using SerialWatch? around = other is null ? null : new SerialWatch(other.Dns, owner.Dns, zone);
        using SerialWatch? there = other is null ? null : new SerialWatch(owner.Dns, other.Dns, zone);
        uint serial = master.SerialOf(zone);
        (string What, SerialWatch? Watch)[] ways =
        [
            ("NOTIFY at the owner until served there", direct), ("NOTIFY at another node until served at the owner", around),
            ("NOTIFY at the owner until served at another node", there),
        ];
        for (int change = 0; change < changes; change++)
        {
            foreach ((string what, SerialWatch? watch) in ways)
            {
                if (watch is null) continue;
                master.SetSerial(zone, ++serial);
                double milliseconds = watch.NotifyUntilServed(serial)
                    ?? throw new TimeoutException($"{zone} {serial} is not served: {what}");
                if (change >= changes / 5) report.Of(subject, what, "ms").Add(milliseconds);
                foreach (AgentProcess agent in cluster.Running) await WorkerClient.ServedAsync(agent.Dns, zone, serial);
            }
        }
    }

    /// <summary>Changes of many zones as fast as they are served, told to all nodes in turn, and what they asked of etcd and the
    /// journal.</summary>
    private static async Task ThroughputAsync(
        BenchReport report, string subject, AgentCluster cluster, FastMaster master, string[] zones, int seconds)
    {
        AgentProcess[] agents = [.. cluster.Running];
        (double etcd, double commits) before = await LoadAsync(cluster);
        long start = Stopwatch.GetTimestamp();
        int served = 0;
        await Task.WhenAll(zones.Select((zone, i) => Task.Run(async () =>
        {
            for (int turn = 0; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; turn++)
            {
                uint serial = master.SerialOf(zone) + 1;
                master.SetSerial(zone, serial);
                await agents[(i + turn) % agents.Length].WorkerByTcp.NotifyAcceptedAsync(zone);
                foreach (AgentProcess agent in agents) await WorkerClient.ServedAsync(agent.Dns, zone, serial, () => cluster.Output);
                Interlocked.Increment(ref served);
            }
        })));
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        (double etcd, double commits) after = await LoadAsync(cluster);
        report.Of(subject, "changes served by every node", "per second").Add(served / elapsed);
        report.Of(subject, "requests to etcd", "per second").Add((after.etcd - before.etcd) / elapsed);
        report.Of(subject, "transactions of PostgreSQL per change", "transactions")
            .Add((after.commits - before.commits) / Math.Max(1, served));
    }

    private static async Task<(double Etcd, double Commits)> LoadAsync(AgentCluster cluster)
    {
        double requests = 0;
        foreach (AgentProcess agent in cluster.Running) requests += (await agent.MetricsAsync()).Total("dnsagent_etcd_requests_total");
        string commits = await cluster.Postgres.SqlAsync(
            "postgres", $"SELECT xact_commit FROM pg_stat_database WHERE datname = '{AgentCluster.Database}'");
        return (requests, double.Parse(commits, CultureInfo.InvariantCulture));
    }

    /// <summary>Many zones with a driver that costs nothing: what the cluster itself takes for them.</summary>
    private static async Task ManyZonesAsync(BenchReport report, int zones)
    {
        await using SmallZoneMaster master = new(hosts: 5);
        await using AgentCluster cluster = await StartAsync(3, master.EndPoint.ToString(), driver: "fake", shards: 64);
        string[] names = Zones(zones);
        double[] before = Resident(cluster);
        report.Of("3 nodes, no zone", "resident memory of a node", "MiB").AddRange(before);
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            names.Index(), new ParallelOptions { MaxDegreeOfParallelism = 48 }, async (zone, _) =>
                await CreateAsync(cluster.Agents[zone.Index % 3], zone.Item));
        report.Of("3 nodes", "zones created", "per second").Add(zones / Stopwatch.GetElapsedTime(start).TotalSeconds);
        AddMemory(report, cluster, "3 nodes, zones just created", before, zones);

        AgentProcess leaving = cluster.Agents[2];
        start = Stopwatch.GetTimestamp();
        int exit = await leaving.StopAsync();
        report.Of("3 nodes", "a node with a third of the zones gives them away and ends", "s")
            .Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        report.AddRatio("exit code of that node", exit, "0");
        await ReadyAsync(report, cluster, "3 nodes, one of them comes back", [leaving]);
        foreach (AgentProcess agent in cluster.Agents) await agent.KillAsync();
        await ReadyAsync(report, cluster, "3 nodes, all killed and started at once", cluster.Agents);
        AddMemory(report, cluster, "3 nodes, zones read back", before, zones);
        report.AddNote(string.Create(CultureInfo.InvariantCulture, $"The figures of many zones: {zones:N0} zones, driver fake."));
    }

    /// <summary>Starts these nodes; to the ready line, until every shard has an owner, and until the shards are in balance.</summary>
    private static async Task ReadyAsync(BenchReport report, AgentCluster cluster, string subject, IReadOnlyList<AgentProcess> agents)
    {
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(agents.Select(agent => agent.StartAsync()));
        report.Of(subject, "start until the ready line", "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        await cluster.OwnedAsync();
        report.Of(subject, "start until every shard has an owner", "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        await cluster.SettledAsync(TimeSpan.FromMinutes(3));
        report.Of(subject, "start until the shards are in balance", "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static void AddMemory(BenchReport report, AgentCluster cluster, string subject, double[] before, int zones)
    {
        double[] after = Resident(cluster);
        report.Of(subject, "resident memory of a node", "MiB").AddRange(after);
        report.Of(subject, "resident memory of all nodes, for a zone", "octets")
            .Add((after.Sum() - before.Sum()) * (1 << 20) / Math.Max(1, zones));
    }

    private static double[] Resident(AgentCluster cluster) =>
        [.. cluster.Running.Select(agent => ProcessTree.ResidentOctets(agent.Process!.Id) / (double)(1 << 20))];

    /// <summary>By UDP: a connection for each of so many zones would use up the machine's ports. A lost datagram is sent again.</summary>
    private static async Task CreateAsync(AgentProcess agent, string zone)
    {
        for (int sent = 1; ; sent++)
        {
            try
            {
                await agent.Worker.CreateAcceptedAsync(zone);
                return;
            }
            catch (TimeoutException) when (sent < 3)
            {
                // The agent takes the repeat as the same wish.
            }
        }
    }

    private static Task<AgentCluster> StartAsync(int nodes, string master, string driver = "embedded", int shards = 12) =>
        AgentCluster.StartedAsync(
            nodes,
            _ => $"""
                backend-driver = {driver}
                masters = ["{master}"]
                logging.level = warning
                """,
            shards,
            LeaseSeconds);

    private static string[] Zones(int count) =>
        [.. Enumerable.Range(0, count).Select(i => $"z{i.ToString(CultureInfo.InvariantCulture)}.cluster.example.")];
}
