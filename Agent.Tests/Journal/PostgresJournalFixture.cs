using Agent.Bench.Peers;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;

namespace Agent.Tests.Journal;

/// <summary>A journal in a database of its own on a server that tests share.</summary>
public sealed class PostgresJournalFixture(string connectionString) : JournalFixture
{
    private static int _databases;

    public RecordingLogger<PostgresJournal> Log { get; } = new();

    public string ConnectionString { get; } = connectionString;

    public static async Task<PostgresJournalFixture> CreateAsync(PostgresServer server) =>
        new(server.ConnectionString(await NewDatabaseAsync(server)));

    /// <summary>For constructors, which cannot wait.</summary>
    public static PostgresJournalFixture Create(PostgresServer server)
    {
        string name = $"j{Interlocked.Increment(ref _databases)}";
        using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString("postgres", "Pooling=false;Command Timeout=30"));
        connection.Open();
        using var command = new Npgsql.NpgsqlCommand($"CREATE DATABASE {name}", connection);
        command.ExecuteNonQuery();
        return new PostgresJournalFixture(server.ConnectionString(name));
    }

    public static async Task<string> NewDatabaseAsync(PostgresServer server)
    {
        string name = $"j{Interlocked.Increment(ref _databases)}";
        await server.SqlAsync("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    protected override INodeJournal Open(DataDirectory directory) => PostgresJournal.Open(
        directory, PostgresPlace.Parse(ConnectionString, "", allowPlaintext: false), "node", Options, TimeProvider.System, Log);
}
