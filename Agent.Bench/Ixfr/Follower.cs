using System.Diagnostics;
using System.Net;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Ixfr;

/// <summary>One that has the large zone and follows its changes.</summary>
internal abstract class Follower(string name) : IAsyncDisposable
{
    protected const string Zone = "large.example.";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    public string Name { get; } = name;

    public abstract IPEndPoint EndPoint { get; }

    /// <summary>The most memory held since <see cref="ResetPeakMebibytes"/>.</summary>
    public double PeakMebibytes => ProcessTree.PeakOctets(Process.Id) / (double)(1 << 20);

    protected abstract ChildProcess Process { get; }

    /// <summary>Starts and takes the zone whole.</summary>
    public abstract Task StartAsync(KnotServer master, uint serial);

    /// <summary>Returns when the serial is served, or durable where nothing serves.</summary>
    public virtual async Task ReachedAsync(uint serial)
    {
        long started = Stopwatch.GetTimestamp();
        using PeriodicTimer pace = new(PollInterval);
        while (await WorkerClient.PollSerialAsync(EndPoint, Zone) is var got && (serial == 0 ? got == 0 : got != serial))
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline) throw new TimeoutException($"{Name} does not serve {serial}");
            await pace.WaitForNextTickAsync();
        }
    }

    /// <summary>What else it tells of the change.</summary>
    public virtual Task NoteAsync(BenchReport report, DateTimeOffset notified) => Task.CompletedTask;

    /// <summary>Forgets the peak so far; what is resident now.</summary>
    public double ResetPeakMebibytes()
    {
        // proc(5): 5 resets the peak of resident memory.
        File.WriteAllText($"/proc/{Process.Id}/clear_refs", "5");
        return PeakMebibytes;
    }

    public abstract ValueTask DisposeAsync();
}

/// <summary>A name server as secondary.</summary>
internal sealed class ServerFollower(string name, Func<MasterServer> create) : Follower(name)
{
    private readonly MasterServer _server = create();

    public override IPEndPoint EndPoint => _server.EndPoint;

    protected override ChildProcess Process => _server.Process!;

    public override async Task StartAsync(KnotServer master, uint serial)
    {
        await _server.StartAsync();
        await _server.AddSecondaryAsync(Zone, master.EndPoint, SecondaryWay.Differences);
        await ReachedAsync(serial);
    }

    public override ValueTask DisposeAsync() => _server.DisposeAsync();
}

/// <summary>The agent with one driver.</summary>
internal sealed class AgentFollower(string name, string driver) : Follower(name)
{
    private AgentProcess? _agent;

    public override IPEndPoint EndPoint => _agent!.Dns;

    protected override ChildProcess Process => _agent!.Process!;

    public override async Task StartAsync(KnotServer master, uint serial)
    {
        _agent = await AgentProcess.StartedAsync($"""
            masters = ["{master.EndPoint}"]
            backend-driver = {driver}
            query-destination = "{(driver == "fake" ? master.EndPoint : "")}"
            allow-transfer = ["127.0.0.1"]
            """);
        await _agent.Worker.CreateAcceptedAsync(Zone);
        await ReachedAsync(serial);
    }

    public override Task ReachedAsync(uint serial) => driver == "fake" ? _agent!.ZoneIsOkAsync(Zone, serial) : base.ReachedAsync(serial);

    public override async Task NoteAsync(BenchReport report, DateTimeOffset notified)
    {
        foreach ((string code, string reached) in ((string, string)[])[("transferred", "applied"), ("changed", "committed")])
        {
            DateTimeOffset? at = null;
            await Eventually.HoldsAsync(
                async () => (at = await _agent!.EventAtAsync(Zone, code)) > notified, () => $"{code} in the history of {Zone}");
            report.Of(Name, reached, "s").Add((at!.Value - notified).TotalSeconds);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_agent is not null) await _agent.DisposeAsync();
    }
}
