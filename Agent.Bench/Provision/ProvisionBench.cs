using System.Diagnostics;
using System.Globalization;
using Agent.Backends.Bind9;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// Many small zones brought into BIND: by the running agent (asked for by CREATE, transferred from a master, journaled, verified), by a
/// process of <c>rndc addzone</c> for each, and by one kept control connection with the files ready, which is all that named can take.
/// The agent's zones then all change and all go again, and what is left is looked at.
/// </summary>
/// <remarks>
/// What the first two leave on the disk stays until the end: ext4 gives the inode of a removed file out again only after minutes, and until
/// then looks at each such one whenever it makes a file. Thousands removed would slow down whoever is measured next.
/// </remarks>
internal static class ProvisionBench
{
    private const string StableZone = "stable.invalid.";
    private const int HostsPerZone = 5;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int zones = options.Number("zones", 5000);
        int processes = options.Number("processes", 300);
        int inFlight = options.Number("in-flight", 256);
        BenchReport report = new($"{zones} zones of {HostsPerZone + 3} records brought into BIND, {inFlight} asked for at once");
        string[] names = [.. Enumerable.Range(0, zones).Select(i => $"z{i.ToString(CultureInfo.InvariantCulture)}.provision.invalid.")];

        await using BindServer forProcesses = await NamedAsync();
        await MeasureProcessesAsync(report, forProcesses, [.. names.Take(processes)]);
        await using BindServer forSession = await NamedAsync();
        await MeasureKeptSessionAsync(report, forSession, names);
        await using (AgentLife life = await AgentLife.StartAsync(report, HostsPerZone, StableZone, inFlight))
        {
            await life.CreateAsync(names);
            await life.ChangeAsync(names);
            await life.DeleteAsync(names);
            await life.CheckNothingIsLeftAsync(names);
        }

        double created = report.Of("agent", "created, verified", "zones/s").Median;
        double byProcesses = report.Of("rndc processes", "added", "zones/s").Median;
        double bySession = report.Of("kept session", "added", "zones/s").Median;
        report.AddRatio("agent over a process for each zone", created / byProcesses, "at least 10");
        report.AddRatio("agent over one kept session", created / bySession, "1 is named's limit");
        return report;
    }

    private static async Task MeasureProcessesAsync(BenchReport report, BindServer named, string[] names)
    {
        WriteFiles(named, names);
        using AnswerLatency latency = new(named.EndPoint, StableZone);
        long started = Stopwatch.GetTimestamp();
        foreach (string name in names)
        {
            (await named.RndcAsync("addzone", name, Stanza(named, name))).EnsureSuccess();
        }

        report.Of("rndc processes", "added", "zones/s").Add(names.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        latency.StopInto(report.Of("rndc processes", "answers of named meanwhile", "ms"));
        await named.StopAsync();
    }

    private static async Task MeasureKeptSessionAsync(BenchReport report, BindServer named, string[] names)
    {
        WriteFiles(named, names);
        if (!RndcKey.TryCreate(named.ControlKeyName, named.ControlAlgorithm, named.ControlSecret, out RndcKey? key, out string? error))
        {
            throw new InvalidOperationException(error);
        }

        await using RndcClient session = new(() => new RndcEndpoint("127.0.0.1", named.ControlPort, key), TimeProvider.System);
        using AnswerLatency latency = new(named.EndPoint, StableZone);
        long started = Stopwatch.GetTimestamp();
        foreach (string name in names)
        {
            RndcReply reply = await session.CallAsync(
                $"addzone {name} {Stanza(named, name)}", RndcLane.Changes, CancellationToken.None);
            if (reply.Verdict != RndcVerdict.Done)
            {
                throw new InvalidOperationException(reply.Explanation);
            }
        }

        report.Of("kept session", "added", "zones/s").Add(names.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        latency.StopInto(report.Of("kept session", "answers of named meanwhile", "ms"));
        await named.StopAsync();
    }

    private static async Task<BindServer> NamedAsync()
    {
        BindServer named = new();
        await named.SetZoneAsync(MasterZone.WithHosts(StableZone, 1, 1));
        await named.StartAsync();
        return named;
    }

    private static void WriteFiles(BindServer named, string[] names)
    {
        foreach (string name in names)
        {
            File.WriteAllText(FileOf(named, name), MasterZone.WithHosts(name, 1, HostsPerZone).ToFileText());
        }
    }

    private static string Stanza(BindServer named, string name) => $"{{ type primary; file \"{FileOf(named, name)}\"; }};";

    private static string FileOf(BindServer named, string name) => Path.Combine(named.ZoneFolder, name + "zone");
}
