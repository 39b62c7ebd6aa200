using System.Globalization;
using System.Text.Json;

namespace Agent.Bench.Peers;

/// <summary>
/// Several agents as one cluster, over an etcd of three members and one PostgreSQL, all of them children of the test process on loopback.
/// </summary>
public sealed class AgentCluster : IAsyncDisposable
{
    private const string StandbyName = "second";
    private const string KeyPrefix = "/agent/";

    private readonly AgentClusterOptions _options;
    private EtcdCluster? _etcd;
    private PostgresServer? _postgres;
    private AgentProcess[] _agents = [];
    private readonly List<NamespaceBridge> _bridges = [];

    private AgentCluster(AgentClusterOptions options) => _options = options;

    /// <summary>Name of the database.</summary>
    public const string Database = "farm";

    public EtcdCluster Etcd => _etcd!;

    /// <summary>The database's primary.</summary>
    public PostgresServer Postgres => _postgres!;

    /// <summary>Holds every commit before it is confirmed, until it takes the primary's place; null where none was asked for.</summary>
    public PostgresServer? Standby { get; private set; }

    public IReadOnlyList<AgentProcess> Agents => _agents;

    /// <summary>Those whose process runs.</summary>
    public IEnumerable<AgentProcess> Running => _agents.Where(agent => agent.Process is { IsRunning: true });

    /// <summary>What everybody wrote, for a failure to be understood.</summary>
    public string Output => string.Join('\n', _agents.Select((agent, i) => $"--- {NameOf(i)}\n{agent.Output}"));

    public static string NameOf(int agent) => $"n{(agent + 1).ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Starts everything, and waits until every shard has an owner.</summary>
    /// <param name="nodes">Number of agents.</param>
    /// <param name="settings">Lines of HOCON for the agent with this index, beside those that make it a node.</param>
    /// <param name="shards">Number of shards.</param>
    /// <param name="leaseSeconds">A node that is silent for this long loses its shards.</param>
    public static Task<AgentCluster> StartedAsync(int nodes, Func<int, string> settings, int shards = 12, double leaseSeconds = 3) =>
        StartedAsync(new AgentClusterOptions { Nodes = nodes, Settings = settings, Shards = shards, LeaseSeconds = leaseSeconds });

    /// <summary>Starts everything, and waits until every shard has an owner.</summary>
    public static async Task<AgentCluster> StartedAsync(AgentClusterOptions options)
    {
        var cluster = new AgentCluster(options);
        try
        {
            Task<EtcdCluster> etcdStart = EtcdCluster.StartedAsync(options.EtcdTls);
            try
            {
                await cluster.StartPostgresAsync();
            }
            finally
            {
                cluster._etcd = await etcdStart;
            }

            if (options.EtcdUser is { } user) await cluster.Etcd.Members[0].EnableUserAsync(user.Name, user.Password, KeyPrefix);
            cluster._agents = [.. Enumerable.Range(0, options.Nodes).Select(i => cluster.NewAgent(NameOf(i), options.Settings(i)))];
            cluster.EnterNetworks();

            // One after the other: the machine may have two cores, and a start is work.
            foreach (AgentProcess agent in cluster._agents) await agent.StartAsync();
            await cluster.SettledAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more agent that would be a node, not started; who asked for it disposes it.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="settings">Lines of HOCON; they win over those that make it a node.</param>
    public AgentProcess NewAgent(string name, string settings) =>
        new($"name = {name}\n{CommonSettings()}\n{LinkSettings(name)}\n{settings}")
        {
            Place = _options.Place,
        };

    /// <summary>The database's primary dies, and its standby goes on in its place.</summary>
    public async Task FailOverAsync()
    {
        await Postgres.KillAsync();
        await Standby!.PromoteAsync();
        (_postgres, Standby) = (Standby, _postgres);
    }

    /// <summary>How a node reaches a database of the cluster's server, whichever of the two it is.</summary>
    public string ConnectionString(string database) => Standby is { } standby
        ? PostgresServer.ConnectionString(database, Postgres, standby)
        : Postgres.ConnectionString(database);

    /// <summary>Waits until every shard has an owner and no two nodes differ by more than two.</summary>
    public Task SettledAsync(TimeSpan? deadline = null) => Eventually.HoldsAsync(
        async () =>
        {
            AgentProcess[] running = [.. Running];
            if (await StateAsync(running[0]) is not { } state) return false;
            int[] shards = [.. state.Members.Where(member => member.State == "up").Select(member => member.Shards)];
            return state.Unowned == 0 && shards.Length == running.Length && shards.Max() - shards.Min() <= 2;
        },
        () => $"every shard has an owner, in balance\n{Output}",
        deadline ?? TimeSpan.FromSeconds(60));

    /// <summary>Waits until every shard has an owner that is up, in balance or not.</summary>
    public Task OwnedAsync(TimeSpan? deadline = null) => Eventually.HoldsAsync(
        async () => await StateAsync(Running.First()) is { Unowned: 0 } state
            && state.Members.Count(member => member.State == "up") == Running.Count(),
        () => $"every shard has an owner\n{Output}",
        deadline ?? TimeSpan.FromSeconds(60));

    /// <summary>The cluster as one agent sees it; null when it does not say.</summary>
    public static async Task<ClusterPicture?> StateAsync(AgentProcess agent)
    {
        try
        {
            return await agent.GetAsync("/api/v1/cluster") is { } answer ? ClusterPicture.Of(answer) : null;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The agent that owns a zone, as any of them says.</summary>
    public async Task<AgentProcess> OwnerOfAsync(string zone)
    {
        AgentProcess? owner = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                string? name = await Running.First().ZoneAsync(zone) is { } answer ? answer.GetProperty("owner").GetString() : null;
                owner = Running.FirstOrDefault(agent => NameOf(Array.IndexOf(_agents, agent)) == name);
                return owner is not null;
            },
            () => $"{zone} has an owner\n{Output}");
        return owner!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (AgentProcess agent in _agents) await agent.DisposeAsync();
        foreach (NamespaceBridge bridge in _bridges) await bridge.DisposeAsync();
        if (Standby is { } standby) await standby.DisposeAsync();
        if (_postgres is { } postgres) await postgres.DisposeAsync();
        if (_etcd is { } etcd) await etcd.DisposeAsync();
    }

    /// <summary>Store and database stay on this process's loopback, and are reached on each agent's own.</summary>
    private void EnterNetworks()
    {
        if (_options.Networks is not { } networks) return;
        int[] ports = [.. Etcd.Addresses.Select(address => new Uri(address).Port), Postgres.Port];
        foreach ((int i, AgentProcess agent) in _agents.Index())
        {
            agent.Network = networks[i];
            _bridges.Add(new NamespaceBridge(networks[i], ports));
        }
    }

    private async Task StartPostgresAsync()
    {
        _postgres = await PostgresServer.StartedAsync();
        await _postgres.SqlAsync("postgres", $"CREATE DATABASE {Database} ENCODING 'UTF8' TEMPLATE template0");
        if (!_options.HasStandby) return;
        Standby = await _postgres.StandbyAsync(StandbyName);
        await _postgres.FollowedByAsync(StandbyName);
    }

    private string CommonSettings()
    {
        string endpoints = string.Join(", ", Etcd.Addresses.Select(address => $"\"{address}\""));
        string tls = _options.EtcdTls is { } files
            ? $"ca-file = \"{files.CaFile}\", certificate-file = \"{files.ClientFile}\", key-file = \"{files.ClientKeyFile}\""
            : "";
        string user = _options.EtcdUser is { } known ? $"user = \"{known.Name}\", password = \"{known.Password}\"" : "";
        return $$"""
            journal { provider = postgresql, connection-string = "{{ConnectionString(Database)}}" }
            cluster {
              enabled = true
              shards = {{_options.Shards.ToString(CultureInfo.InvariantCulture)}}
              lease-ttl = {{_options.LeaseSeconds.ToString(CultureInfo.InvariantCulture)}}s
              listen = "127.0.0.1:0"
              etcd { endpoints = [{{endpoints}}] }
              etcd { {{tls}} }
              etcd { {{user}} }
            }
            """;
    }

    private string LinkSettings(string node) => _options.LinkTls?.Invoke(node) is var (ca, certificate, key)
        ? $"cluster.tls {{ ca-file = \"{ca}\", certificate-file = \"{certificate}\", key-file = \"{key}\" }}"
        : "";
}

/// <summary>What a cluster of agents is made of.</summary>
public sealed record AgentClusterOptions
{
    /// <summary>Lines of HOCON for the agent with this index, beside those that make it a node.</summary>
    public required Func<int, string> Settings { get; init; }

    /// <summary>Number of agents.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>Where each agent runs, and as which program.</summary>
    public Placement Place { get; init; } = Placement.Loopback;

    /// <summary>A network for each agent; null: all of them are on loopback.</summary>
    public IReadOnlyList<NetworkNamespace>? Networks { get; init; }

    /// <summary>Number of shards.</summary>
    public int Shards { get; init; } = 12;

    /// <summary>A node that is silent for this long loses its shards.</summary>
    public double LeaseSeconds { get; init; } = 3;

    /// <summary>Whether the database has a synchronous standby.</summary>
    public bool HasStandby { get; init; }

    /// <summary>Files for an etcd that wants certificates, and for its clients.</summary>
    public EtcdTlsFiles? EtcdTls { get; init; }

    /// <summary>The user that etcd is asked as; null: it asks for none.</summary>
    public (string Name, string Password)? EtcdUser { get; init; }

    /// <summary>PEM files for the link of the node of this name; null: without TLS.</summary>
    public Func<string, (string CaFile, string CertificateFile, string KeyFile)>? LinkTls { get; init; }
}

/// <summary>What <c>/api/v1/cluster</c> says.</summary>
/// <param name="Members">Every known node.</param>
/// <param name="Unowned">Shards without an owner.</param>
/// <param name="Coordinator">The node that leads; null when none does.</param>
public sealed record ClusterPicture(
    IReadOnlyList<(string Name, string State, int Shards, int Zones)> Members, int Unowned, string? Coordinator)
{
    public static ClusterPicture Of(JsonElement answer) => new(
        [
            .. answer.GetProperty("members").EnumerateArray().Select(member => (
                member.GetProperty("name").GetString()!,
                member.GetProperty("state").GetString()!,
                member.GetProperty("shards").GetInt32(),
                member.GetProperty("zones").GetInt32())),
        ],
        answer.GetProperty("shards").GetProperty("unowned").GetInt32(),
        answer.GetProperty("coordinator").GetString());
}
