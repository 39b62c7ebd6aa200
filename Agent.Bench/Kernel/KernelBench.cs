using Agent.Bench.Measure;

namespace Agent.Bench.Kernel;

/// <summary>
/// The actor kernel beside Akka.NET, in one process and in turns: the figures that an Akka user knows to ask for. Each is the median of
/// several rounds after one that warms up.
/// </summary>
internal static class KernelBench
{
    private const string PingPong = "8 ping-pong pairs";
    private const string OneWay = "one sender to one actor";
    private const string Created = "actors created";
    private const string Idle = "idle actor, without its own state";
    private const string Asked = "question and answer, one at a time";

    // A thread pool that grows, code that is compiled once more: the first rounds tell about those.
    private const int WarmUpRounds = 1;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 5);
        int actors = options.Number("actors", 100_000);
        int messages = options.Number("messages", 200_000);
        BenchReport report = new("Actor kernel beside Akka.NET, in one process, in turns");
        await using AgentKernel own = new(messages);
        await using AkkaKernel akka = new(messages);
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            foreach (ActorKernel kernel in (ActorKernel[])[own, akka])
            {
                KernelRate pingPong = kernel.PingPong();
                KernelRate oneWay = kernel.OneWay();
                double asked = await kernel.AskAsync();
                if (round < 0) continue;
                Note(report, kernel, PingPong, pingPong);
                Note(report, kernel, OneWay, oneWay);
                report.Of(kernel.Name, Asked, "us").Add(asked);
            }
        }

        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            // In a system of its own each time: actors that are just being stopped would be counted as memory given back.
            await MeasureSpawnAsync(report, new AgentKernel(messages), actors, round >= 0);
            await MeasureSpawnAsync(report, new AkkaKernel(messages), actors, round >= 0);
        }

        Compare(report, PingPong, "messages/s", "at least 1.2");
        Compare(report, OneWay, "messages/s", "at least 1.2");
        Compare(report, CpuOf(PingPong), "ns", "at most 1.0");
        Compare(report, CpuOf(OneWay), "ns", "at most 1.0");
        Compare(report, Created, "actors/s", "at least 10");
        Compare(report, Asked, "us", "at most 1.0");
        report.AddRatio("agent: octets of an idle actor", report.Of("agent", Idle, "octets").Median, "at most 200");
        return report;
    }

    private static string CpuOf(string quantity) => $"{quantity}, processor time of a message";

    private static void Note(BenchReport report, ActorKernel kernel, string quantity, KernelRate rate)
    {
        report.Of(kernel.Name, quantity, "messages/s").Add(rate.PerSecond);
        report.Of(kernel.Name, CpuOf(quantity), "ns").Add(rate.CpuNanoseconds);
    }

    private static async Task MeasureSpawnAsync(BenchReport report, ActorKernel kernel, int actors, bool counts)
    {
        await using (kernel)
        {
            (double rate, double octets) = kernel.Spawn(actors);
            if (!counts) return;
            report.Of(kernel.Name, Created, "actors/s").Add(rate);
            report.Of(kernel.Name, Idle, "octets").Add(octets);
        }
    }

    private static void Compare(BenchReport report, string quantity, string unit, string aim) => report.AddRatio(
        $"agent over Akka.NET: {quantity}",
        report.Of("agent", quantity, unit).Median / report.Of("Akka.NET", quantity, unit).Median,
        aim);
}
