using System.Globalization;
using Agent.Bench.Measure;

namespace Agent.Bench.Provision;

/// <summary>
/// Many small zones brought into each server that there is a driver for, in turns: by its own tool with a process for each zone, by the
/// quickest way that it has with the files ready, and by the running agent (asked for by CREATE, transferred from a master, journaled,
/// verified). Some of the zones then change, each way. After the last round all of the agent's go again, and what is left is looked at.
/// </summary>
/// <remarks>
/// What a turn leaves on the disk stays until the end: ext4 gives the inode of a removed file out again only after minutes, and until
/// then looks at each such one whenever it makes a file. Thousands removed would slow down whoever is measured next, as the agent's
/// own deletions of the last round do to the first turns of the next driver: figures to be quoted come from a run of one driver.
/// </remarks>
internal static class ProvisionBench
{
    private const int HostsPerZone = 5;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        ProvisionPlan plan = new(
            options.Number("zones", 5000),
            options.Number("changes", 1000),
            options.Number("processes", 300),
            options.Number("in-flight", 256),
            options.Number("rounds", 2));
        IReadOnlyList<string> drivers = ProvisionServers.Named(options.Text("driver"));
        BenchReport report = new(
            $"{plan.Zones} zones of {HostsPerZone + 3} records brought into servers, {plan.InFlight} asked for at once");
        List<ProvisionServer> used = [];
        try
        {
            foreach (string driver in drivers)
            {
                try
                {
                    await MeasureAsync(report, ProvisionServers.ByDriver[driver], plan, used);
                    AddRatios(report, used[^1]);
                }
                catch (Exception failure) when (failure is InvalidOperationException or TimeoutException or IOException)
                {
                    report.HasFailed = true;
                    report.AddNote($"{driver} failed: {failure.Message}");
                }
            }
        }
        finally
        {
            foreach (ProvisionServer server in used) await server.DisposeAsync();
        }

        report.AddNote(
            "Served: every zone was seen with its serial at the server. The agent's figures run from its first message to that, and hold "
            + "the transfer and the journal; the files of the others were there before. A process for each zone was measured with a "
            + "sample, and the server nearly empty.");
        return report;
    }

    private static async Task MeasureAsync(
        BenchReport report, Func<ProvisionServer> create, ProvisionPlan plan, List<ProvisionServer> used)
    {
        string[] names =
            [.. Enumerable.Range(0, plan.Zones).Select(i => string.Create(CultureInfo.InvariantCulture, $"z{i}.provision.invalid."))];
        string[] changing = [.. names.Take(plan.Changes)];
        for (int round = 1; round <= plan.Rounds; round++)
        {
            await TurnAsync(server => OwnMeans.SinglesAsync(report, server, [.. names.Take(plan.Processes)], HostsPerZone));
            await TurnAsync(server => OwnMeans.BulkAsync(report, server, names, changing, HostsPerZone));
            if (used[^1].DesignateBackend is not null)
                await TurnAsync(server => DesignateLife.MeasureAsync(report, server, [.. names.Take(plan.Processes)], HostsPerZone));
            bool isLast = round == plan.Rounds;
            await TurnAsync(server => AgentAsync(report, server, plan, names, isLast));
        }

        async Task TurnAsync(Func<ProvisionServer, Task> turn)
        {
            ProvisionServer server = create();
            used.Add(server);
            await turn(server);
            await server.StopAsync();
        }
    }

    private static async Task AgentAsync(BenchReport report, ProvisionServer server, ProvisionPlan plan, string[] names, bool isLast)
    {
        await server.ExpectAsync([AgentLife.StableZone, .. names]);
        await server.StartAsync();
        await using AgentLife life = await AgentLife.StartAsync(report, server, HostsPerZone, plan.InFlight);
        await life.CreateAsync(names);
        await life.ChangeAsync([.. names.Take(plan.Changes)]);
        if (!isLast) return;
        if (!server.TakesZonesAway)
        {
            report.AddNote($"{server.Driver}: zones cannot be taken away through this driver, so none were.");
            return;
        }

        await life.DeleteAsync(names);
        await life.CheckNothingIsLeftAsync(names);
    }

    private static void AddRatios(BenchReport report, ProvisionServer server)
    {
        foreach ((string ours, string theirs) in ((string, string)[])[("created, verified", "added"), ("changed, served", "changed")])
        {
            double agent = report.Of(AgentLife.SubjectOf(server.Driver), ours, "zones/s").Median;
            double singles = report.Of(OwnMeans.SingleSubject(server), $"{theirs}, served", "zones/s").Median;
            double bulk = report.Of(OwnMeans.BulkSubject(server), $"{theirs}, served", "zones/s").Median;
            report.AddRatio($"{server.Driver}: {theirs}: agent over {server.SingleWay}", agent / singles, "at least 10");
            string aim = theirs == "added" ? server.BulkAim : "1 is the server's limit";
            report.AddRatio($"{server.Driver}: {theirs}: agent over {server.BulkWay}", agent / bulk, aim);
            if (server.DesignateBackend is null)
                continue;
            string quantity = theirs == "added" ? "created, served" : "changed, served";
            double designate = report.Of(DesignateLife.SubjectOf(server), quantity, "zones/s").Median;
            report.AddRatio($"{server.Driver}: {theirs}: agent over Designate's agent", agent / designate, "at least 20");
        }
    }

    /// <summary>How much of everything.</summary>
    /// <param name="Changes">So many of the zones change.</param>
    /// <param name="Processes">For so many zones at most a process is started.</param>
    private sealed record ProvisionPlan(int Zones, int Changes, int Processes, int InFlight, int Rounds);
}
