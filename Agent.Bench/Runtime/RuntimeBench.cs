using System.Diagnostics;
using Agent.Bench.Measure;
using Agent.Bench.Peers;
using Agent.Bench.Storm;

namespace Agent.Bench.Runtime;

/// <summary>The agent under several settings of the runtime, in turns: rates, processor time and memory.</summary>
internal static class RuntimeBench
{
    private const string Large = "large.example.";
    private const string Created = "small zones created and served";
    private const string Cpu = "processor time of a small zone's life";
    private const string Taken = "large zone, order to served";
    private const string Peak = "peak of memory, small zones";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 3);
        int zones = options.Number("zones", 3_000);
        int records = options.Number("records", 300_000);
        BenchReport report = new($"Settings of the runtime: lives of {zones} small zones, and one zone of {records} records");
        TransferRecording recording = TransferRecording.Write(Large, 1, records);
        for (int round = 0; round < rounds; round++)
        {
            foreach (RuntimeChoice choice in RuntimeChoice.All)
            {
                await LivesAsync(report, choice, zones);
                await LargeAsync(report, choice, recording);
            }
        }

        foreach (string other in RuntimeChoice.All.Select(choice => choice.Name).Where(name => name != RuntimeChoice.Shipped))
        {
            Compare(report, other, Created, "zones/s", "at least 1.0");
            Compare(report, other, Cpu, "ms", "at most 1.0");
            Compare(report, other, Taken, "s", "at most 1.0");
            Compare(report, other, Peak, "MiB", "at most 1.0");
        }

        return report;
    }

    private static async Task LivesAsync(BenchReport report, RuntimeChoice choice, int count)
    {
        IReadOnlyList<string> zones = NotifyStorm.Zones(count);
        await using FastMaster master = new(zones, serial: 1);
        await using AgentProcess agent = await StartAsync(choice, master.EndPoint.ToString());
        double before = ProcessTree.CpuSeconds(agent.Process!.Id);
        ZoneRoundTimes times = await new ZoneRound(agent, master, zones).RunAsync();
        report.Of(choice.Name, Created, "zones/s").Add(count / times.Created);
        report.Of(choice.Name, "small zones changed and served", "zones/s").Add(count / times.Changed);
        report.Of(choice.Name, Cpu, "ms").Add(1000 * (ProcessTree.CpuSeconds(agent.Process.Id) - before) / count);
        report.Of(choice.Name, Peak, "MiB").Add(ProcessTree.PeakOctets(agent.Process.Id) / (double)(1 << 20));
    }

    private static async Task LargeAsync(BenchReport report, RuntimeChoice choice, TransferRecording recording)
    {
        await using RecordedMaster master = new();
        master.Set(recording);
        await using AgentProcess agent = await StartAsync(choice, master.EndPoint.ToString());
        long start = Stopwatch.GetTimestamp();
        await agent.Worker.CreateAcceptedAsync(Large);
        await Eventually.HoldsAsync(
            async () => await WorkerClient.PollSerialAsync(agent.Dns, Large) == recording.Serial, () => agent.Output, Patience);
        report.Of(choice.Name, Taken, "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        report.Of(choice.Name, "peak of memory, large zone", "MiB").Add(ProcessTree.PeakOctets(agent.Process!.Id) / (double)(1 << 20));
    }

    private static async Task<AgentProcess> StartAsync(RuntimeChoice choice, string master)
    {
        AgentProcess agent = new($"""
            backend-driver = embedded
            masters = ["{master}"]
            limits.passivate-after = 1s
            logging.level = warning
            """);
        foreach ((string name, string value) in choice.Variables) agent.Environment[name] = value;
        await agent.StartAsync();
        return agent;
    }

    private static void Compare(BenchReport report, string other, string quantity, string unit, string aim) => report.AddRatio(
        $"{RuntimeChoice.Shipped} over {other}: {quantity}",
        report.Of(RuntimeChoice.Shipped, quantity, unit).Median / report.Of(other, quantity, unit).Median,
        aim);
}
