using System.Diagnostics;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>A turn of the agent that Designate had, between a master of small zones and a server: as the agent's, with a sample.</summary>
internal static class DesignateLife
{
    // More do not make it quicker, one thread does it all, and a message that waits for ten seconds is given up.
    private const int InFlight = 8;

    private static readonly TimeSpan ServedDeadline = TimeSpan.FromMinutes(3);

    public static string SubjectOf(ProvisionServer server) => $"{server.Driver}: Designate's agent";

    /// <summary>Zones are created, and then all of them change.</summary>
    /// <param name="server">One that Designate's agent has a backend for.</param>
    public static async Task MeasureAsync(BenchReport report, ProvisionServer server, string[] sample, int hosts)
    {
        (string Name, string Settings) backend = server.DesignateBackend
            ?? throw new ArgumentException($"Designate's agent does not know {server.Driver}", nameof(server));
        await server.ExpectAsync(sample);
        await server.StartAsync();
        await using SmallZoneMaster master = new(hosts);
        await using DesignateAgent designate = new(master.EndPoint, server.EndPoint, backend);
        await designate.StartAsync();
        WorkerClient worker = designate.Worker;
        await PhaseAsync("created, served", worker.CreateAcceptedAsync);
        master.Serial++;
        await PhaseAsync("changed, served", worker.NotifyAcceptedAsync);

        async Task PhaseAsync(string quantity, Func<string, Task> act)
        {
            double cpu = ProcessTree.CpuSeconds(designate.Process!.Id);
            long started = Stopwatch.GetTimestamp();
            ParallelOptions some = new() { MaxDegreeOfParallelism = InFlight };
            await Parallel.ForEachAsync(sample, some, async (zone, _) => await act(zone));
            await ServedSweep.UntilAsync(server.EndPoint, sample, master.Serial, ServedDeadline, () => designate.Output);
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            report.Of(SubjectOf(server), quantity, "zones/s").Add(sample.Length / seconds);
            report.Of(SubjectOf(server), $"{quantity}: its processor time", "ms/zone")
                .Add(1000 * (ProcessTree.CpuSeconds(designate.Process.Id) - cpu) / sample.Length);
        }
    }
}
