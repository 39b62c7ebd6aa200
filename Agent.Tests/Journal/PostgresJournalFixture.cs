using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;

namespace Agent.Tests.Journal;

/// <summary>A journal in a database of its own on a server that tests share.</summary>
public sealed class PostgresJournalFixture(string connectionString) : JournalFixture
{
    /// <summary>Settings for tests in which no deadline is to be seen.</summary>
    public const string Patient = "Timeout=20;Command Timeout=20";

    private static int _databases;

    private readonly Dictionary<int, long> _epochs = [];

    public RecordingLogger<PostgresJournal> Log { get; } = new();

    public string ConnectionString { get; set; } = connectionString;

    /// <summary>Number of shards of the cluster of which this is a node; null for an agent that stands alone.</summary>
    public int? ClusterShards { get; init; }

    /// <summary>Name of that cluster.</summary>
    public string ClusterName { get; init; } = "agent";

    private JournalCluster? Cluster => ClusterShards is { } shards ? new JournalCluster(ClusterName, shards) : null;

    /// <summary>A node of a cluster.</summary>
    public static PostgresJournalFixture Node(string connectionString) => new(connectionString) { ClusterShards = 64 };

    /// <summary>Takes the shard of each zone under an epoch, and gives the rows that are there.</summary>
    public ImmutableArray<ZoneRow> Take(long epoch, params string[] zones)
    {
        var rows = ImmutableArray.CreateBuilder<ZoneRow>();
        foreach (int shard in zones.Select(zone => ShardOf(DomainName.Parse(zone))).Distinct())
        {
            Journal.TakeShard(shard, ClusterShards ?? 64, epoch, Probe.ReplyTo);
            rows.AddRange(Probe.Expect<ShardLoaded>().Rows);
            _epochs[shard] = epoch;
        }

        return rows.ToImmutable();
    }

    /// <summary>Tries to take the shard of a zone whose time is over.</summary>
    public Reason TakeFails(long epoch, string zone)
    {
        Journal.TakeShard(ShardOf(DomainName.Parse(zone)), ClusterShards ?? 64, epoch, Probe.ReplyTo);
        return Probe.Expect<ShardLoadFailed>().Reason;
    }

    /// <summary>Asks whether the shard of a zone is held under the epoch under which it was taken here.</summary>
    public FenceChecked Check(string zone)
    {
        int shard = ShardOf(DomainName.Parse(zone));
        Journal.CheckFence(1, shard, EpochOf(shard), Probe.ReplyTo);
        return Probe.Expect<FenceChecked>();
    }

    /// <param name="more">Patience where no outage is to be seen: a database that is made beside this one keeps the disk for
    /// seconds.</param>
    public static async Task<PostgresJournalFixture> CreateAsync(PostgresServer server, string more = Patient) =>
        new(server.ConnectionString(await NewDatabaseAsync(server), more));

    /// <summary>For constructors, which cannot wait.</summary>
    public static PostgresJournalFixture Create(PostgresServer server)
    {
        string name = $"j{Interlocked.Increment(ref _databases)}";
        using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString("postgres", "Pooling=false;Command Timeout=30"));
        connection.Open();
        using var command = new Npgsql.NpgsqlCommand($"CREATE DATABASE {name}", connection);
        command.ExecuteNonQuery();
        return new PostgresJournalFixture(server.ConnectionString(name, Patient));
    }

    public static async Task<string> NewDatabaseAsync(PostgresServer server)
    {
        string name = $"j{Interlocked.Increment(ref _databases)}";
        await server.SqlAsync("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    protected override INodeJournal Open(DataDirectory directory) => PostgresJournal.Open(
        directory,
        PostgresPlace.Parse(ConnectionString, "", allowPlaintext: false),
        "node",
        Options,
        TimeProvider.System,
        Log,
        Cluster);

    protected override long EpochOf(int shard) => ClusterShards is null ? base.EpochOf(shard) : _epochs[shard];
}
