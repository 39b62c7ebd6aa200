using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Ingest;

/// <summary>
/// A zone of a million records brought in by the agent, by BIND, Knot and NSD as secondaries, and by a reader that only counts: from a
/// recorded master, which is never the limit, and from knotd. All take turns in one run.
/// </summary>
internal static class IngestBench
{
    private const string Zone = "large.example.";
    private const string FirstZone = "first.example.";
    private const uint Serial = 1001;
    private const int DefaultRecords = 1_000_000;

    private static readonly string[] Servers = ["bind", "knot", "nsd"];

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 3);
        int records = options.Number("records", DefaultRecords);
        BenchReport report = new($"Ingest of a zone of {records} records, seconds since the order");
        // On a busy machine a reader may stand still for longer than the half second after which knotd hangs up.
        await using KnotServer knot = new() { ExtraServerLines = "    tcp-io-timeout: 10000" };
        await knot.SetZoneAsync(LargeZone.Create(Zone, Serial, records));
        await knot.SetZoneAsync(MasterZone.WithHosts(FirstZone, Serial, 10));
        await knot.StartAsync();
        TransferRecording recording = await TransferRecording.HearAsync(knot.EndPoint, Zone);
        await using RecordedMaster recorded = new();
        recorded.Set(recording);
        TransferRecording first = await TransferRecording.HearAsync(knot.EndPoint, FirstZone);
        recorded.Set(first);
        report.AddNote($"{recording.Stream.Length} octets in {recording.FrameStarts.Count} messages, as knotd packs them; "
            + "every program is started afresh for each round and has brought in a small zone before; "
            + "for a server the order is the call of its own tool.");
        Contender[] contenders =
        [
            new BareReader(),
            new AgentAsSecondary(),
            new ServerAsSecondary("bind", () => new BindServer { Threads = Environment.ProcessorCount }),
            new ServerAsSecondary("knot", () => new KnotServer()),
            new ServerAsSecondary("nsd", () => new NsdServer()),
            new AgentWithTarget(Through("bind"), Bind),
            new AgentWithTarget(Through("knot"), Knot),
            new AgentWithTarget(Through("nsd"), Nsd),
        ];
        string? only = options.Text("only");
        contenders = [.. contenders.Where(one => only is null || string.Equals(one.Name, only, StringComparison.Ordinal))];
        for (int round = 0; round < rounds; round++)
        {
            foreach (Contender contender in contenders)
            {
                Note(report, contender, "recorded", await contender.RunAsync(recorded.EndPoint, recording, first));
                Note(report, contender, "knotd", await contender.RunAsync(knot.EndPoint, recording, first));
            }
        }

        if (only is null)
        {
            AddRatios(report);
        }

        return report;
    }

    private static string Through(string server) => $"agent, {server} as target";

    private static (MasterServer Server, string Settings) Bind()
    {
        BindServer bind = new() { Threads = Environment.ProcessorCount };
        return (bind, bind.TargetSettings);
    }

    private static (MasterServer Server, string Settings) Knot()
    {
        KnotServer knot = new() { HasDatabase = true };
        return (knot, knot.TargetSettings);
    }

    private static (MasterServer Server, string Settings) Nsd()
    {
        NsdServer nsd = new();
        return (nsd, nsd.TargetSettings);
    }

    private static void Note(BenchReport report, Contender contender, string master, IngestResult result)
    {
        foreach ((string reached, double seconds) in result.Seconds)
        {
            report.Of(contender.Name, $"{reached}, from {master}", "s").Add(seconds);
        }

        if (result.PeakMebibytes is { } peak)
        {
            report.Of(contender.Name, "peak memory", "MiB").Add(peak);
        }
    }

    private static void AddRatios(BenchReport report)
    {
        foreach (string master in (string[])["recorded", "knotd"])
        {
            double committed = report.Of("agent", $"committed, from {master}", "s").Median;
            double fastest = Servers.Min(server => report.Of(server, $"served, from {master}", "s").Median);
            double bare = report.Of("bare read", $"transferred, from {master}", "s").Median;
            report.AddRatio(
                $"agent committed over fastest server, from {master}", committed / fastest, master == "recorded" ? "at most 0.5" : "none");
            report.AddRatio($"agent committed over bare read, from {master}", committed / bare, master == "knotd" ? "at most 1.3" : "none");
            report.AddRatio(
                $"agent served over fastest server, from {master}",
                report.Of("agent", $"served, from {master}", "s").Median / fastest,
                "none");
            foreach (string server in Servers)
            {
                report.AddRatio(
                    $"agent through to served by {server} over {server} itself, from {master}",
                    report.Of(Through(server), $"served, from {master}", "s").Median
                        / report.Of(server, $"served, from {master}", "s").Median,
                    "at most 1.2");
            }
        }

        double smallest = Servers.Min(server => report.Of(server, "peak memory", "MiB").Median);
        foreach (string subject in (string[])["agent", .. Servers.Select(Through)])
        {
            double own = report.Of(subject, "peak memory", "MiB").Median;
            report.AddRatio($"peak memory of {subject} over the smallest server's", own / smallest, "at most 0.5");
        }
    }
}
