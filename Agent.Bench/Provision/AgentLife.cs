using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>The running agent between a master of small zones and BIND: many zones made, changed and deleted by DNS messages.</summary>
public sealed class AgentLife : IAsyncDisposable
{
    private static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly BenchReport _report;
    private readonly string _stableZone;
    private readonly int _inFlight;

    private AgentLife(BenchReport report, SmallZoneMaster master, BindServer named, AgentProcess agent, string stableZone, int inFlight)
    {
        _report = report;
        Master = master;
        Named = named;
        Agent = agent;
        _stableZone = stableZone;
        _inFlight = inFlight;
    }

    public SmallZoneMaster Master { get; }

    public BindServer Named { get; }

    public AgentProcess Agent { get; }

    private int AgentId => Agent.Process!.Id;

    private int NamedId => Named.Process!.Id;

    private string ZoneFolder => Path.Combine(Named.FolderPath, "zones");

    public static async Task<AgentLife> StartAsync(BenchReport report, int hosts, string stableZone, int inFlight)
    {
        SmallZoneMaster master = new(hosts);
        BindServer named = new();
        Directory.CreateDirectory(Path.Combine(named.FolderPath, "zones"));
        await named.SetZoneAsync(MasterZone.WithHosts(stableZone, 1, 1));
        await named.StartAsync();
        AgentProcess agent = new($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = bind9
            backends.bind9 {
              server = "{{named.EndPoint}}", host = "127.0.0.1", port = {{named.ControlPort}}
              key-file = "{{named.ControlKeyFile}}", zone-directory = "{{named.ZoneFolder}}/zones"
            }
            """);
        AgentLife life = new(report, master, named, agent, stableZone, inFlight);
        try
        {
            await agent.StartAsync();
            report.Of("agent", "resident at start", "MB").Add(ProcessTree.ResidentOctets(life.AgentId) / 1e6);
            return life;
        }
        catch
        {
            await life.DisposeAsync();
            throw;
        }
    }

    /// <summary>CREATE for each zone; the agent answers when named serves it, which is then checked besides.</summary>
    public async Task CreateAsync(string[] names)
    {
        await PhaseAsync("created, verified", names, () => TimedAsync("CREATE to its answer", names, Agent.Worker.CreateAcceptedAsync));
        await EachAsync(names, name => ExpectSerialAsync(name, Master.Serial));
        _report.Of("agent", "resident with all zones", "MB").Add(ProcessTree.ResidentOctets(AgentId) / 1e6);
    }

    /// <summary>The master has the next serial of each zone and says so; over when named serves all of them.</summary>
    public async Task ChangeAsync(string[] names)
    {
        Master.Serial++;
        await PhaseAsync("changed, served", names, async () =>
        {
            await EachAsync(names, name => Agent.Worker.NotifyAcceptedAsync(name));
            long started = Stopwatch.GetTimestamp();
            foreach (string name in names)
            {
                while (await WorkerClient.PollSerialAsync(Named.EndPoint, name) != Master.Serial)
                {
                    if (Stopwatch.GetElapsedTime(started) > Deadline)
                    {
                        throw new TimeoutException($"{name} does not come to serial {Master.Serial}\n{Agent.Output}");
                    }

                    await Task.Delay(PollPause);
                }
            }
        });
    }

    /// <summary>DELETE for each zone; answered when named does not serve it any more.</summary>
    public Task DeleteAsync(string[] names) =>
        PhaseAsync("deleted, verified", names, () => TimedAsync("DELETE to its answer", names, Agent.Worker.DeleteAcceptedAsync));

    /// <summary>Looks everywhere, also after a restart, which reads the journal.</summary>
    /// <exception cref="InvalidOperationException">Something of a zone is there still.</exception>
    public async Task CheckNothingIsLeftAsync(string[] names)
    {
        await EachAsync(names, name => ExpectSerialAsync(name, 0));
        string[] files = [.. Directory.EnumerateFileSystemEntries(ZoneFolder)];
        Expect(files.Length == 0, $"files are left: {string.Join(' ', files.Take(5))}");
        Expect(await ListedAsync() == 0, "the agent still lists zones");
        _report.Of("agent", "resident after all were deleted", "MB").Add(ProcessTree.ResidentOctets(AgentId) / 1e6);
        await Agent.RestartAsync(byKill: false);
        Expect(await ListedAsync() == 0, "the journal brought zones back");
        string zones = (await Named.RndcAsync("status")).EnsureSuccess().Output.Split('\n')
            .First(line => line.StartsWith("number of zones:", StringComparison.Ordinal));
        _report.AddNote($"All {names.Length} zones deleted: named serves none of them ({zones}), no file is left, the agent lists none, "
            + "also after a restart.");
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Named.DisposeAsync();
        await Master.DisposeAsync();
    }

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private Task EachAsync(string[] names, Func<string, Task> act) =>
        Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = _inFlight }, async (name, _) => await act(name));

    private async Task TimedAsync(string quantity, string[] names, Func<string, Task> act)
    {
        ConcurrentBag<double> milliseconds = [];
        await EachAsync(names, async name =>
        {
            long started = Stopwatch.GetTimestamp();
            await act(name);
            milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
        _report.Of("agent", quantity, "ms").AddRange(milliseconds);
    }

    private async Task PhaseAsync(string quantity, string[] names, Func<Task> act)
    {
        using AnswerLatency latency = new(Named.EndPoint, _stableZone);
        double agentCpu = ProcessTree.CpuSeconds(AgentId);
        double namedCpu = ProcessTree.CpuSeconds(NamedId);
        long started = Stopwatch.GetTimestamp();
        await act();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        _report.Of("agent", quantity, "zones/s").Add(names.Length / seconds);
        _report.Of("agent", $"{quantity}: its processor time", "ms/zone")
            .Add((ProcessTree.CpuSeconds(AgentId) - agentCpu) * 1000 / names.Length);
        _report.Of("agent", $"{quantity}: named's processor time", "ms/zone")
            .Add((ProcessTree.CpuSeconds(NamedId) - namedCpu) * 1000 / names.Length);
        latency.StopInto(_report.Of("agent", $"{quantity}: answers of named meanwhile", "ms"));
    }

    private async Task ExpectSerialAsync(string name, uint serial)
    {
        uint served = await WorkerClient.SerialAsync(Named.EndPoint, name);
        Expect(
            served == serial,
            string.Create(CultureInfo.InvariantCulture, $"named serves {name} with {served} instead of {serial}; the agent says ")
            + $"{(served == serial ? null : await Agent.ZoneAsync(name))}");
    }

    private async Task<int> ListedAsync()
    {
        JsonElement page = await Agent.GetAsync("/api/v1/zones?limit=10") ?? throw new InvalidOperationException("no list of zones");
        return page.GetProperty("zones").GetArrayLength();
    }
}
