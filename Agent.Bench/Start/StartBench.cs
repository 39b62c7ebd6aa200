using System.Diagnostics;
using System.Globalization;
using System.Net;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Start;

/// <summary>
/// From the start of the process until it says that it is ready and until it serves its zones. The files were read and written a moment
/// before, so the disk's cache is warm for everyone.
/// </summary>
internal static class StartBench
{
    private const string Ready = "start to ready";
    private const string Serves = "start to serving all zones";
    private const int HostsPerZone = 7; // and SOA, NS, address of the name server
    private const int SampledZones = 50;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 3);
        int peerZones = options.Number("peer-zones", 10_000);
        int[] counts = [.. (options.Text("zones") ?? "10000,100000").Split(',').Select(
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
                ? count
                : throw new FormatException($"--zones {text}: expected numbers above 0"))];
        BenchReport report = new("Start of the process with no zone and with many zones of ten records, from SQLite and from files");
        await using AgentProcess agent = new("""
            backend-driver = embedded
            logging.level = warning
            """);
        await AgentAsync(report, agent, 0, rounds + 1);
        int written = 0;
        foreach (int count in counts.Order())
        {
            await SeededData.WriteAsync(agent.DataFolder, written, count, "embedded");
            written = count;
            await AgentAsync(report, agent, count, rounds);
            if (count > peerZones) continue;
            await PeerAsync(report, "Knot", new KnotServer(), count, rounds);
            await PeerAsync(report, "NSD", new NsdServer(), count, rounds);
            await PeerAsync(report, "BIND", new BindServer(), count, rounds);
            double fastest = ((string[])["Knot", "NSD", "BIND"]).Min(peer => report.Of(Subject(peer, count), Serves, "s").Median);
            report.AddRatio(
                Subject("agent over the fastest server", count),
                report.Of(Subject("agent", count), Serves, "s").Median / fastest,
                "at most 1.0");
        }

        int most = counts.Max();
        report.AddRatio(
            Subject("start to ready, s", most), report.Of(Subject("agent", most), Ready, "s").Median, "at most 20");
        return report;
    }

    private static async Task AgentAsync(BenchReport report, AgentProcess agent, int zones, int rounds)
    {
        string subject = Subject("agent", zones);
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            await agent.StartAsync();
            report.Of(subject, Ready, "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (zones > 0)
            {
                await ServedAsync(agent.Dns, zones, () => agent.Output);
                report.Of(subject, Serves, "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            report.Of(subject, "resident when it is reached", "MiB").Add(Mebibytes(agent.Process!.Id));
            await agent.StopAsync();
        }
    }

    private static async Task PeerAsync(BenchReport report, string name, MasterServer server, int zones, int rounds)
    {
        await using (server)
        {
            for (int zone = 0; zone < zones; zone++)
                await server.SetZoneAsync(MasterZone.WithHosts(SeededData.NameOf(zone), SeededData.Serial, HostsPerZone));
            for (int round = 0; round < rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                await (server is KnotServer knot ? knot.StartAnsweringAsync() : server.StartAsync());
                await ServedAsync(server.EndPoint, zones, () => server.Output);
                report.Of(Subject(name, zones), Serves, "s").Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                report.Of(Subject(name, zones), "resident when it is reached", "MiB").Add(Mebibytes(server.Process!.Id));
                await server.StopAsync();
            }
        }
    }

    private static async Task ServedAsync(IPEndPoint server, int zones, Func<string> describe)
    {
        for (int sample = 0; sample < SampledZones; sample++)
        {
            int zone = (int)((zones - 1L) * sample / (SampledZones - 1));
            await WorkerClient.ServedAsync(server, SeededData.NameOf(zone), SeededData.Serial, describe);
        }
    }

    private static double Mebibytes(int process) => ProcessTree.ResidentOctets(process) / (double)(1 << 20);

    private static string Subject(string who, int zones) => string.Create(CultureInfo.InvariantCulture, $"{who}, {zones:N0} zones");
}
