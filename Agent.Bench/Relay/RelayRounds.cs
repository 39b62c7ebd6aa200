using System.Net;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Relay;

/// <summary>
/// Rounds in which all take turns: each way at full load, then all ways at a rate that everybody bears well, then the agent at four fifths
/// of what it reached.
/// </summary>
internal sealed class RelayRounds(BenchReport report, BenchOptions options, string queries, int server)
{
    public const string PerSecond = "queries/s";
    public const string CpuUnit = "s per million queries";
    public const string AllocatedUnit = "octets";

    private const string Udp = "UDP";
    private const string UdpIPv6 = "UDP by IPv6";
    private const string Tcp = "TCP";
    private const int TrickleRate = 100;
    private const string AllocatedSeries = "dnsagent_gc_allocated_bytes_total";

    private readonly int _rounds = options.Number("rounds", 3);
    private readonly int _seconds = options.Number("seconds", 4);
    private readonly int _clients = options.Number("clients", 16);
    private readonly int _outstanding = options.Number("outstanding", 200);
    private readonly int _fixedRate = options.Number("rate", 20_000);
    private (double Octets, long Queries) _trickle;

    public static IReadOnlyList<string> Paths { get; } = [Udp, UdpIPv6, Tcp];

    public string Conditions => $"{_clients} sockets, {_outstanding} queries under way, {_seconds} s each; "
        + $"latencies at {_fixedRate} queries/s, by TCP at {RateFor(Tcp)}";

    public static string Rate(string path) => $"rate, {path}";

    public static string Cpu(string path) => $"processor time of whoever stands between, {path}";

    public static string P99(string path) => $"latency p99 at a fixed rate, {path}";

    public static string Allocated(string path) => $"allocated for a query, {path}";

    public static string LostBelowPeak(string path) => $"lost at 80 % of its peak, {path}";

    public async Task RunAsync(RelayContender[] contenders)
    {
        foreach (RelayContender contender in contenders)
        {
            // Code that is compiled in steps, and everybody's caches.
            await DnsperfTool.RunAsync(Load(contender, Udp));
            await DnsperfTool.RunAsync(Load(contender, Tcp));
        }

        for (int round = 0; round < _rounds; round++)
        {
            foreach (string path in Paths)
            {
                await TrickleAsync(contenders[^1], path);
                foreach (RelayContender contender in contenders)
                {
                    await PeakAsync(contender, path);
                }
            }

            foreach (string path in Paths)
            {
                foreach (RelayContender contender in contenders)
                {
                    await LatencyAsync(contender, path);
                }

                await BelowPeakAsync(contenders[^1], path);
            }
        }
    }

    private int RateFor(string path) => path == Tcp ? _fixedRate / 2 : _fixedRate;

    private DnsperfRun Load(RelayContender contender, string path)
    {
        IPEndPoint endpoint = path == UdpIPv6 ? contender.EndPointIPv6 : contender.EndPoint;
        return new DnsperfRun(endpoint, queries, _seconds) { Clients = _clients, Outstanding = _outstanding, UseTcp = path == Tcp };
    }

    private async Task PeakAsync(RelayContender contender, string path)
    {
        double between = CpuSeconds(contender.Process);
        double behind = CpuSeconds(server);
        MetricsPage? before = await MetricsAsync(contender);
        DnsperfResult result = await DnsperfTool.RunAsync(Load(contender, path));
        if (before is not null && await MetricsAsync(contender) is { } after)
        {
            double octets = Math.Max(0, after.Since(before, AllocatedSeries) - _trickle.Octets);
            report.Of(contender.Name, Allocated(path), AllocatedUnit).Add(octets / Math.Max(1, result.Completed - _trickle.Queries));
        }

        report.Of(contender.Name, Rate(path), PerSecond).Add(result.QueriesPerSecond);
        report.Of(contender.Name, $"lost, {path}", "%").Add(result.LostPercent);
        report.Of(contender.Name, $"latency average at full load, {path}", "ms").Add(result.AverageLatencyMs);
        report.Of(contender.Name, $"processor time of the server, {path}", CpuUnit).Add(PerMillion(CpuSeconds(server) - behind, result));
        if (contender.Process is { } process)
        {
            report.Of(contender.Name, Cpu(path), CpuUnit).Add(PerMillion(CpuSeconds(process) - between, result));
            report.Of(contender.Name, "resident memory", "MB").Add(ProcessTree.ResidentOctets(process) / 1e6);
        }
    }

    /// <summary>What the agent allocates in a run of hardly any queries: its metrics page, and what each connection takes once.</summary>
    private async Task TrickleAsync(RelayContender contender, string path)
    {
        MetricsPage before = await contender.Agent!.MetricsAsync();
        DnsperfResult result = await DnsperfTool.RunAsync(Load(contender, path) with { RateMax = TrickleRate });
        _trickle = ((await contender.Agent.MetricsAsync()).Since(before, AllocatedSeries), result.Completed);
    }

    private async Task LatencyAsync(RelayContender contender, string path)
    {
        DnsperfResult result = await DnsperfTool.RunAsync(
            Load(contender, path) with { RateMax = RateFor(path), WithLatencies = true });
        Samples latencies = new();
        latencies.AddRange(result.LatenciesMs);
        report.Of(contender.Name, $"latency median at a fixed rate, {path}", "ms").Add(latencies.Median);
        report.Of(contender.Name, P99(path), "ms").Add(latencies.Percentile(99));
    }

    private async Task BelowPeakAsync(RelayContender agent, string path)
    {
        int rate = Math.Max(1, (int)(0.8 * report.Of(agent.Name, Rate(path), PerSecond).Median));
        DnsperfResult result = await DnsperfTool.RunAsync(Load(agent, path) with { RateMax = rate });
        report.Of(agent.Name, LostBelowPeak(path), "%").Add(result.LostPercent);
    }

    private static async Task<MetricsPage?> MetricsAsync(RelayContender contender) =>
        contender.Agent is { } agent ? await agent.MetricsAsync() : null;

    private static double CpuSeconds(int? process) => process is { } id ? ProcessTree.CpuSeconds(id) : 0;

    private static double PerMillion(double seconds, DnsperfResult result) => result.Completed == 0 ? 0 : seconds * 1e6 / result.Completed;
}
