using System.Globalization;
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
/// <c>--rate</c> of the latency runs (half of it by TCP), <c>--names</c> in the zone. Latencies are compared at one fixed rate that all
/// three bear well: at full load they only say how long the queues are.
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
        RelayContender[] contenders =
        [
            new("server asked directly", server.EndPoint, server.EndPointIPv6),
            new("dnsdist", dnsdist.EndPoint, dnsdist.EndPointIPv6) { Process = dnsdist.Process!.Id },
            new("agent", agent.DnsEndPoints[0], agent.DnsEndPoints[1]) { Process = agent.Process!.Id, Agent = agent },
        ];
        BenchReport report = new("Queries passed on to NSD, load by dnsperf on the same machine");
        RelayRounds rounds = new(report, options, queries, server.Process!.Id);
        await rounds.RunAsync(contenders);
        AddRatios(report, contenders);
        report.AddNote($"{names} names of 3 to 14 octets below {Zone}, an A record each; {rounds.Conditions}.");
        report.AddNote(
            "Octets allocated are those of the whole process, less those of a run with as many connections and hardly any queries.");
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

    private static void AddRatios(BenchReport report, RelayContender[] contenders)
    {
        (string direct, string peer, string ours) = (contenders[0].Name, contenders[1].Name, contenders[2].Name);
        foreach (string path in RelayRounds.Paths)
        {
            string rate = RelayRounds.Rate(path);
            double own = report.Of(ours, rate, RelayRounds.PerSecond).Median;
            report.AddRatio($"agent over dnsdist, {path}", own / report.Of(peer, rate, RelayRounds.PerSecond).Median, "at least 1.5");
            report.AddRatio(
                $"agent over the server itself, {path}", own / report.Of(direct, rate, RelayRounds.PerSecond).Median, "at least 0.75");
            AddOver(RelayRounds.Cpu(path), RelayRounds.CpuUnit, "below 1.0");
            AddOver(RelayRounds.P99(path), "ms", "at most 1.0");
            report.AddRatio(
                $"agent, octets allocated for a query, {path}",
                report.Of(ours, RelayRounds.Allocated(path), RelayRounds.AllocatedUnit).Median,
                "0 (below 1)");
            report.AddRatio(
                $"agent, lost at 80 % of its peak, {path}, %", report.Of(ours, RelayRounds.LostBelowPeak(path), "%").Median, "0");
        }

        void AddOver(string quantity, string unit, string aim) => report.AddRatio(
            $"{quantity}, agent over dnsdist", report.Of(ours, quantity, unit).Median / report.Of(peer, quantity, unit).Median, aim);
    }
}
