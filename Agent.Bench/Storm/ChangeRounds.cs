using Agent.Bench.Measure;
using Agent.Bench.Peers;
using Agent.Bench.Provision;

namespace Agent.Bench.Storm;

/// <summary>
/// Rounds in which all zones change at once: agents, and servers that are secondaries of the same master by themselves, in turns. Before
/// each storm comes a quiet time, in which a zone beside them is changed and another one asked for just as in the storm.
/// </summary>
internal sealed class ChangeRounds : IAsyncDisposable
{
    private const string PerSecond = "changes to served";
    private const string Unit = "changes/s";
    private const string Another = "NOTIFY to served of another zone";
    private const string Answers = "answers";
    private const string Bystander = "bystander.storm.example.";
    private const string Stable = "stable.storm.example.";
    private const uint FirstSerial = 1;
    private const int WarmUpShare = 10;

    private readonly BenchReport _report;
    private readonly IReadOnlyList<string> _zones;
    private readonly IReadOnlyList<string> _servers;
    private readonly TimeSpan _quiet;
    private readonly string _settings;
    private readonly FastMaster _master;
    private readonly Stack<IAsyncDisposable> _started = new();
    private readonly List<StormSide> _sides = [];
    private uint _serial = FirstSerial;

    /// <param name="servers">Those of <see cref="StormSide.Servers"/> that take part.</param>
    /// <param name="quiet">How long the time before each storm is.</param>
    /// <param name="settings">Lines of configuration for the agents.</param>
    public ChangeRounds(BenchReport report, int zones, IReadOnlyList<string> servers, TimeSpan quiet, string settings)
    {
        if (zones > RequestCrowd.NamesMax) throw new FormatException($"--changing {zones}: expected at most {RequestCrowd.NamesMax}");
        _report = report;
        _zones = NotifyStorm.Zones(zones);
        _servers = servers;
        _quiet = quiet;
        _settings = settings;
        _master = new FastMaster([.. _zones, Bystander, Stable], FirstSerial);
    }

    public async Task RunAsync(int rounds)
    {
        await StartAsync();
        string[] few = [.. _zones.Take(Math.Max(1, _zones.Count / WarmUpShare))];
        foreach (StormSide side in _sides) await ChangeStorm.RunAsync(side, few, Renewed(few));
        for (int round = 0; round < rounds; round++)
        {
            foreach (StormSide side in _sides) await MeasureAsync(side);
        }

        foreach (StormSide side in _sides) await BurstAsync(side);
        Conclude();
    }

    public async ValueTask DisposeAsync()
    {
        while (_started.TryPop(out IAsyncDisposable? started)) await started.DisposeAsync();
        await _master.DisposeAsync();
    }

    private static string Quiet(string quantity) => $"{quantity}, quiet";

    private static string Stormy(string quantity) => $"{quantity}, in the storm";

    private async Task StartAsync()
    {
        string[] zones = [Bystander, Stable, .. _zones];
        _sides.Add(await StormSide.EmbeddedAsync(_settings, zones, _master.EndPoint, _started.Push));
        foreach (string server in _servers)
        {
            _sides.Add(await StormSide.AloneAsync(server, zones, _master.EndPoint, _started.Push));
            _sides.Add(await StormSide.ThroughAsync(server, _settings, zones, _master.EndPoint, _started.Push));
        }
    }

    /// <summary>The master has a new serial for each of them.</summary>
    private uint Renewed(IEnumerable<string> zones)
    {
        _serial++;
        foreach (string zone in zones) _master.SetSerial(zone, _serial);
        return _serial;
    }

    private async Task MeasureAsync(StormSide side)
    {
        // What it still did for the last one is over.
        await BesideAsync(side, new Samples(), new Samples(), () => Task.Delay(_quiet / 4));
        await BesideAsync(side, Of(side, Quiet(Another)), Of(side, Quiet(Answers)), () => Task.Delay(_quiet));
        uint serial = Renewed(_zones);
        (long asked, long transfers) = (_master.SoaQueries, _master.Transfers);
        double cpu = side.Processes.Sum(ProcessTree.CpuSeconds);
        ChangeOutcome? outcome = null;
        await BesideAsync(
            side,
            Of(side, Stormy(Another)),
            Of(side, Stormy(Answers)),
            async () => outcome = await ChangeStorm.RunAsync(side, _zones, serial));
        double each = _zones.Count;
        _report.Of(side.Subject, PerSecond, Unit).Add(each / outcome!.Served.TotalSeconds);
        _report.Of(side.Subject, "NOTIFYs answered", "per second").Add(each / outcome.Noted.TotalSeconds);
        _report.Of(side.Subject, "NOTIFYs sent again", "of all").Add(outcome.Repeated / each);
        _report.Of(side.Subject, "zones served only when told once more", "of all").Add(outcome.Forgotten / each);
        _report.Of(side.Subject, "SOA queries to the master", "per change").Add((_master.SoaQueries - asked) / each);
        _report.Of(side.Subject, "transfers from the master", "per change").Add((_master.Transfers - transfers) / each);
        _report.Of(side.Subject, "processor time", "ms/change").Add((side.Processes.Sum(ProcessTree.CpuSeconds) - cpu) * 1000 / each);
    }

    private Samples Of(StormSide side, string quantity) => _report.Of(side.Subject, quantity, "ms");

    private async Task BesideAsync(StormSide side, Samples changes, Samples answers, Func<Task> act)
    {
        using BystanderWatch bystander = new(side, _master, Bystander);
        using AnswerLatency latency = new(side.Asked, Stable);
        await act();
        bystander.StopInto(changes);
        latency.StopInto(answers);
    }

    /// <summary>NOTIFYs with nothing new as fast as loopback takes them: what the kernel drops before the server reads it.</summary>
    private async Task BurstAsync(StormSide side)
    {
        StormOutcome outcome = await new NotifyStorm(side.Notified, _master, _zones, everyNth: int.MaxValue).RunAsync(_zones.Count);
        _report.Of(side.Subject, "lost of a burst of NOTIFYs", "of all").Add(outcome.Lost / (double)outcome.Sent);
    }

    private void Conclude()
    {
        foreach (string server in _servers)
            AddRatio($"{StormSide.Through(server)} over {StormSide.Alone(server)}", StormSide.Through(server), StormSide.Alone(server));
        if (_servers.MaxBy(server => _report.Of(StormSide.Alone(server), PerSecond, Unit).Median) is { } fastest)
            AddRatio($"{StormSide.Embedded} over the fastest, {StormSide.Alone(fastest)}", StormSide.Embedded, StormSide.Alone(fastest));
        foreach (StormSide side in _sides)
        {
            string aim = side.IsAgent ? "at most 2.0" : "none";
            AddUnharmed(side.Subject, Another, aim);
            AddUnharmed(side.Subject, Answers, aim);
        }

        _report.AddNote($"{_zones.Count:N0} zones of ten records change at one master; 128 NOTIFYs are under way at a time. "
            + "Beside them one more zone is changed every 100 ms, and one is asked for a thousand times a second. " + StormSide.Tuning);

        void AddRatio(string name, string ours, string theirs) => _report.AddRatio(
            $"changes per second, {name}",
            _report.Of(ours, PerSecond, Unit).Median / _report.Of(theirs, PerSecond, Unit).Median,
            "at least 1.0");
    }

    private void AddUnharmed(string subject, string quantity, string aim)
    {
        Samples quiet = _report.Of(subject, Quiet(quantity), "ms");
        Samples storm = _report.Of(subject, Stormy(quantity), "ms");
        _report.AddRatio($"{subject}: {quantity}, storm over quiet, medians", storm.Median / quiet.Median, aim);
        _report.AddRatio($"{subject}: {quantity}, storm over quiet, p99", storm.Percentile(99) / quiet.Percentile(99), aim);
    }
}
