using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Storm;

/// <summary>
/// Many zones that change at once, beside BIND, NSD and Knot; a storm of NOTIFYs over many zones, and a round of many zones' whole lives:
/// what the agent answers, asks, and takes.
/// </summary>
/// <remarks>Options: <c>--parts</c>, some of changes, notifies, lives; <c>--settings</c>, a line of configuration for the agents that
/// changes are measured with.</remarks>
internal static class StormBench
{
    private const string Subject = "agent, embedded";

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int notifies = options.Number("notifies", 100_000);
        int notified = options.Number("zones", 1_000);
        int lives = options.Number("lives", 10_000);
        int changing = options.Number("changing", 10_000);
        string[] parts = (options.Text("parts") ?? "changes,notifies,lives").Split(',');
        int everyNth = options.Number("new-every", 97); // prime to the number of zones, so that all of them change
        BenchReport report = new(string.Create(
            CultureInfo.InvariantCulture,
            $"{changing:N0} zones change at once, {notifies:N0} NOTIFYs over {notified:N0} zones, "
            + $"{lives:N0} zones created, changed and deleted"));
        if (parts.Contains("changes")) await ChangesAsync(report, changing, options);
        if (parts.Contains("notifies")) await StormAsync(report, notifies, NotifyStorm.Zones(notified), everyNth);
        if (parts.Contains("lives")) await LivesAsync(report, NotifyStorm.Zones(lives));
        return report;
    }

    private static async Task ChangesAsync(BenchReport report, int zones, BenchOptions options)
    {
        string[]? only = options.Text("servers")?.Split(',');
        string[] servers = [.. StormSide.Servers.Where(one => only is null || only.Contains(one, StringComparer.OrdinalIgnoreCase))];
        TimeSpan quiet = TimeSpan.FromMilliseconds(options.Number("quiet", 4_000));
        await using ChangeRounds changes = new(report, zones, servers, quiet, options.Text("settings") ?? "");
        await changes.RunAsync(options.Number("rounds", 3));
    }

    private static async Task StormAsync(BenchReport report, int notifies, IReadOnlyList<string> zones, int everyNth)
    {
        await using FastMaster master = new(zones, serial: 1);
        await using AgentProcess agent = await StartAsync(master);
        await Parallel.ForEachAsync(zones, async (zone, _) => await agent.Worker.CreateAcceptedAsync(zone));
        long peakBefore = ProcessTree.PeakOctets(agent.Process!.Id);
        (long asked, long transferred) = (master.SoaQueries, master.Transfers);
        NotifyStorm storm = new(agent.Dns, master, zones, everyNth);
        StormOutcome outcome = await storm.RunAsync(notifies);
        await storm.AllLevelAsync();
        report.Of(Subject, "NOTIFYs answered", "per second").Add(outcome.Sent / outcome.Duration.TotalSeconds);
        report.Of(Subject, "lost by the kernel and sent again", "NOTIFYs").Add(outcome.Lost);
        report.Of(Subject, "answered SERVFAIL and sent again", "NOTIFYs").Add(outcome.Busy);
        report.Of(Subject, "with a new serial", "NOTIFYs").Add(outcome.NewSerials);
        report.Of(Subject, "SOA queries to the master", "queries").Add(master.SoaQueries - asked);
        report.Of(Subject, "transfers from the master", "transfers").Add(master.Transfers - transferred);
        report.Of(Subject, "peak of memory before the storm", "MiB").Add(peakBefore / (double)(1 << 20));
        report.Of(Subject, "peak of memory", "MiB").Add(ProcessTree.PeakOctets(agent.Process.Id) / (double)(1 << 20));
        report.Of(Subject, "managed memory in use", "MiB").Add((await agent.MetricsAsync())["dnsagent_heap_live_bytes"] / (1 << 20));
        report.AddRatio("SOA queries per NOTIFY", (master.SoaQueries - asked) / (double)notifies, "far below 1");
        report.AddNote(
            "Every NOTIFY was followed until it was answered NOERROR, and at the end every zone was served with the master's serial.");
    }

    private static async Task LivesAsync(BenchReport report, IReadOnlyList<string> zones)
    {
        await using FastMaster master = new(zones, serial: 1);
        await using AgentProcess agent = await StartAsync(master);
        ZoneRoundTimes times = await new ZoneRound(agent, master, zones).RunAsync();
        report.Of(Subject, "zones created and served", "per second").Add(zones.Count / times.Created);
        report.Of(Subject, "zones changed and served", "per second").Add(zones.Count / times.Changed);
        report.Of(Subject, "zones deleted and gone", "per second").Add(zones.Count / times.Deleted);
        report.Of(Subject, "peak of memory over the lives", "MiB").Add(ProcessTree.PeakOctets(agent.Process!.Id) / (double)(1 << 20));
    }

    private static Task<AgentProcess> StartAsync(FastMaster master) => AgentProcess.StartedAsync($"""
        backend-driver = embedded
        masters = ["{master.EndPoint}"]
        limits.passivate-after = 1s
        logging.level = warning
        """);
}
