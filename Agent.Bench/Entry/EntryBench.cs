using System.Diagnostics;
using System.Net;
using Agent.Bench.Ingest;
using Agent.Bench.Measure;
using Agent.Bench.Peers;
using Agent.Bench.Provision;

namespace Agent.Bench.Entry;

/// <summary>
/// Ways of a large zone into a BIND that goes on answering for others: the agent's driver, and transfer, with the agent or a recorded
/// master as named's primary. They take turns; each round starts named and the agent afresh, with a small zone brought in before.
/// </summary>
internal static class EntryBench
{
    private const string Zone = "large.example.";
    private const string FirstZone = "first.example.";
    private const string StableZone = "stable.invalid.";
    private const uint Serial = 1001;
    private const int DefaultRecords = 1_000_000;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    // named writes what it has transferred to its file behind the answer that proves it, and may hold others up with that.
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(3);

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 3);
        int records = options.Number("records", DefaultRecords);
        BenchReport report = new($"A zone of {records} records brought into BIND, which answers for another zone meanwhile");
        await using RecordedMaster recorded = new();
        await using (KnotServer knot = new())
        {
            await knot.SetZoneAsync(LargeZone.Create(Zone, Serial, records));
            await knot.SetZoneAsync(MasterZone.WithHosts(FirstZone, Serial, 10));
            await knot.StartAsync();
            recorded.Set(await TransferRecording.HearAsync(knot.EndPoint, Zone));
            recorded.Set(await TransferRecording.HearAsync(knot.EndPoint, FirstZone));
        }

        for (int round = 0; round < rounds; round++)
        {
            await ByDriverAsync(report, recorded);
            await ByTransferAsync(report, recorded, fromAgent: true);
            await ByTransferAsync(report, recorded, fromAgent: false);
        }

        report.AddNote("named with one thread. The driver's time counts from the moment when the agent has the content; "
            + "for a transfer the agent has it before. Whoever asks for the other zone goes on for "
            + $"{Afterwards.TotalSeconds:0} s after the zone is served.");
        return report;
    }

    private static async Task ByDriverAsync(BenchReport report, RecordedMaster recorded)
    {
        await using BindServer named = await NamedAsync();
        string folder = Directory.CreateDirectory(Path.Combine(named.ZoneFolder, "zones")).FullName;
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{recorded.EndPoint}}"]
            backend-driver = bind9
            backends.bind9 {
              server = "{{named.EndPoint}}", host = "127.0.0.1", port = {{named.ControlPort}}
              key-file = "{{named.ControlKeyFile}}", zone-directory = "{{folder}}"
            }
            """);
        await agent.Worker.CreateAcceptedAsync(FirstZone);
        DateTimeOffset served = default;
        await MeasureAsync(report, "driver", named, async () =>
        {
            Task<DnsReply> answer = agent.Worker.CreateAsync(Zone);
            await ServedAsync(named, Zone);
            served = DateTimeOffset.UtcNow;
            WorkerClient.EnsureAccepted(await answer);
        });
        DateTimeOffset? transferred = null;
        await Eventually.HoldsAsync(
            async () => (transferred = await agent.EventAtAsync(Zone, "transferred")) is not null, () => "the transfer is in the history");
        report.Of("driver", "served after", "s").Add((served - transferred!.Value).TotalSeconds);
    }

    private static async Task ByTransferAsync(BenchReport report, RecordedMaster recorded, bool fromAgent)
    {
        string way = fromAgent ? "transfer from the agent" : "transfer from a recorded master";
        await using BindServer named = await NamedAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{recorded.EndPoint}}"]
            backend-driver = embedded
            allow-transfer = ["127.0.0.1"]
            """);
        IPEndPoint primary = fromAgent ? agent.Dns : recorded.EndPoint;
        if (fromAgent)
        {
            await agent.Worker.CreateAcceptedAsync(FirstZone);
            await agent.Worker.CreateAcceptedAsync(Zone);
        }

        await named.AddSecondaryAsync(FirstZone, primary);
        await ServedAsync(named, FirstZone);
        double seconds = 0;
        await MeasureAsync(report, way, named, async () =>
        {
            long started = Stopwatch.GetTimestamp();
            Task ordered = named.AddSecondaryAsync(Zone, primary);
            await ServedAsync(named, Zone);
            seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            await ordered;
        });
        report.Of(way, "served after", "s").Add(seconds);
    }

    private static async Task MeasureAsync(BenchReport report, string way, BindServer named, Func<Task> bringIn)
    {
        using AnswerLatency latency = new(named.EndPoint, StableZone);
        await bringIn();
        await Task.Delay(Afterwards);
        Samples waits = report.Of(way, "answers for the other zone", "ms");
        latency.StopInto(waits);
        report.Of(way, "peak of named's memory", "MiB").Add(ProcessTree.PeakOctets(named.Process!.Id) / (double)(1 << 20));
    }

    private static async Task<BindServer> NamedAsync()
    {
        BindServer named = new();
        await named.SetZoneAsync(MasterZone.WithHosts(StableZone, 1, 1));
        await named.StartAsync();
        return named;
    }

    private static async Task ServedAsync(BindServer named, string zone)
    {
        long started = Stopwatch.GetTimestamp();
        using PeriodicTimer pace = new(PollInterval);
        while (await WorkerClient.PollSerialAsync(named.EndPoint, zone) != Serial)
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
            {
                throw new TimeoutException($"{zone} is not served at {named.EndPoint}\n{named.Output}");
            }

            await pace.WaitForNextTickAsync();
        }
    }
}
