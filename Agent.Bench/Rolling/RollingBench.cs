using System.Diagnostics;
using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Rolling;

/// <summary>All nodes of a cluster restart one after the other under load: failed requests, pause of each zone, time of each
/// restart.</summary>
/// <remarks>With <c>--older FILE</c>, the program of an earlier release, all begin as that one, and the rounds lead to this release and
/// back.</remarks>
internal static class RollingBench
{
    private const int Nodes = 3;
    private const double AimSeconds = 0.5;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 1);
        int zones = options.Number("zones", 24);
        int shards = options.Number("shards", 64);
        var interval = TimeSpan.FromMilliseconds(options.Number("interval", 250));
        string[] names = Names("z", zones), churning = Names("c", options.Number("churning", 6));
        string? older = options.Text("older");
        BenchReport report = new(string.Create(
            CultureInfo.InvariantCulture,
            $"{Nodes} agents restart in turn: {zones} zones told every {interval.TotalMilliseconds} ms, {shards} shards, one BIND"));
        await using FastMaster master = new([.. names, .. churning], serial: 1);
        await using BindServer bind = new();
        await bind.StartAsync();
        await using AgentCluster cluster = await StartAsync(master, bind, shards, older);
        foreach (string zone in names) await cluster.Agents[0].WorkerByTcp.CreateAcceptedAsync(zone);
        foreach (string zone in names) await ServedByAllAsync(cluster, zone);
        await using var load = new RollingLoad(new RollingLoadOptions(names, churning, interval, zone => Bump(master, zone))
        {
            Servers = [bind.EndPoint],
        });
        load.Start(cluster.Agents);
        await QuietAsync(report, load);
        for (int round = 0; round < rounds; round++)
        {
            Placement place = PlaceOf(round % 2 == 0 ? null : older);
            foreach (AgentProcess agent in cluster.Agents) await RestartAsync(report, cluster, load, agent, place);
        }

        await load.StopAsync();
        report.Of("load", "requests answered", "requests").Add(load.Requests);
        report.Of("load", "queries answered", "queries").Add(load.Queries);
        report.Of("load", "requests that found a closed port and asked the next agent", "requests").Add(load.MovedOn);
        report.AddRatio("failed requests", load.Failures.Count, "0");
        foreach (string failure in load.Failures.Take(20)) report.AddNote(failure);
        Samples pauses = report.Of("a node stops", "pause of a zone's NOTIFYs", "s");
        report.AddRatio("pause of a zone at an orderly stop, 99th percentile, s", pauses.Percentile(99), $"below {AimSeconds}");
        report.HasFailed = load.Failures.Count > 0;
        if (options.Text("log") is { } log) await File.WriteAllTextAsync(log, cluster.Output);
        return report;
    }

    /// <summary>What the same load sees while nothing happens.</summary>
    private static async Task QuietAsync(BenchReport report, RollingLoad load)
    {
        await Task.Delay(TimeSpan.FromSeconds(2));
        load.TakePauses();
        await Task.Delay(TimeSpan.FromSeconds(5));
        Take(report, load, "nothing happens");
    }

    private static async Task RestartAsync(BenchReport report, AgentCluster cluster, RollingLoad load, AgentProcess agent, Placement place)
    {
        load.TakePauses();
        long start = Stopwatch.GetTimestamp();
        int exit = await agent.StopAsync();
        load.Down(agent);
        if (exit != 0) throw new InvalidOperationException($"the agent ended with {exit}\n{agent.Output}");
        report.Of("restart of a node", "SIGTERM until the process has ended", "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        // A pause that began with the stop is over, or counts as far as it came.
        await Task.Delay(TimeSpan.FromSeconds(1));
        Take(report, load, "a node stops");
        long begun = Stopwatch.GetTimestamp();
        agent.Place = place;
        await agent.StartAsync();
        load.Up(agent);
        report.Of("restart of a node", "start until the ready line", "s").Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        await cluster.SettledAsync();
        report.Of("restart of a node", "start until the shards are in balance", "s").Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        report.Of("restart of a node", "SIGTERM until the shards are in balance", "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        await Task.Delay(TimeSpan.FromSeconds(1));
        Take(report, load, "a node returns");
    }

    private static void Take(BenchReport report, RollingLoad load, string when)
    {
        foreach ((TimeSpan pause, TimeSpan served) in load.TakePauses())
        {
            report.Of(when, "pause of a zone's NOTIFYs", "s").Add(pause.TotalSeconds);
            report.Of(when, "longest until a zone's change was served", "s").Add(served.TotalSeconds);
        }
    }

    /// <summary>Where this program runs, or in its place the program of an older release.</summary>
    private static Placement PlaceOf(string? older) => older is null ? Placement.Loopback
        : Placement.Loopback with { Launcher = ["sh", "-c", "shift; exec \"$0\" \"$@\"", older] };

    private static Task<AgentCluster> StartAsync(FastMaster master, BindServer bind, int shards, string? older)
    {
        return AgentCluster.StartedAsync(new AgentClusterOptions
        {
            Nodes = Nodes,
            Shards = shards,
            Place = PlaceOf(older),
            Settings = _ => $$"""
                masters = ["{{master.EndPoint}}"]
                undelete-window = 0s
                targets {
                  self { driver = embedded, scope = node }
                  bind {
                    scope = farm
                    {{bind.TargetSettings}}
                  }
                }
                """,
        });
    }

    private static async Task ServedByAllAsync(AgentCluster cluster, string zone)
    {
        foreach (AgentProcess agent in cluster.Running) await WorkerClient.ServedAsync(agent.Dns, zone, 1, () => cluster.Output);
    }

    private static uint Bump(FastMaster master, string zone)
    {
        uint serial = master.SerialOf(zone) + 1;
        master.SetSerial(zone, serial);
        return serial;
    }

    private static string[] Names(string prefix, int count) =>
        [.. Enumerable.Range(0, count).Select(i => $"{prefix}{i.ToString(CultureInfo.InvariantCulture)}.rolling.example.")];
}
