using System.Diagnostics;
using System.Text.Json;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>The running agent between a master of small zones and a server: many zones made, changed and deleted by DNS messages.</summary>
public sealed class AgentLife : IAsyncDisposable
{
    private const string JournalBatches = "dnsagent_journal_append_seconds_count";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly BenchReport _report;
    private readonly int _inFlight;
    private readonly string _subject;

    private AgentLife(BenchReport report, SmallZoneMaster master, ProvisionServer server, AgentProcess agent, int inFlight)
    {
        _report = report;
        Master = master;
        Server = server;
        Agent = agent;
        _inFlight = inFlight;
        _subject = SubjectOf(server.Driver);
    }

    /// <summary>A zone that is there before all others and never changes: it is asked for all the time.</summary>
    public static string StableZone => "stable.invalid.";

    public SmallZoneMaster Master { get; }

    public ProvisionServer Server { get; }

    public AgentProcess Agent { get; }

    private int AgentId => Agent.Process!.Id;

    public static string SubjectOf(string driver) => $"{driver}: agent";

    /// <summary>Starts an agent beside the running server, which is its only target.</summary>
    /// <param name="server">Whoever made it disposes it.</param>
    public static async Task<AgentLife> StartAsync(BenchReport report, ProvisionServer server, int hosts, int inFlight)
    {
        SmallZoneMaster master = new(hosts);
        AgentProcess agent = new(SettingsFor(master, server));
        AgentLife life = new(report, master, server, agent, inFlight);
        try
        {
            await agent.StartAsync();
            await agent.Worker.CreateAcceptedAsync(StableZone);
            await WorkerClient.ServedAsync(server.EndPoint, StableZone, master.Serial, () => agent.Output);
            life.Add("resident at start", "MB", ProcessTree.ResidentOctets(life.AgentId) / 1e6);
            return life;
        }
        catch
        {
            await life.DisposeAsync();
            throw;
        }
    }

    /// <summary>Settings of an agent with this one target.</summary>
    public static string SettingsFor(SmallZoneMaster master, ProvisionServer server) => $$"""
        masters = ["{{master.EndPoint}}"]
        targets.server { {{server.TargetSettings}} }
        {{server.OtherSettings}}
        """;

    /// <summary>CREATE for each zone; the agent answers when the server serves it, which is then checked besides.</summary>
    public async Task CreateAsync(string[] names)
    {
        await PhaseAsync("created, verified", names, async () =>
        {
            await AnsweredAsync(RequestCrowd.OfCreates(Agent.Dns, _inFlight), names, "CREATE to its answer");
            await ServedAsync(names);
        });
        Add("resident with all zones", "MB", ProcessTree.ResidentOctets(AgentId) / 1e6);
    }

    /// <summary>The master has a next serial and says so of these zones; over when the server serves all of them with it.</summary>
    public async Task ChangeAsync(string[] names)
    {
        Master.Serial++;
        await PhaseAsync("changed, served", names, async () =>
        {
            await AnsweredAsync(RequestCrowd.OfNotifies(Agent.Dns, _inFlight), names);
            await ServedAsync(names);
        });
    }

    /// <summary>DELETE for each zone; answered when the server does not serve it any more.</summary>
    public Task DeleteAsync(string[] names) =>
        PhaseAsync(
            "deleted, verified", names, () => AnsweredAsync(RequestCrowd.OfDeletes(Agent.Dns, _inFlight), names, "DELETE to its answer"));

    /// <summary>Looks everywhere, also after a restart, which reads the journal. The stable zone goes too.</summary>
    /// <exception cref="InvalidOperationException">Something of a zone is there still.</exception>
    public async Task CheckNothingIsLeftAsync(string[] names)
    {
        await Agent.Worker.DeleteAcceptedAsync(StableZone);
        IReadOnlyList<string> left = await Server.LeftAsync();
        Expect(left.Count == 0, $"{Server.Driver}: {left.Count} are left: {string.Join(' ', left.Take(5))}");
        // The answer to a DELETE is the server's state; the row goes just after it.
        await Eventually.HoldsAsync(async () => await ListedAsync() == 0, () => $"the agent lists no zone\n{Agent.Output}");
        Add("resident after all were deleted", "MB", ProcessTree.ResidentOctets(AgentId) / 1e6);
        await Agent.RestartAsync(byKill: false);
        Expect(await ListedAsync() == 0, "the journal brought zones back");
        _report.AddNote($"{Server.Driver}: All {names.Length} zones deleted: the server has no trace of them, the agent lists none, "
            + "also after a restart.");
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Master.DisposeAsync();
    }

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private void Add(string quantity, string unit, double value) => _report.Of(_subject, quantity, unit).Add(value);

    private Task ServedAsync(string[] names) =>
        ServedSweep.UntilAsync(Server.EndPoint, names, Master.Serial, Deadline, () => $"{Agent.Output}\n{Server.Output}");

    private async Task AnsweredAsync(RequestCrowd requests, string[] names, string? quantity = null)
    {
        CrowdOutcome outcome = await requests.RunAsync(names);
        if (quantity is not null) _report.Of(_subject, quantity, "ms").AddRange(outcome.Milliseconds);
    }

    private async Task PhaseAsync(string quantity, string[] names, Func<Task> act)
    {
        using AnswerLatency latency = new(Server.EndPoint, StableZone);
        double batches = (await Agent.MetricsAsync()).Total(JournalBatches);
        double agentCpu = ProcessTree.CpuSeconds(AgentId);
        double serverCpu = ProcessTree.CpuSeconds(Server.ProcessId);
        long started = Stopwatch.GetTimestamp();
        await act();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Add(quantity, "zones/s", names.Length / seconds);
        PerZone("its processor time", "ms/zone", 1000 * (ProcessTree.CpuSeconds(AgentId) - agentCpu));
        PerZone("the server's processor time", "ms/zone", 1000 * (ProcessTree.CpuSeconds(Server.ProcessId) - serverCpu));
        PerZone("journal batches made durable", "per zone", (await Agent.MetricsAsync()).Total(JournalBatches) - batches);
        latency.StopInto(_report.Of(_subject, $"{quantity}: answers of the server meanwhile", "ms"));

        void PerZone(string what, string unit, double value) => Add($"{quantity}: {what}", unit, value / names.Length);
    }

    private async Task<int> ListedAsync()
    {
        JsonElement page = await Agent.GetAsync("/api/v1/zones?limit=10") ?? throw new InvalidOperationException("no list of zones");
        return page.GetProperty("zones").GetArrayLength();
    }
}
