using System.Diagnostics;
using System.Globalization;
using System.Net;
using Agent.Bench.Ingest;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Ixfr;

/// <summary>
/// A thousand changes in a zone of a million records, from knotd by IXFR, until the agent, BIND and Knot serve them; and the same zone
/// handed out whole by the agent, Knot and NSD to a reader that only counts.
/// </summary>
internal static class IxfrBench
{
    private const string Zone = "large.example.";
    private const int DefaultRecords = 1_000_000;
    private const int DefaultChanges = 1_000;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 3);
        int records = options.Number("records", DefaultRecords);
        int changes = options.Number("changes", DefaultChanges);
        BenchReport report = new($"IXFR of {changes} changes in a zone of {records} records, and AXFR of it to a bare reader");
        await using KnotServer master = new();
        await master.SetZoneAsync(LargeZone.Create(Zone, 1, records));
        await master.StartAsync();
        Follower[] followers =
        [
            new AgentFollower("agent", "embedded"),
            new AgentFollower("agent without a server of its own", "fake"),
            new ServerFollower("bind", () => new BindServer { Threads = Environment.ProcessorCount }),
            new ServerFollower("knot", () => new KnotServer()),
        ];
        string? only = options.Text("only");
        foreach (Follower follower in followers.Where(one => only is null || one.Name.StartsWith(only, StringComparison.Ordinal)))
        {
            await using (follower)
            {
                await FollowAsync(report, master, follower, rounds, changes);
                if (follower is AgentFollower { Name: "agent" }) await ReadAsync(report, follower.Name, follower.EndPoint, rounds, records);
            }
        }

        await ReadAsync(report, "knot", master.EndPoint, rounds, records);
        await using (ServerFollower nsd = new("nsd", () => new NsdServer()))
        {
            await nsd.StartAsync(master, 0);
            await ReadAsync(report, nsd.Name, nsd.EndPoint, rounds, records);
        }

        if (only is null) AddRatios(report);
        report.AddNote("Growth is the peak of resident memory while the change is taken over what was resident before it.");
        return report;
    }

    private static async Task FollowAsync(BenchReport report, KnotServer master, Follower follower, int rounds, int changes)
    {
        await follower.StartAsync(master, master.Zone(Zone).Serial);
        for (int round = 0; round < rounds; round++)
        {
            MasterZone next = Changed(master.Zone(Zone), changes);
            await master.SetZoneAsync(next);
            double before = follower.ResetPeakMebibytes();
            DateTimeOffset notified = DateTimeOffset.UtcNow;
            long started = Stopwatch.GetTimestamp();
            await new WorkerClient(follower.EndPoint).NotifyAsync(Zone);
            await follower.ReachedAsync(next.Serial);
            report.Of(follower.Name, "served", "s").Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            report.Of(follower.Name, "resident before", "MiB").Add(before);
            report.Of(follower.Name, "growth", "MiB").Add(follower.PeakMebibytes - before);
            report.Of(follower.Name, "peak over resident before", "times").Add(follower.PeakMebibytes / before);
            await follower.NoteAsync(report, notified);
        }
    }

    /// <summary>As many lines out as in, evenly over the zone, with the next serial.</summary>
    private static MasterZone Changed(MasterZone zone, int changes)
    {
        string[] lines = [.. zone.Lines];
        int step = Math.Max(1, lines.Length / Math.Max(1, changes / 2));
        string serial = zone.Serial.ToString(CultureInfo.InvariantCulture);
        for (int at = 1, done = 0; at < lines.Length && done < changes / 2; at += step, done++)
        {
            lines[at] = $"new-{serial}-{done.ToString("x5", CultureInfo.InvariantCulture)} A 192.0.2.{done & 255}";
        }

        return zone with { Serial = zone.Serial + 1, Lines = lines };
    }

    private static async Task ReadAsync(BenchReport report, string name, IPEndPoint server, int rounds, int records)
    {
        for (int round = 0; round < rounds; round++)
        {
            (long read, long octets, double seconds) = await ZoneReader.ReadAsync(server, Zone);
            if (Math.Abs(read - records) > 1 + (records / 100)) throw new InvalidDataException($"{name} gave {read} records");
            report.Of(name, "handed out", "records/s").Add(read / seconds);
            report.Of(name, "octets", "MiB").Add(octets / (double)(1 << 20));
        }
    }

    private static void AddRatios(BenchReport report)
    {
        report.AddRatio(
            "agent's largest peak while it takes a change over what was resident before",
            report.Of("agent", "peak over resident before", "times").Percentile(100),
            "at most 1.3");
        double fastest = Math.Min(report.Of("bind", "served", "s").Median, report.Of("knot", "served", "s").Median);
        report.AddRatio("agent served over fastest server", report.Of("agent", "served", "s").Median / fastest, "none");
        report.AddRatio(
            "agent committed over fastest server",
            report.Of("agent without a server of its own", "committed", "s").Median / fastest,
            "none");
        double quickest = Math.Max(
            report.Of("knot", "handed out", "records/s").Median, report.Of("nsd", "handed out", "records/s").Median);
        report.AddRatio("agent handed out over quickest server", report.Of("agent", "handed out", "records/s").Median / quickest, "none");
    }
}
