using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>
/// PostgreSQL in two places: a primary and the synchronous standby that every commit waits for. After a failover the place of the former
/// primary gets a new standby; its old data are thrown away, so that it never comes back.
/// </summary>
internal sealed class DatabasePair : IAsyncDisposable
{
    private const string Database = "farm";
    private const int Port = 5432;

    private readonly IReadOnlyList<Placement> _places;
    private readonly PostgresServer?[] _servers = new PostgresServer?[2];
    private int _primary;

    private DatabasePair(IReadOnlyList<Placement> places) => _places = places;

    public PostgresServer Primary => _servers[_primary]!;

    public PostgresServer Standby => _servers[1 - _primary]!;

    /// <summary>The two hosts in one string, as agents are configured.</summary>
    public string ConnectionString =>
        $"Host={_places[0].Address}:{Port},{_places[1].Address}:{Port};Username=postgres;Database={Database};Timeout=3;Command Timeout=3";

    public string Output => string.Join('\n', _servers.Select((server, i) => $"--- {NameOf(i)}\n{server?.Output}"));

    public static async Task<DatabasePair> StartedAsync(IReadOnlyList<Placement> places, string trustedClients)
    {
        DatabasePair pair = new(places);
        try
        {
            pair._servers[0] = await PostgresServer.StartedAsync(places[0], trustedClients, Port);
            await pair.Primary.SqlAsync("postgres", $"CREATE DATABASE {Database} ENCODING 'UTF8' TEMPLATE template0");
            await pair.AddStandbyAsync();
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>As an operator would: the primary is dead for certain before the standby takes its place.</summary>
    public async Task PromoteAsync()
    {
        await Primary.DisposeAsync();
        _servers[_primary] = null;
        await Standby.PromoteAsync();
        _primary = 1 - _primary;
    }

    /// <summary>A new standby in the place that is free; returns when every commit waits for it.</summary>
    public async Task AddStandbyAsync()
    {
        int place = 1 - _primary;
        _servers[place] = await Primary.StandbyAsync(NameOf(place), _places[place], Port);
        await Primary.FollowedByAsync(NameOf(place));
    }

    /// <summary>Zones that have a row.</summary>
    public async Task<int> CountZonesAsync() =>
        int.Parse(await Primary.SqlAsync(Database, "SELECT count(*) FROM agent.zones"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Waits until the standby follows again.</summary>
    public Task SettledAsync() => Eventually.HoldsAsync(
        async () => await Primary.SqlAsync("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1",
        () => $"the standby follows\n{Output}",
        TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        foreach (PostgresServer? server in _servers)
        {
            if (server is not null) await server.DisposeAsync();
        }
    }

    private static string NameOf(int place) => ChaosSchedule.Databases[place];
}
