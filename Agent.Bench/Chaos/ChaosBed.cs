using System.Diagnostics;
using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>
/// A whole farm of real programs, each in a network namespace of its own: three agents, three members of etcd, PostgreSQL with a
/// synchronous standby, a BIND that all agents drive beside the zones that each answers by itself, a Knot as master; and in this process a
/// second master.
/// </summary>
internal sealed class ChaosBed : IAsyncDisposable
{
    private const int ZoneCount = 24;
    private const int Shards = 12;
    private const int Port = 5354;

    private readonly NetworkFabric _network;
    private AgentProcess[] _agents = [];
    private EtcdCluster? _etcd;
    private DatabasePair? _database;
    private ChaosMasters? _masters;
    private BindServer? _bind;

    private ChaosBed(NetworkFabric network) => _network = network;

    /// <summary>A request to create or delete is answered within this time.</summary>
    public static TimeSpan AnswerDeadline { get; } = TimeSpan.FromSeconds(6);

    public static IReadOnlyList<string> Zones { get; } =
        [.. Enumerable.Range(0, ZoneCount).Select(i => $"c{i.ToString(CultureInfo.InvariantCulture)}.chaos.example.")];

    public NetworkFabric Network => _network;

    public IReadOnlyList<AgentProcess> Agents => _agents;

    public EtcdCluster Etcd => _etcd!;

    public DatabasePair Database => _database!;

    public ChaosMasters Masters => _masters!;

    public BindServer Bind => _bind!;

    /// <summary>Every server that must serve the zones, by its name.</summary>
    public IReadOnlyList<(string Name, IPEndPoint Dns)> Targets =>
        [.. ChaosSchedule.Agents.Select((name, i) => (name, new IPEndPoint(_agents[i].Place.Address, Port))), ("bind", Bind.EndPoint)];

    /// <summary>What everybody wrote, for a failure to be understood.</summary>
    public string Output => string.Join('\n', _agents.Select((agent, i) => $"--- {ChaosSchedule.Agents[i]}\n{agent.Output}"))
        + $"\n--- bind\n{_bind?.Output}\n--- knot\n{_masters?.Knot.Output}\n{_database?.Output}\n{_etcd?.Output}";

    public static async Task<ChaosBed> StartedAsync()
    {
        ChaosBed bed = new(await NetworkFabric.StartedAsync());
        try
        {
            await bed.StartAsync();
            return bed;
        }
        catch
        {
            await bed.DisposeAsync();
            throw;
        }
    }

    public AgentProcess Agent(string name) => _agents[ChaosSchedule.Agents.ToList().IndexOf(name)];

    public EtcdServer Member(string name) => Etcd.Members.Single(member => member.Name == name);

    /// <summary>
    /// Starts an agent as a service manager would: again and again while it ends by itself before it is ready, because what it needs
    /// is away.
    /// </summary>
    /// <exception cref="TimeoutException">It is not ready in time.</exception>
    public static async Task StartAgentAsync(AgentProcess agent)
    {
        long started = Stopwatch.GetTimestamp();
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(500));
        while (true)
        {
            try
            {
                await agent.StartAsync();
                return;
            }
            catch (InvalidOperationException) when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
            {
                await pace.WaitForNextTickAsync();
            }
        }
    }

    /// <summary>Waits until everything that the agents need is in order, and every shard has an owner.</summary>
    public async Task SettledAsync()
    {
        await Database.SettledAsync();
        await Masters.SettledAsync();
        foreach (AgentProcess agent in _agents)
        {
            await Eventually.HoldsAsync(
                async () => await IsReadyAsync(agent), () => $"{agent.Place.Address} is ready", TimeSpan.FromSeconds(60));
        }

        await Eventually.HoldsAsync(
            async () => await AgentCluster.StateAsync(_agents[0]) is { Unowned: 0 } state
                && state.Members.Count(member => member.State == "up") == _agents.Length,
            () => "every shard has an owner, and every agent is up",
            TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (AgentProcess agent in _agents) await agent.DisposeAsync();
        if (_bind is not null) await _bind.DisposeAsync();
        if (_masters is not null) await _masters.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
        if (_etcd is not null) await _etcd.DisposeAsync();
        await _network.DisposeAsync();
    }

    private async Task StartAsync()
    {
        Placement[] agents = await AddNodesAsync(ChaosSchedule.Agents, 11);
        Placement[] members = await AddNodesAsync(ChaosSchedule.Members, 21);
        Placement[] databases = await AddNodesAsync(ChaosSchedule.Databases, 31);
        Placement[] servers = await AddNodesAsync(["bind", "knot"], 41);
        IPEndPoint fast = new(await _network.AddStationAsync("master", 51), Port);
        Task<EtcdCluster> etcd = EtcdCluster.StartedAsync(members);
        try
        {
            _masters = await ChaosMasters.StartedAsync(servers[1], fast, Zones);
            _bind = new BindServer { Place = servers[0] };
            await _bind.StartAsync();
            _database = await DatabasePair.StartedAsync(databases, _network.Prefix);
        }
        finally
        {
            _etcd = await etcd;
        }

        _agents = [.. agents.Select((place, i) => new AgentProcess(Settings(ChaosSchedule.Agents[i], place)) { Place = place })];
        foreach (AgentProcess agent in _agents) await agent.StartAsync();
        await SettledAsync();
    }

    private async Task<Placement[]> AddNodesAsync(IReadOnlyList<string> names, int firstNumber)
    {
        Placement[] places = new Placement[names.Count];
        for (int i = 0; i < places.Length; i++) places[i] = await _network.AddNodeAsync(names[i], firstNumber + i);
        return places;
    }

    private static async Task<bool> IsReadyAsync(AgentProcess agent)
    {
        try
        {
            return await agent.GetStatusAsync("/readyz") == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private string Settings(string name, Placement place) => $$"""
        name = {{name}}
        port = {{Port}}
        management.port = 8054
        masters = [{{string.Join(", ", Masters.EndPoints.Select(endPoint => $"\"{endPoint}\""))}}]
        allow-notify = ["{{_network.Prefix}}"]
        answer-deadline = {{((int)AnswerDeadline.TotalSeconds).ToString(CultureInfo.InvariantCulture)}}s
        undelete-window = 0s
        transfer { retry-minimum = 1s, retry-maximum = 5s }
        journal { provider = postgresql, connection-string = "{{Database.ConnectionString}}", allow-plaintext = true }
        cluster {
          enabled = true
          shards = {{Shards.ToString(CultureInfo.InvariantCulture)}}
          lease-ttl = 3s
          listen = "{{place.Address}}:8055"
          allow-plaintext = true
          etcd { endpoints = [{{string.Join(", ", Etcd.Addresses.Select(address => $"\"{address}\""))}}], allow-plaintext = true }
        }
        targets {
          self { driver = embedded, scope = node }
          bind {
            scope = farm
            {{Bind.TargetSettings}}
          }
        }
        """;
}
