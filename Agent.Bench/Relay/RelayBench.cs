using System.Globalization;
using System.Net;
using System.Text;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Relay;

/// <summary>
/// Queries passed through: NSD asked directly, through dnsdist without a cache, and through the agent, in turns. Load, server and whoever
/// stands between share the machine, so what each costs in processor time tells more than its rate.
/// </summary>
/// <remarks>
/// Options: <c>--rounds</c>, <c>--seconds</c> of each run, <c>--clients</c> sockets and <c>--outstanding</c> queries of the load,
/// <c>--rate</c> of the latency runs, <c>--names</c> in the zone. Latencies are compared at one fixed rate that all three bear well: at
/// full load they only say how long the queues are.
/// </remarks>
internal static class RelayBench
{
    private const string Zone = "load.example.";

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        using TemporaryFolder folder = new("relay");
        int names = options.Number("names", 5000);
        string queries = folder.Write("queries", Queries(names));
        await using NsdServer server = new();
        await server.SetZoneAsync(MasterZone.Create(Zone, 1, [.. Enumerable.Range(0, names).Select(index =>
            $"{Host(index)} 300 IN A 192.0.2.{1 + (index % 250)}")]));
        await server.StartAsync();
        await using DnsdistServer dnsdist = new(server.EndPoint);
        await dnsdist.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            host = ["127.0.0.1", "::1"]
            masters = ["{{server.EndPoint}}"]
            backend-driver = fake
            query-destination = "{{server.EndPoint}}"
            """);
        Contender[] contenders =
        [
            new("server asked directly", server.EndPoint, server.EndPointIPv6, null),
            new("dnsdist", dnsdist.EndPoint, dnsdist.EndPointIPv6, dnsdist.Process!.Id),
            new("agent", agent.DnsEndPoints[0], agent.DnsEndPoints[1], agent.Process!.Id),
        ];
        BenchReport report = new("Queries passed on to NSD, load by dnsperf on the same machine");
        Bench bench = new(report, options, queries, server.Process!.Id);
        await bench.RunAsync(contenders);
        AddRatios(report, contenders);
        report.AddNote($"{names} names of 3 to 14 octets below {Zone}, an A record each; {bench.Conditions}.");
        return report;
    }

    /// <summary>Names as people give them: of many lengths, so that neighbouring queries seldom have the same size.</summary>
    private static string Host(int index)
    {
        string digits = index.ToString("d3", CultureInfo.InvariantCulture);
        int fill = (int)((uint)(index * 2654435761) >> 16) % 10;
        return "abcdefghij"[..fill] + digits;
    }

    private static string Queries(int names)
    {
        StringBuilder text = new();
        for (int index = 0; index < names; index++)
        {
            // A step that shares no factor with the count visits every name, none beside its neighbour.
            text.Append(Host((int)(index * 7919L % names))).Append('.').Append(Zone).Append(" A\n");
        }

        return text.ToString();
    }

    private static void AddRatios(BenchReport report, Contender[] contenders)
    {
        (string direct, string peer, string ours) = (contenders[0].Name, contenders[1].Name, contenders[2].Name);
        foreach (string path in Bench.Paths)
        {
            string quantity = Bench.Rate(path);
            double rate = report.Of(ours, quantity, Bench.PerSecond).Median;
            double peerRate = report.Of(peer, quantity, Bench.PerSecond).Median;
            double directRate = report.Of(direct, quantity, Bench.PerSecond).Median;
            report.AddRatio($"agent over dnsdist, {path}", rate / peerRate, "at least 1.0, then 1.5");
            report.AddRatio($"agent over the server itself, {path}", rate / directRate, "at least 0.75");
        }

        report.AddRatio(
            "processor time, agent over dnsdist",
            report.Of(ours, Bench.Cpu, Bench.CpuUnit).Median / report.Of(peer, Bench.Cpu, Bench.CpuUnit).Median,
            "below 1.0");
        report.AddRatio(
            "p99 at a fixed rate, agent over dnsdist",
            report.Of(ours, Bench.P99, "ms").Median / report.Of(peer, Bench.P99, "ms").Median,
            "at most 1.0");
    }

    /// <summary>One way to the server.</summary>
    /// <param name="Process">Who stands between; null for nobody.</param>
    private sealed record Contender(string Name, IPEndPoint EndPoint, IPEndPoint EndPointIPv6, int? Process);

    private sealed class Bench(BenchReport report, BenchOptions options, string queries, int server)
    {
        public const string PerSecond = "queries/s";
        public const string Cpu = "processor time of whoever stands between, UDP";
        public const string CpuUnit = "s per million queries";
        public const string P99 = "latency p99 at a fixed rate";

        private const string Udp = "UDP";
        private const string UdpIPv6 = "UDP by IPv6";
        private const string Tcp = "TCP";

        private readonly int _rounds = options.Number("rounds", 3);
        private readonly int _seconds = options.Number("seconds", 4);
        private readonly int _clients = options.Number("clients", 16);
        private readonly int _outstanding = options.Number("outstanding", 200);
        private readonly int _fixedRate = options.Number("rate", 20_000);

        public static IReadOnlyList<string> Paths { get; } = [Udp, UdpIPv6, Tcp];

        public string Conditions =>
            $"{_clients} sockets, {_outstanding} queries under way, {_seconds} s each; latencies at {_fixedRate} queries/s";

        public static string Rate(string path) => $"rate, {path}";

        public async Task RunAsync(Contender[] contenders)
        {
            foreach (Contender contender in contenders)
            {
                // Code that is compiled in steps, and everybody's caches.
                await DnsperfTool.RunAsync(Load(contender.EndPoint));
            }

            for (int round = 0; round < _rounds; round++)
            {
                foreach (string path in Paths)
                {
                    foreach (Contender contender in contenders)
                    {
                        await PeakAsync(contender, path);
                    }
                }

                foreach (Contender contender in contenders)
                {
                    await LatencyAsync(contender);
                }

                await BelowPeakAsync(contenders[^1]);
            }
        }

        private DnsperfRun Load(IPEndPoint endpoint) =>
            new(endpoint, queries, _seconds) { Clients = _clients, Outstanding = _outstanding };

        private async Task PeakAsync(Contender contender, string path)
        {
            IPEndPoint endpoint = path == UdpIPv6 ? contender.EndPointIPv6 : contender.EndPoint;
            double between = CpuSeconds(contender.Process);
            double behind = CpuSeconds(server);
            DnsperfResult result = await DnsperfTool.RunAsync(Load(endpoint) with { UseTcp = path == Tcp });
            report.Of(contender.Name, Rate(path), PerSecond).Add(result.QueriesPerSecond);
            report.Of(contender.Name, $"lost, {path}", "%").Add(result.LostPercent);
            if (path != Udp)
            {
                return;
            }

            report.Of(contender.Name, "latency average at full load, UDP", "ms").Add(result.AverageLatencyMs);
            report.Of(contender.Name, "processor time of the server, UDP", CpuUnit).Add(PerMillion(CpuSeconds(server) - behind, result));
            if (contender.Process is { } process)
            {
                report.Of(contender.Name, Cpu, CpuUnit).Add(PerMillion(CpuSeconds(process) - between, result));
                report.Of(contender.Name, "resident memory", "MB").Add(ProcessTree.ResidentOctets(process) / 1e6);
            }
        }

        private async Task LatencyAsync(Contender contender)
        {
            DnsperfResult result = await DnsperfTool.RunAsync(Load(contender.EndPoint) with { RateMax = _fixedRate, WithLatencies = true });
            Samples latencies = new();
            latencies.AddRange(result.LatenciesMs);
            report.Of(contender.Name, "latency median at a fixed rate", "ms").Add(latencies.Median);
            report.Of(contender.Name, P99, "ms").Add(latencies.Percentile(99));
        }

        private async Task BelowPeakAsync(Contender agent)
        {
            int rate = Math.Max(1, (int)(0.8 * report.Of(agent.Name, Rate(Udp), PerSecond).Median));
            DnsperfResult result = await DnsperfTool.RunAsync(Load(agent.EndPoint) with { RateMax = rate });
            report.Of(agent.Name, "lost at 80 % of its peak, UDP", "%").Add(result.LostPercent);
        }

        private static double CpuSeconds(int? process) => process is { } id ? ProcessTree.CpuSeconds(id) : 0;

        private static double PerMillion(double seconds, DnsperfResult result) =>
            result.Completed == 0 ? 0 : seconds * 1e6 / result.Completed;
    }
}
