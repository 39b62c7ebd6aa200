using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Agent.Bench.Measure;
using Agent.Bench.Memory;
using Agent.Bench.Peers;
using Agent.Bench.Provision;
using Agent.Bench.Start;

namespace Agent.Bench.Scale;

/// <summary>
/// One agent that knows many zones, all at rest: what they take, how long it starts and stops, and whether others wait while somebody lists
/// them all.
/// </summary>
internal sealed class ManyZones(BenchReport report)
{
    private const int PageSize = 1000;
    private const int ListedMax = 100_000;
    private const int HeldMax = 300;
    private const int ReadySecondsMax = 20;
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(5);

    private readonly GrowthTable _table = new(report, "zones");
    private double _heapOfNone;

    /// <param name="driver">The target. With <c>fake</c>, which notes in the agent's process a serial for each zone, what the agent itself
    /// holds is the rest.</param>
    public async Task RunAsync(IEnumerable<int> counts, string driver)
    {
        await using SmallZoneMaster master = new(hosts: 7) { Serial = SeededData.Serial };
        await using AgentProcess agent = new($"""
            backend-driver = {driver}
            masters = ["{master.EndPoint}"]
            limits.passivate-after = 1s
            logging.level = warning
            """) { StartDeadline = StartPatience };
        await agent.StartAsync();
        _heapOfNone = await HeapAsync(agent);
        await agent.StopAsync();
        int written = 0;
        double octets = 0;
        double known = 0;
        foreach (int count in counts.Order())
        {
            long start = Stopwatch.GetTimestamp();
            await SeededData.WriteAsync(agent.DataFolder, written, count, driver);
            written = count;
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{count:N0} zones written in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s"));
            (known, octets) = await MeasureAsync(agent, count);
            if (driver != "fake") continue;
            double ofServer = OctetsOfSerials(count);
            octets -= ofServer;
            _table.Add("serial that the fake server notes for it", "octets", count, ofServer);
        }

        _table.AddExponents();
        string among = string.Create(CultureInfo.InvariantCulture, $"among {written:N0}");
        report.AddRatio($"octets of an idle zone {among}", octets, $"at most {HeldMax}");
        report.AddRatio($"start to all zones known, s, {among}", known, $"at most {ReadySecondsMax}");
    }

    private async Task<(double Known, double Octets)> MeasureAsync(AgentProcess agent, int count)
    {
        long start = Stopwatch.GetTimestamp();
        await agent.StartAsync();
        _table.Add("start to ready", "s", count, Stopwatch.GetElapsedTime(start).TotalSeconds);
        await Eventually.HoldsAsync(
            async () => await KnownAsync(agent) >= count, () => $"all zones are there\n{agent.Output}", StartPatience);
        double known = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _table.Add("start to all zones known", "s", count, known);
        // Idle is a zone of which the target is known to be level; those that it is asked about hold their work beside the row.
        await Eventually.HoldsAsync(
            async () => (await agent.MetricsAsync())["dnsagent_zones{state=\"ok\"}"] >= count,
            () => $"the target is level\n{agent.Output}",
            StartPatience);
        double octets = (await HeapAsync(agent) - _heapOfNone) / count;
        _table.Add("managed memory of a zone", "octets", count, octets);
        _table.Add("resident", "MiB", count, ProcessTree.ResidentOctets(agent.Process!.Id) / (double)(1 << 20));
        _table.Add("journal file", "MiB", count, new FileInfo(Path.Combine(agent.DataFolder, "journal.db")).Length / (double)(1 << 20));
        await ListAsync(agent, count);
        start = Stopwatch.GetTimestamp();
        await agent.StopAsync();
        _table.Add("stop", "s", count, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return (known, octets);
    }

    /// <summary>Lists zones page by page while somebody else asks for single zones, by the API and by NOTIFY.</summary>
    private async Task ListAsync(AgentProcess agent, int count)
    {
        using CancellationTokenSource listed = new();
        Task<(Samples Api, Samples Notify)> others = Task.Run(() => AskMeanwhileAsync(agent, count, listed.Token));
        Samples pages = new();
        long start = Stopwatch.GetTimestamp();
        int seen = 0;
        string after = "";
        do
        {
            long asked = Stopwatch.GetTimestamp();
            JsonElement page = (await agent.GetAsync($"/api/v1/zones?limit={PageSize}&after={after}"))!.Value;
            pages.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            seen += page.GetProperty("zones").GetArrayLength();
            after = page.GetProperty("next").GetString() ?? "";
        }
        while (after.Length > 0 && seen < ListedMax);

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await listed.CancelAsync();
        (Samples api, Samples notify) = await others;
        if (seen < Math.Min(count, ListedMax)) throw new InvalidOperationException($"only {seen} of {count} zones were listed");
        _table.Add("listing, for each zone", "us", count, seconds * 1e6 / seen);
        _table.Add("a page of 1000, median", "ms", count, pages.Median);
        _table.Add("a page of 1000, slowest", "ms", count, pages.Maximum);
        _table.Add("GET of a zone meanwhile, p99", "ms", count, api.Percentile(99));
        _table.Add("GET of a zone meanwhile, slowest", "ms", count, api.Maximum);
        _table.Add("NOTIFY answered meanwhile, p99", "ms", count, notify.Percentile(99));
        _table.Add("NOTIFY answered meanwhile, slowest", "ms", count, notify.Maximum);
    }

    private static async Task<(Samples Api, Samples Notify)> AskMeanwhileAsync(AgentProcess agent, int count, CancellationToken listed)
    {
        Samples api = new();
        Samples notify = new();
        for (int number = 0; !listed.IsCancellationRequested || api.Count < 20; number++)
        {
            string zone = SeededData.NameOf((int)(number * 7919L % count));
            long asked = Stopwatch.GetTimestamp();
            if (await agent.ZoneAsync(zone) is null) throw new InvalidOperationException($"{zone} is not there");
            api.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            asked = Stopwatch.GetTimestamp();
            DnsReply answer = await agent.Worker.NotifyAsync(zone);
            if (answer.ResponseCode != 0) throw new InvalidOperationException($"NOTIFY of {zone}: {answer}");
            notify.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }

        return (api, notify);
    }

    /// <summary>What the dictionary of a server without contents takes for each of its zones, whose names are the agent's.</summary>
    private static double OctetsOfSerials(int count)
    {
        object[] names = [.. Enumerable.Range(0, count).Select(_ => new object())];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Dictionary<object, uint> serials = [];
        foreach (object name in names) serials[name] = SeededData.Serial;
        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(serials);
        GC.KeepAlive(names);
        return (after - before) / (double)count;
    }

    private static async Task<double> HeapAsync(AgentProcess agent) => (await FullCollection.OfAsync(agent))["dnsagent_heap_live_bytes"];

    private static async Task<double> KnownAsync(AgentProcess agent) => (await agent.MetricsAsync()).Total("dnsagent_zones");
}
