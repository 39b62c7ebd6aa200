using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Memory;

/// <summary>
/// What one more idle zone of ten records costs in memory: the slope between a few zones and many, for the agent (with a target that holds
/// nothing, and with the embedded one, which serves them) and for the servers with files of the same zones.
/// </summary>
internal static class MemoryBench
{
    private const string Heap = "managed memory per zone";
    private const string Resident = "resident memory per zone";
    private const int HostsPerZone = 7; // and SOA, NS, address of the name server
    private const int InFlight = 64;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int few = options.Number("few", 2_000);
        int many = options.Number("zones", 20_000);
        if (many <= few)
        {
            throw new FormatException($"--zones {many}: expected more than --few {few}");
        }

        BenchReport report = new(string.Create(
            CultureInfo.InvariantCulture, $"Memory of idle zones of ten records, from {few:N0} to {many:N0} of them"));
        await using (FastMaster master = new(Enumerable.Range(0, many).Select(NameOf), serial: 1))
        {
            await MeasureAgentAsync(report, "agent, target holds nothing", "fake", master, few, many);
            await MeasureAgentAsync(report, "agent, embedded", "embedded", master, few, many);
        }

        await MeasurePeerAsync(report, "Knot", static () => new KnotServer(), few, many);
        await MeasurePeerAsync(report, "NSD", static () => new NsdServer(), few, many);
        await MeasurePeerAsync(report, "BIND", static () => new BindServer(), few, many);
        double heap = report.Of("agent, target holds nothing", Heap, "octets").Median;
        double resident = report.Of("agent, target holds nothing", Resident, "octets").Median;
        report.AddRatio("managed memory per idle zone, octets", heap, "at most 1024, better 300");
        report.AddRatio("agent over Knot, resident", resident / report.Of("Knot", Resident, "octets").Median, "below 1.0");
        report.AddNote("Managed memory: in use after a collection of everything that is asked for over the runtime's diagnostic socket. "
            + "Resident: PSS of all processes of a program, after that collection.");
        return report;
    }

    private static string NameOf(int zone) => string.Create(CultureInfo.InvariantCulture, $"zone{zone:d6}.memory.example.");

    private static async Task MeasureAgentAsync(
        BenchReport report, string subject, string driver, FastMaster master, int few, int many)
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = {{driver}}
            masters = ["{{master.EndPoint}}"]
            limits.passivate-after = 1s
            logging.level = warning
            """);
        await CreateAsync(agent, 0, few);
        (double heapOfFew, double residentOfFew) = await SettleAsync(agent);
        await CreateAsync(agent, few, many);
        (double heapOfMany, double residentOfMany) = await SettleAsync(agent);
        report.Of(subject, Heap, "octets").Add((heapOfMany - heapOfFew) / (many - few));
        report.Of(subject, Resident, "octets").Add((residentOfMany - residentOfFew) / (many - few));
        report.Of(subject, "managed memory in all", "MiB").Add(heapOfMany / (1 << 20));
        report.Of(subject, "resident in all", "MiB").Add(residentOfMany / (1 << 20));
    }

    private static Task CreateAsync(AgentProcess agent, int from, int to) => Parallel.ForAsync(
        from,
        to,
        new ParallelOptions { MaxDegreeOfParallelism = InFlight },
        async (zone, _) => await agent.Worker.CreateAcceptedAsync(NameOf(zone)));

    /// <summary>Waits until every zone is a row, then until everything that nobody refers to is gone.</summary>
    private static async Task<(double Heap, double Resident)> SettleAsync(AgentProcess agent)
    {
        await Eventually.HoldsAsync(
            async () => (await agent.MetricsAsync())["dnsagent_zone_actors"] == 0, () => $"all zones at rest\n{agent.Output}");
        MetricsPage page = await FullCollection.OfAsync(agent);
        return (page["dnsagent_heap_live_bytes"], ProcessTree.ResidentOctets(agent.Process!.Id));
    }

    private static async Task MeasurePeerAsync(BenchReport report, string subject, Func<MasterServer> create, int few, int many)
    {
        double ofFew = await ResidentAsync(create, few);
        double ofMany = await ResidentAsync(create, many);
        report.Of(subject, Resident, "octets").Add((ofMany - ofFew) / (many - few));
        report.Of(subject, "resident in all", "MiB").Add(ofMany / (1 << 20));
    }

    private static async Task<double> ResidentAsync(Func<MasterServer> create, int zones)
    {
        await using MasterServer server = create();
        for (int zone = 0; zone < zones; zone++)
        {
            await server.SetZoneAsync(MasterZone.WithHosts(NameOf(zone), 1, HostsPerZone));
        }

        await server.StartAsync();
        foreach (int zone in (int[])[0, zones / 2, zones - 1])
        {
            await WorkerClient.ServedAsync(server.EndPoint, NameOf(zone), 1, () => server.Output);
        }

        return ProcessTree.ResidentOctets(server.Process!.Id);
    }
}
