using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Latency;

/// <summary>
/// From NOTIFY to served, one change after the other: BIND, NSD and Knot as secondaries by themselves, an agent with each of them as its
/// target, and an agent that answers by itself, in turns. The master is <see cref="FastMaster"/>, so that its own time hardly counts.
/// </summary>
/// <remarks>Options: <c>--changes</c>, <c>--warm-up</c>, <c>--servers</c> as a list, all of them if not given.</remarks>
internal static class LatencyBench
{
    private const string Served = "NOTIFY to served";
    private const string OwnZone = "own.latency.example.";
    private const string AgentZone = "agent.latency.example.";
    private const string Embedded = "agent, embedded";

    // So long nothing happens between two turns: what one side still does after it serves must not slow the other down.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int changes = options.Number("changes", 300);
        int warmUp = options.Number("warm-up", 100);
        string[]? only = options.Text("servers")?.Split(',');
        BenchReport report = new(string.Create(
            CultureInfo.InvariantCulture, $"NOTIFY to served: {changes} changes of a zone of ten records, one after the other"));
        await using FastMaster master = new([OwnZone, AgentZone], serial: 1);
        await using Participants all = new();
        LatencyServer[] servers =
            [.. LatencyServer.All().Where(one => only is null || only.Contains(one.Name, StringComparer.OrdinalIgnoreCase))];
        string settings = $"masters = [\"{master.EndPoint}\"]\nlogging.level = warning";
        foreach (LatencyServer server in servers)
        {
            all.Add(server);
            await server.StartAsync(OwnZone, master.EndPoint, serial: 1);
            AgentProcess agent = await AgentProcess.StartedAsync($"{server.TargetSettings}\n{settings}");
            all.Add(agent);
            await agent.Worker.CreateAcceptedAsync(AgentZone);
            all.Turns.Add(new Turn(Alone(server.Name), new SerialWatch(server.Own.EndPoint, server.Own.EndPoint, OwnZone), null));
            all.Turns.Add(new Turn(Through(server.Name), new SerialWatch(agent.Dns, server.Target.EndPoint, AgentZone), agent));
        }

        AgentProcess embedded = await AgentProcess.StartedAsync($"backend-driver = embedded\n{settings}");
        all.Add(embedded);
        await embedded.Worker.CreateAcceptedAsync(AgentZone);
        all.Turns.Add(new Turn(Embedded, new SerialWatch(embedded.Dns, embedded.Dns, AgentZone), embedded));
        for (uint change = 1; change <= warmUp + changes; change++)
        {
            master.SetSerial(OwnZone, change + 1);
            master.SetSerial(AgentZone, change + 1);
            foreach (Turn turn in all.Turns)
            {
                await MeasureAsync(change > warmUp ? report : null, turn, change + 1);
            }
        }

        Conclude(report, servers);
        return report;
    }

    private static string Alone(string server) => $"{server} alone";

    private static string Through(string server) => $"agent, {server} as target";

    private static async Task MeasureAsync(BenchReport? report, Turn turn, uint serial)
    {
        MetricsPage? before = turn.Agent is { } agent ? await agent.MetricsAsync() : null;
        await Task.Delay(Pause);
        double? milliseconds = turn.Watch.NotifyUntilServed(serial);
        if (milliseconds is { } duration)
        {
            report?.Of(turn.Subject, Served, "ms").Add(duration);
        }

        if (before is null)
        {
            report?.Of(turn.Subject, "changes that were not served before the next", "of all").Add(milliseconds is null ? 1 : 0);
            return;
        }

        // The target is level before the agent has seen that it is, and only then the change is over.
        MetricsPage after = before;
        await Eventually.HoldsAsync(
            async () => ChangeSteps.IsVerified(before, after = await turn.Agent!.MetricsAsync()),
            () => $"{serial} verified\n{turn.Agent!.Output}");
        if (report is null)
        {
            return;
        }

        ChangeSteps steps = ChangeSteps.Between(before, after);
        foreach ((string step, double length) in steps.Steps)
        {
            report.Of(turn.Subject, step, "ms").Add(length);
        }

        report.Of(turn.Subject, "our own share", "ms").Add(steps.OwnShare);
    }

    private static void Conclude(BenchReport report, IReadOnlyList<LatencyServer> servers)
    {
        foreach (LatencyServer server in servers)
        {
            AddDifference(Through(server.Name), Alone(server.Name));
            AddShare(Through(server.Name));
        }

        if (servers.MinBy(server => report.Of(Alone(server.Name), Served, "ms").Median) is { } fastest)
        {
            AddDifference(Embedded, Alone(fastest.Name));
        }

        AddShare(Embedded);
        report.AddNote("Our own share: the steps from the NOTIFY's arrival until the target took the change (intake, soa, transfer, "
            + "journal, apply) without what the agent spent waiting for the master, the disk and the server, each measured at its call.");
        report.AddNote("BIND as its own secondary is tuned (serial-query-rate, notify-rate, no IXFR), NSD reloads at once; they write "
            + "nothing to the disk before they serve. The agent has the change durable before any server hears of it.");

        void AddDifference(string subject, string alone)
        {
            Samples ours = report.Of(subject, Served, "ms");
            Samples theirs = report.Of(alone, Served, "ms");
            report.AddRatio($"{subject} minus {alone}, medians, ms", ours.Median - theirs.Median, "at most 1.0");
            report.AddRatio($"{subject} minus {alone}, p99, ms", ours.Percentile(99) - theirs.Percentile(99), "at most 1.0");
        }

        void AddShare(string subject) => report.AddRatio(
            $"{subject}: our own share, median, ms", report.Of(subject, "our own share", "ms").Median, "below 0.5");
    }

    /// <summary>One of those that take turns.</summary>
    /// <param name="Agent">Where it is one: it says where the time went.</param>
    private sealed record Turn(string Subject, SerialWatch Watch, AgentProcess? Agent);

    /// <summary>Everything that was started, ended in the other order.</summary>
    private sealed class Participants : IAsyncDisposable
    {
        private readonly Stack<IAsyncDisposable> _started = new();

        public List<Turn> Turns { get; } = [];

        public void Add(IAsyncDisposable started) => _started.Push(started);

        public async ValueTask DisposeAsync()
        {
            Turns.ForEach(turn => turn.Watch.Dispose());
            while (_started.TryPop(out IAsyncDisposable? started))
            {
                await started.DisposeAsync();
            }
        }
    }
}
