using System.Net;
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

    // Those whose files are text, which they parse: they may be sooner through with a transfer from the agent.
    private static readonly string[] Transferring = ["knot", "nsd"];

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
            new AgentWithTarget(FetchedBy("knot"), KnotThatFetches),
            new AgentWithTarget(FetchedBy("nsd"), NsdThatFetches),
        ];
        string? only = options.Text("only");
        bool isName = contenders.Any(one => one.Name == only);
        contenders = [.. contenders.Where(
            one => only is null || one.Name == only || (!isName && one.Name.Contains(only, StringComparison.Ordinal)))];
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

    private static string FetchedBy(string server) => $"{Through(server)} of secondary style";

    private static TargetOfAgent Bind()
    {
        BindServer bind = new() { Threads = Environment.ProcessorCount };
        return new TargetOfAgent(bind, bind.TargetSettings);
    }

    private static TargetOfAgent Knot()
    {
        KnotServer knot = new() { HasDatabase = true };
        return new TargetOfAgent(knot, knot.TargetSettings);
    }

    private static TargetOfAgent Nsd()
    {
        NsdServer nsd = new();
        return new TargetOfAgent(nsd, nsd.TargetSettings);
    }

    private static TargetOfAgent KnotThatFetches()
    {
        KnotServer knot = new() { HasDatabase = true };
        return new TargetOfAgent(knot, $"{knot.TargetSettings}, style = secondary", ThatIsFetchedFrom(LoopbackPort.Next()));
    }

    private static TargetOfAgent NsdThatFetches()
    {
        int port = LoopbackPort.Next();
        NsdServer nsd = new() { PatternPrimary = new IPEndPoint(IPAddress.Loopback, port) };
        return new TargetOfAgent(
            nsd, $"{nsd.TargetSettings}\nstyle = secondary, pattern = {NsdServer.SecondaryPattern}", ThatIsFetchedFrom(port));
    }

    private static string ThatIsFetchedFrom(int port) => $"port = {port}\nallow-transfer = [\"127.0.0.1\"]";

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
                AddThrough(report, master, server, Through(server), "");
            }

            foreach (string server in Transferring)
            {
                AddThrough(report, master, server, FetchedBy(server), ", which transfers it,");
            }
        }

        double smallest = Servers.Min(server => report.Of(server, "peak memory", "MiB").Median);
        foreach (string subject in (string[])["agent", .. Servers.Select(Through), .. Transferring.Select(FetchedBy)])
        {
            double own = report.Of(subject, "peak memory", "MiB").Median;
            report.AddRatio($"peak memory of {subject} over the smallest server's", own / smallest, "at most 0.5");
        }
    }

    private static void AddThrough(BenchReport report, string master, string server, string subject, string how) => report.AddRatio(
        $"agent through to served by {server}{how} over {server} itself, from {master}",
        report.Of(subject, $"served, from {master}", "s").Median / report.Of(server, $"served, from {master}", "s").Median,
        "at most 1.2");
}
