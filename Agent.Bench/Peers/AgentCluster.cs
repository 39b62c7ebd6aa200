using System.Globalization;
using System.Text.Json;

namespace Agent.Bench.Peers;

/// <summary>
/// Several agents as one cluster, over an etcd of three members and one PostgreSQL, all of them children of the test process on loopback.
/// </summary>
public sealed class AgentCluster : IAsyncDisposable
{
    private readonly AgentProcess[] _agents;

    private AgentCluster(EtcdCluster etcd, PostgresServer postgres, AgentProcess[] agents) =>
        (Etcd, Postgres, _agents) = (etcd, postgres, agents);

    /// <summary>Name of the database.</summary>
    public const string Database = "farm";

    public EtcdCluster Etcd { get; }

    public PostgresServer Postgres { get; }

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
    public static async Task<AgentCluster> StartedAsync(int nodes, Func<int, string> settings, int shards = 12, double leaseSeconds = 3)
    {
        EtcdCluster? etcd = null;
        PostgresServer? postgres = null;
        try
        {
            Task<EtcdCluster> etcdStart = EtcdCluster.StartedAsync();
            postgres = await PostgresServer.StartedAsync();
            etcd = await etcdStart;
            await postgres.SqlAsync("postgres", $"CREATE DATABASE {Database} ENCODING 'UTF8' TEMPLATE template0");
        }
        catch
        {
            if (postgres is not null) await postgres.DisposeAsync();
            if (etcd is not null) await etcd.DisposeAsync();
            throw;
        }

        string endpoints = string.Join(", ", etcd.Addresses.Select(address => $"\"{address}\""));
        string common = $$"""
            journal { provider = postgresql, connection-string = "{{postgres.ConnectionString(Database)}}" }
            cluster {
              enabled = true
              shards = {{shards.ToString(CultureInfo.InvariantCulture)}}
              lease-ttl = {{leaseSeconds.ToString(CultureInfo.InvariantCulture)}}s
              listen = "127.0.0.1:0"
              etcd.endpoints = [{{endpoints}}]
            }
            """;
        AgentProcess[] agents =
            [.. Enumerable.Range(0, nodes).Select(i => new AgentProcess($"name = {NameOf(i)}\n{common}\n{settings(i)}"))];
        var cluster = new AgentCluster(etcd, postgres, agents);
        try
        {
            // One after the other: the machine may have two cores, and a start is work.
            foreach (AgentProcess agent in agents) await agent.StartAsync();
            await cluster.SettledAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

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
        await Postgres.DisposeAsync();
        await Etcd.DisposeAsync();
    }
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
