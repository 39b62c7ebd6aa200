using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Latency;

/// <summary>
/// From NOTIFY to served, one change after the other: BIND as its own secondary, the agent answering by itself, and the agent with that
/// same BIND as its target, in turns. The master is <see cref="FastMaster"/>, so that its own time hardly counts.
/// </summary>
internal static class LatencyBench
{
    private const string Served = "NOTIFY to served";
    private const string OwnZone = "own.latency.example.";
    private const string AgentZone = "agent.latency.example.";

    // So long nothing happens between two turns: what one side still does after it serves must not slow the other down.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int changes = options.Number("changes", 500);
        int warmUp = options.Number("warm-up", 100);
        BenchReport report = new(string.Create(
            CultureInfo.InvariantCulture, $"NOTIFY to served: {changes} changes of a zone of ten records, one after the other"));
        await using FastMaster master = new([OwnZone, AgentZone], serial: 1);
        await using BindServer bind = Secondary(master);
        await bind.StartAsync();
        string masters = $"masters = [\"{master.EndPoint}\"]\nlogging.level = warning";
        await using AgentProcess embedded = await AgentProcess.StartedAsync($"backend-driver = embedded\n{masters}");
        await using AgentProcess withBind = await AgentProcess.StartedAsync($"{TargetSettings(bind)}\n{masters}");
        await embedded.Worker.CreateAcceptedAsync(AgentZone);
        await withBind.Worker.CreateAcceptedAsync(AgentZone);
        await WorkerClient.ServedAsync(bind.EndPoint, OwnZone, 1, () => bind.Output);

        using SerialWatch own = new(bind.EndPoint, bind.EndPoint, OwnZone);
        using SerialWatch served = new(embedded.Dns, embedded.Dns, AgentZone);
        using SerialWatch through = new(withBind.Dns, bind.EndPoint, AgentZone);
        for (uint change = 1; change <= warmUp + changes; change++)
        {
            bool counts = change > warmUp;
            master.SetSerial(OwnZone, change + 1);
            master.SetSerial(AgentZone, change + 1);
            double bindAlone = own.NotifyUntilServed(change + 1);
            await Task.Delay(Pause);
            await MeasureAsync(counts ? report : null, "agent, embedded", embedded, served, change + 1);
            await MeasureAsync(counts ? report : null, "agent, BIND as target", withBind, through, change + 1);
            if (counts)
            {
                report.Of("BIND alone", Served, "ms").Add(bindAlone);
            }
        }

        Conclude(report);
        return report;
    }

    private static async Task MeasureAsync(BenchReport? report, string subject, AgentProcess agent, SerialWatch watch, uint serial)
    {
        MetricsPage before = await agent.MetricsAsync();
        await Task.Delay(Pause);
        double milliseconds = watch.NotifyUntilServed(serial);
        // The target is level before the agent has seen that it is, and only then the change is over.
        MetricsPage after = before;
        await Eventually.HoldsAsync(
            async () => ChangeSteps.IsVerified(before, after = await agent.MetricsAsync()), () => $"{serial} verified\n{agent.Output}");
        if (report is null)
        {
            return;
        }

        report.Of(subject, Served, "ms").Add(milliseconds);
        ChangeSteps steps = ChangeSteps.Between(before, after);
        foreach ((string step, double duration) in steps.Steps)
        {
            report.Of(subject, step, "ms").Add(duration);
        }

        report.Of(subject, "our own share", "ms").Add(steps.OwnShare);
    }

    private static void Conclude(BenchReport report)
    {
        double alone = report.Of("BIND alone", Served, "ms").Median;
        foreach (string subject in (string[])["agent, embedded", "agent, BIND as target"])
        {
            double median = report.Of(subject, Served, "ms").Median;
            report.AddRatio($"{subject} over BIND alone, medians", median / alone, "no aim of its own");
            report.AddRatio($"{subject} minus BIND alone, medians, ms", median - alone, "at most 1.0");
            double share = report.Of(subject, "our own share", "ms").Median;
            report.AddRatio($"{subject}: our own share, median, ms", share, "below 2, better 0.5");
        }

        report.AddNote("Our own share: the steps from the NOTIFY's arrival until the target took the change (intake, soa, transfer, "
            + "journal, apply) without what the agent spent waiting for the master, the disk and the server, each measured at its call.");
        report.AddNote("BIND as its own secondary is tuned (serial-query-rate, notify-rate, no IXFR) and writes nothing to the disk "
            + "before it serves; the agent has the change durable before any server hears of it.");
    }

    private static BindServer Secondary(FastMaster master) => new()
    {
        ExtraOptions = "serial-query-rate 10000; notify-rate 10000; startup-notify-rate 10000; request-ixfr no; transfers-in 100; "
            + "transfers-per-ns 100; min-refresh-time 1; max-refresh-time 86400;",
        ExtraStatements = $$"""
            zone "{{OwnZone.TrimEnd('.')}}" {
                type secondary; primaries { {{master.EndPoint.Address}} port {{master.EndPoint.Port}}; };
            };
            """,
    };

    private static string TargetSettings(BindServer bind) => $$"""
        targets.bind9 { {{bind.TargetSettings}} }
        """;
}
