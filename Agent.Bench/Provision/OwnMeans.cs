using System.Diagnostics;
using Agent.Bench.Measure;

namespace Agent.Bench.Provision;

/// <summary>What a server can do by its own means with the files ready: a process for each zone, and its quickest way for many.</summary>
internal static class OwnMeans
{
    private const uint FirstSerial = 1;

    private static readonly TimeSpan ServedDeadline = TimeSpan.FromMinutes(3);

    // What a process for each zone takes is known after some of them, and with some servers it is seconds for each.
    private static readonly TimeSpan SampleTime = TimeSpan.FromSeconds(15);

    public static string SingleSubject(ProvisionServer server) => $"{server.Driver}: {server.SingleWay}";

    public static string BulkSubject(ProvisionServer server) => $"{server.Driver}: {server.BulkWay}";

    /// <summary>One after the other, as many as there is time for; then those are changed.</summary>
    public static async Task SinglesAsync(BenchReport report, ProvisionServer server, string[] sample, int hosts)
    {
        await ReadyAsync(server, sample, hosts);
        string subject = SingleSubject(server);
        string[] added = await MeasureAsync(report, subject, "added", server, FirstSerial, () => EachAsync(sample, server.AddSingleAsync));
        await server.PrepareAsync(added, new SmallZone(hosts, FirstSerial + 1));
        await MeasureAsync(report, subject, "changed", server, FirstSerial + 1, () => EachAsync(added, server.ChangeSingleAsync));
    }

    /// <summary>All; then some of them are changed.</summary>
    public static async Task BulkAsync(BenchReport report, ProvisionServer server, string[] zones, string[] changing, int hosts)
    {
        await ReadyAsync(server, zones, hosts);
        string subject = BulkSubject(server);
        await MeasureAsync(report, subject, "added", server, FirstSerial, () => AllAsync(zones, server.AddBulkAsync));
        await server.PrepareAsync(changing, new SmallZone(hosts, FirstSerial + 1));
        await MeasureAsync(report, subject, "changed", server, FirstSerial + 1, () => AllAsync(changing, server.ChangeBulkAsync));
    }

    private static async Task<string[]> AllAsync(string[] zones, Func<IReadOnlyList<string>, Task> act)
    {
        await act(zones);
        return zones;
    }

    private static async Task<string[]> EachAsync(string[] zones, Func<string, Task> act)
    {
        long started = Stopwatch.GetTimestamp();
        int done = 0;
        while (done < zones.Length && (done == 0 || Stopwatch.GetElapsedTime(started) < SampleTime)) await act(zones[done++]);
        return zones[..done];
    }

    private static async Task ReadyAsync(ProvisionServer server, string[] zones, int hosts)
    {
        await server.ExpectAsync([AgentLife.StableZone, .. zones]);
        await server.StartAsync();
        await server.PrepareAsync([AgentLife.StableZone, .. zones], new SmallZone(hosts, FirstSerial));
        await server.AddBulkAsync([AgentLife.StableZone]);
        await server.SettleAsync();
        await ServedAsync(server, [AgentLife.StableZone], FirstSerial);
    }

    private static async Task<string[]> MeasureAsync(
        BenchReport report, string subject, string deed, ProvisionServer server, uint serial, Func<Task<string[]>> act)
    {
        using AnswerLatency latency = new(server.EndPoint, AgentLife.StableZone);
        long started = Stopwatch.GetTimestamp();
        string[] zones = await act();
        double taken = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await server.SettleAsync();
        await ServedAsync(server, zones, serial);
        double served = Stopwatch.GetElapsedTime(started).TotalSeconds;
        report.Of(subject, $"{deed}, taken", "zones/s").Add(zones.Length / taken);
        report.Of(subject, $"{deed}, served", "zones/s").Add(zones.Length / served);
        report.Of(subject, $"{deed}: measured with", "zones").Add(zones.Length);
        latency.StopInto(report.Of(subject, $"{deed}: answers of the server meanwhile", "ms"));
        return zones;
    }

    private static Task ServedAsync(ProvisionServer server, string[] zones, uint serial) =>
        ServedSweep.UntilAsync(server.EndPoint, zones, serial, ServedDeadline, () => server.Output);
}
