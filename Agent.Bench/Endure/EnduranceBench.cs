using System.Diagnostics;
using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Memory;
using Agent.Bench.Peers;
using Agent.Bench.Provision;

namespace Agent.Bench.Endure;

/// <summary>
/// The same zones changed over and over through one driver, each change seen at the server before the next of its zone: the agent must
/// stay as large as it is once warm, in memory, descriptors and threads.
/// </summary>
internal static class EnduranceBench
{
    private const int HostsPerZone = 5;
    private const int SamplesMin = 8;
    private const double LiveGrowthMaxMebibytes = 4;
    private const double Mebibyte = 1 << 20;

    private static readonly TimeSpan RoundDeadline = TimeSpan.FromMinutes(3);

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int changes = options.Number("changes", 100_000);
        int zones = options.Number("zones", 500);
        int inFlight = options.Number("in-flight", 64);
        if (ProvisionServers.Named(options.Text("driver") ?? "bind9") is not [string driver])
            throw new FormatException($"--driver {options.Text("driver")}: expected one driver");
        int rounds = changes / zones;
        if (rounds < SamplesMin)
            throw new FormatException($"--changes {changes}: expected at least {SamplesMin} times the number of --zones");
        BenchReport report = new(string.Create(
            CultureInfo.InvariantCulture, $"{rounds * zones:N0} changes of {zones:N0} zones through {driver}, each until it is served"));
        await using ProvisionServer server = ProvisionServers.ByDriver[driver]();
        await server.ExpectAsync(NamesOf(zones));
        await server.StartAsync();
        await using SmallZoneMaster master = new(HostsPerZone);
        await using AgentProcess agent = await AgentProcess.StartedAsync(
            $"{AgentLife.SettingsFor(master, server)}\nlogging.level = warning");
        await new EnduranceRun(report, server, master, agent, zones, inFlight).RunAsync(rounds);
        return report;
    }

    private static string[] NamesOf(int zones) =>
        [.. Enumerable.Range(0, zones).Select(i => $"z{i.ToString(CultureInfo.InvariantCulture)}.endure.invalid.")];

    private sealed class EnduranceRun(
        BenchReport report, ProvisionServer server, SmallZoneMaster master, AgentProcess agent, int zones, int inFlight)
    {
        private readonly string[] _names = NamesOf(zones);

        private string Subject => AgentLife.SubjectOf(server.Driver);

        public async Task RunAsync(int rounds)
        {
            await EachAsync(agent.Worker.CreateAcceptedAsync);
            await ServedAsync();
            List<ProcessSample> samples = [];
            int early = rounds / 4;
            double liveBefore = 0;
            for (int round = 1; round <= rounds; round++)
            {
                long started = Stopwatch.GetTimestamp();
                master.Serial++;
                await EachAsync(agent.Worker.NotifyAcceptedAsync);
                await ServedAsync();
                report.Of(Subject, "changed and served", "per second").Add(_names.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
                samples.Add(await ProcessSample.OfAsync(agent));
                report.Of(server.Driver, "resident memory", "MiB").Add(ProcessTree.ResidentOctets(server.ProcessId) / Mebibyte);
                // Early enough that the samples of the second half do not show what the collection does.
                if (round == early) liveBefore = await LiveMebibytesAsync();
            }

            double growth = await LiveMebibytesAsync() - liveBefore;
            new Steadiness(samples).Into(report, Subject);
            report.Of(Subject, "managed memory in use after a quarter of the changes", "MiB").Add(liveBefore);
            report.Of(Subject, "managed memory in use at the end", "MiB").Add(liveBefore + growth);
            report.AddRatio("managed memory in use: growth since a quarter, MiB", growth, $"at most {LiveGrowthMaxMebibytes}");
            double octetsPerMebibyte = Mebibyte / (_names.Length * (rounds - early));
            report.AddRatio(
                "managed memory in use: growth for each change since, octets",
                growth * octetsPerMebibyte,
                FormattableString.Invariant($"at most {LiveGrowthMaxMebibytes * octetsPerMebibyte:0.0}"));
            report.HasFailed |= growth > LiveGrowthMaxMebibytes;
            report.AddNote(
                "Managed memory in use is what a collection of everything leaves. One sample after each change of all zones; the rise is "
                + "that of a line through the samples of the second half (median of the slopes between all pairs).");
        }

        private Task ServedAsync() => ServedSweep.UntilAsync(
            server.EndPoint, _names, master.Serial, RoundDeadline, () => $"{agent.Output}\n{server.Output}");

        /// <summary>Of an agent at rest: what is served, the agent has yet to see and to write down.</summary>
        private async Task<double> LiveMebibytesAsync()
        {
            await Eventually.HoldsAsync(
                async () => await agent.MetricsAsync() is var page
                    && page.Total("dnsagent_zones_behind") + page.Total("dnsagent_xfr_in_flight") == 0,
                () => $"nothing is under way\n{agent.Output}",
                RoundDeadline);
            return (await FullCollection.OfAsync(agent))["dnsagent_heap_live_bytes"] / Mebibyte;
        }

        private Task EachAsync(Func<string, Task> act) => Parallel.ForEachAsync(
            _names, new ParallelOptions { MaxDegreeOfParallelism = inFlight }, async (name, _) => await act(name));
    }
}
