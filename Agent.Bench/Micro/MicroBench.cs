using Agent.Bench.Measure;
using Agent.Bench.Peers;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Agent.Bench.Micro;

/// <summary>Nanoseconds and allocated octets of the smallest parts, by BenchmarkDotNet.</summary>
internal static class MicroBench
{
    private static readonly Type[] Groups =
        [typeof(WireBenchmarks), typeof(ImageBenchmarks), typeof(TsigBenchmarks), typeof(MailboxBenchmarks)];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static Task<BenchReport> RunAsync(BenchOptions options)
    {
        BenchReport report = new("The smallest parts, one operation each");
        using TemporaryFolder artifacts = new("micro");
        AccumulationLogger log = new();
        Job job = Job.Default.WithToolchain(new InProcessEmitToolchain(Patience, logOutput: false))
            .WithWarmupCount(options.Number("warm-up", 5))
            .WithIterationCount(options.Number("rounds", 10))
            .WithIterationTime(TimeInterval.FromMilliseconds(options.Number("milliseconds", 100)));
        ManualConfig config = ManualConfig.CreateEmpty().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddLogger(log)
            .WithArtifactsPath(artifacts.FullPath).WithOptions(ConfigOptions.DisableLogFile);
        if (options.Text("filter") is { } word)
        {
            config.AddFilter(new SimpleFilter(one => NameOf(one).Contains(word, StringComparison.OrdinalIgnoreCase)));
        }

        foreach (Type group in Groups)
        {
            Summary summary = BenchmarkRunner.Run(group, config);
            foreach (BenchmarkReport one in summary.Reports) Note(report, one, log);
        }

        return Task.FromResult(report);
    }

    private static void Note(BenchReport report, BenchmarkReport one, AccumulationLogger log)
    {
        string name = NameOf(one.BenchmarkCase);
        if (one.ResultStatistics is not { } statistics)
        {
            report.HasFailed = true;
            report.AddNote($"{name} failed: {string.Join('\n', log.GetLog().TrimEnd().Split('\n').TakeLast(20))}");
            return;
        }

        report.Of(name, "time", "ns").AddRange(statistics.OriginalValues);
        report.Of(name, "allocated", "octets").Add(one.GcStats.GetBytesAllocatedPerOperation(one.BenchmarkCase) ?? 0);
    }

    private static string NameOf(BenchmarkCase one)
    {
        string name = one.Descriptor.WorkloadMethodDisplayInfo.Trim('\'');
        return one.HasParameters ? $"{name} {one.Parameters.DisplayInfo}" : name;
    }
}
