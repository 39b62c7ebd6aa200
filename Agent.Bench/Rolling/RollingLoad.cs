using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Rolling;

/// <summary>
/// Steady work for a cluster whose nodes come and go: each zone changes and is told of at even times, zones are created and deleted, and
/// every agent that is up is queried. Requests go to all agents in turn; a client that finds a port closed asks the next agent, and
/// anything but a good answer is a failed request.
/// </summary>
public sealed class RollingLoad : IAsyncDisposable
{
    private static readonly TimeSpan QueryPatience = TimeSpan.FromSeconds(5);

    private readonly RollingLoadOptions _options;
    private readonly ImmutableArray<ZoneUnderLoad> _zones;
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private ImmutableArray<AgentProcess> _up = [];
    private int _turn;
    private int _id = Random.Shared.Next(ushort.MaxValue);
    private int _requests;
    private int _queries;
    private int _movedOn;

    public RollingLoad(RollingLoadOptions options)
    {
        _options = options;
        _zones = [.. options.Zones.Select(zone => new ZoneUnderLoad(zone))];
    }

    /// <summary>Every failed request in words.</summary>
    public IReadOnlyList<string> Failures => [.. _failures];

    /// <summary>CREATEs, NOTIFYs and DELETEs answered well.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Queries answered well.</summary>
    public int Queries => Volatile.Read(ref _queries);

    /// <summary>Requests that found a closed port and went to the next agent.</summary>
    public int MovedOn => Volatile.Read(ref _movedOn);

    /// <summary>Zones exist already and are served; from here on they change.</summary>
    public void Start(IEnumerable<AgentProcess> agents)
    {
        foreach (AgentProcess agent in agents) Up(agent);
        foreach (ZoneUnderLoad zone in _zones) Run(() => ChangeAsync(zone));
        foreach (string zone in _options.Churning) Run(() => ChurnAsync(zone));
        foreach (IPEndPoint server in _options.Servers) Run(() => WatchAsync(() => server, server.ToString(), isOfAgent: false));
    }

    /// <summary>The agent is started: clients know of it.</summary>
    public void Up(AgentProcess agent)
    {
        _up = _up.Add(agent);
        Run(() => WatchAsync(() => _up.Contains(agent) ? agent.Dns : null, agent.Dns.ToString(), isOfAgent: true));
    }

    /// <summary>The agent's process has ended.</summary>
    public void Down(AgentProcess agent) => _up = _up.Remove(agent);

    /// <summary>For each zone the longest time without an answered NOTIFY, less the interval, and until a change was served, since the last
    /// call.</summary>
    public IReadOnlyList<(TimeSpan Pause, TimeSpan Served)> TakePauses() => [.. _zones.Select(zone =>
    {
        (TimeSpan gap, TimeSpan unseen) = zone.TakeLongest();
        return (gap > _options.Interval ? gap - _options.Interval : TimeSpan.Zero, unseen);
    })];

    /// <summary>Ends the load; whatever was asked is still waited for.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        while (_running.Count > 0)
        {
            Task[] running = [.. _running];
            await Task.WhenAll(running);
            _running.RemoveAll(running.Contains);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private void Run(Func<Task> work) => _running.Add(Task.Run(work));

    private async Task ChangeAsync(ZoneUnderLoad zone)
    {
        using var timer = new PeriodicTimer(_options.Interval);
        while (await NextAsync(timer))
        {
            zone.Told(_options.Bump(zone.Name));
            if (await AskAsync(zone.Name, "NOTIFY", WorkerClient.NotifyFlags, DnsTestMessage.TypeSoa, DnsTestMessage.ClassIn,
                WorkerClient.NotifyTimeout))
            {
                zone.Answered();
            }
        }
    }

    private async Task ChurnAsync(string zone)
    {
        using var timer = new PeriodicTimer(_options.Interval);
        bool exists = false;
        while (await NextAsync(timer))
        {
            ushort type = exists ? WorkerClient.TypeDelete : WorkerClient.TypeCreate;
            await AskAsync(zone, exists ? "DELETE" : "CREATE", WorkerClient.ControlFlags, type, WorkerClient.ClassControl,
                WorkerClient.ControlTimeout);
            exists = !exists;
        }
    }

    /// <summary>Queries one server for one zone after the other; of an agent every query must be answered while its port is open.</summary>
    private async Task WatchAsync(Func<IPEndPoint?> server, string name, bool isOfAgent)
    {
        using var timer = new PeriodicTimer(_options.QueryInterval);
        for (int turn = 0; await NextAsync(timer) && server() is { } address; turn++)
        {
            ZoneUnderLoad zone = _zones[turn % _zones.Length];
            byte[] query = DnsTestMessage.Request(NextId(), 0x0100, zone.Name, DnsTestMessage.TypeSoa);
            bool useTcp = turn % 8 == 7;
            (AskOutcome outcome, DnsReply? reply, string what) = await LoadClient.AskAsync(address, query, useTcp, QueryPatience);
            if (outcome == AskOutcome.Gone && isOfAgent) continue;
            if (reply is { ResponseCode: 0, Serial: { } serial })
            {
                Interlocked.Increment(ref _queries);
                zone.Seen(serial);
            }
            else
            {
                Fail($"query for {zone.Name} at {name}{(useTcp ? " by TCP" : "")}: {what}{reply}");
            }
        }
    }

    private async Task<bool> AskAsync(string zone, string what, ushort flags, ushort type, ushort recordClass, TimeSpan patience)
    {
        int turn = Interlocked.Increment(ref _turn);
        bool useTcp = turn % 2 == 0;
        byte[] request = DnsTestMessage.Request(NextId(), flags, zone, type, recordClass);
        ImmutableArray<AgentProcess> agents = _up;
        for (int next = 0; next < agents.Length; next++)
        {
            AgentProcess agent = agents[(turn + next) % agents.Length];
            IPEndPoint address = agent.Dns;
            (AskOutcome outcome, DnsReply? reply, string why) = await LoadClient.AskAsync(address, request, useTcp, patience);
            if (outcome == AskOutcome.Gone)
            {
                Interlocked.Increment(ref _movedOn);
                continue;
            }

            if (reply is { IsResponse: true, IsAuthoritative: true, ResponseCode: 0 } && reply.Id == (request[0] << 8 | request[1]))
            {
                Interlocked.Increment(ref _requests);
                return true;
            }

            Fail($"{what} {zone} at {address}{(useTcp ? " by TCP" : "")}: {why}{reply}");
            return false;
        }

        Fail($"{what} {zone}: no agent is there");
        return false;
    }

    private void Fail(string what) =>
        _failures.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {what}"));

    private ushort NextId() => (ushort)Interlocked.Increment(ref _id);

    private async Task<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>What the load consists of.</summary>
/// <param name="Zones">Zones that exist and change all the time.</param>
/// <param name="Churning">Zones of the master that are created and deleted in turn.</param>
/// <param name="Interval">Between two changes of a zone.</param>
/// <param name="Bump">Gives a zone its next serial at the master.</param>
public sealed record RollingLoadOptions(
    IReadOnlyList<string> Zones, IReadOnlyList<string> Churning, TimeSpan Interval, Func<string, uint> Bump)
{
    /// <summary>Between two queries to one server.</summary>
    public TimeSpan QueryInterval { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Servers beside the agents that are watched too.</summary>
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];
}
