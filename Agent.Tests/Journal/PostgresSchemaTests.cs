using Agent.Actors.Journal;
using Agent.Bench.Peers;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>Which databases are taken for a journal, and which are refused.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresSchemaTests(PostgresServerFixture postgres) : IClassFixture<PostgresServerFixture>
{
    private readonly PostgresServer _server = postgres.Server;

    [Fact]
    public async Task Agents_that_start_at_once_on_an_empty_database_make_one_journal()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        string place = _server.ConnectionString(database, PostgresJournalFixture.Patient);
        PostgresJournalFixture[] agents = [.. Enumerable.Range(0, 4).Select(_ => new PostgresJournalFixture(place))];
        long[] epochs = await Task.WhenAll(agents.Select(agent => Task.Run(() => agent.Journal.Epoch)));
        Assert.Equal([1L, 2L, 3L, 4L], epochs.Order());
        Assert.Equal($"{PostgresSchema.Current}", await _server.SqlAsync(database, "SELECT count(*) FROM agent.schema_version"));
        PostgresJournalFixture last = agents[Array.IndexOf(epochs, 4L)];
        last.Commit(new PutZone(Row("a.example.", 1)));
        foreach (PostgresJournalFixture agent in agents) agent.Dispose();
    }

    [Theory]
    [InlineData(999, 1, false)]
    [InlineData(1000, 1000, true)]
    public async Task A_newer_schema_is_used_as_long_as_it_says_that_we_may(int version, int oldestReader, bool isRefused)
    {
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(_server);
        journal.Commit(new PutZone(Row("a.example.", 1)));
        journal.Close();
        string database = journal.ConnectionString.Split("Database=")[1].Split(';')[0];
        await _server.SqlAsync(database, $"INSERT INTO agent.schema_version VALUES ({version}, {oldestReader}, now())");
        if (isRefused)
        {
            string text = Assert.Throws<JournalOpenException>(() => journal.Journal).Message;
            Assert.Contains("newer program", text, StringComparison.Ordinal);
            Assert.Contains($"from {oldestReader} on", text, StringComparison.Ordinal);
        }
        else
        {
            Assert.Single(journal.Load());
        }
    }

    [Fact]
    public async Task A_folder_and_a_database_that_do_not_belong_together_are_refused()
    {
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(_server);
        journal.Commit(new PutZone(Row("big.example.", 1, Large("big.example.", 1, 200_000))));
        journal.Close();
        string database = journal.ConnectionString.Split("Database=")[1].Split(';')[0];
        await _server.SqlAsync(database, "UPDATE agent.identity SET journal = gen_random_uuid()");
        Assert.Contains("belongs to journal", Assert.Throws<JournalOpenException>(() => journal.Journal).Message, StringComparison.Ordinal);
        journal.Close();
        await _server.SqlAsync(database, "DROP SCHEMA agent CASCADE");
        Assert.Contains("holds none", Assert.Throws<JournalOpenException>(() => journal.Journal).Message, StringComparison.Ordinal);
        Assert.Single(journal.ContentFiles);
        Assert.Equal("0", await _server.SqlAsync(database, "SELECT count(*) FROM pg_namespace WHERE nspname = 'agent'"));
    }

    [Fact]
    public async Task A_folder_with_a_journal_of_its_own_is_refused_and_left_as_it_is()
    {
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(_server);
        string file = journal.Directory.DatabasePath;
        await File.WriteAllTextAsync(file, "x");
        Assert.Contains("SQLite", Assert.Throws<JournalOpenException>(() => journal.Journal).Message, StringComparison.Ordinal);
        Assert.Equal("x", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task What_the_server_does_not_promise_is_said_at_the_start()
    {
        using PostgresJournalFixture alone = await PostgresJournalFixture.CreateAsync(_server);
        _ = alone.Journal;
        Assert.Contains(alone.Log.Lines, line => line.Text.Contains("no synchronous standby", StringComparison.Ordinal));
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        await _server.SqlAsync("postgres", $"ALTER DATABASE {database} SET synchronous_commit = off");
        using var careless = new PostgresJournalFixture(_server.ConnectionString(database, PostgresJournalFixture.Patient));
        _ = careless.Journal;
        Assert.Contains(careless.Log.Lines, line => line.Text.Contains("a crash of the database", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(64)]
    public async Task A_role_that_owns_its_database_and_nothing_else_is_enough(int? clusterShards)
    {
        string role = clusterShards is null ? "plain" : "plain_node";
        await _server.SqlAsync("postgres", $"CREATE ROLE {role} LOGIN");
        await _server.SqlAsync("postgres", $"CREATE DATABASE {role} OWNER {role} ENCODING 'UTF8' TEMPLATE template0");
        string place = _server.ConnectionString(role, PostgresJournalFixture.Patient)
            .Replace("Username=postgres", $"Username={role}", StringComparison.Ordinal);
        using var journal = new PostgresJournalFixture(place) { ClusterShards = clusterShards };
        journal.Take(journal.Journal.Epoch, "a.example.");
        journal.Commit(new PutZone(Row("a.example.", 1, Large("a.example.", 1, 300_000))));
        Assert.True(journal.Check("a.example.").Held);
        journal.Journal.PurgeExpired(Noon);
        Assert.Empty(journal.History(null));
    }

    [Fact]
    public async Task A_database_that_takes_no_writes_for_now_is_away_and_does_not_stop_the_start_for_good()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        await _server.SqlAsync("postgres", $"ALTER DATABASE {database} SET default_transaction_read_only = on");
        using var journal = new PostgresJournalFixture(_server.ConnectionString(database, PostgresJournalFixture.Patient));
        Assert.EndsWith("the server is read-only.", Assert.Throws<IOException>(() => journal.Journal).Message, StringComparison.Ordinal);
        await _server.SqlAsync("postgres", $"ALTER DATABASE {database} RESET default_transaction_read_only");
        journal.Commit(new PutZone(Row("a.example.", 1)));
    }

    [Fact]
    public async Task A_server_that_is_not_there_and_a_database_that_is_not_are_told_apart()
    {
        using var away = new PostgresJournalFixture($"Host=127.0.0.1:{LoopbackPort.Next()};Username=postgres");
        Assert.Contains("no primary answers", Assert.ThrowsAny<IOException>(() => away.Journal).Message, StringComparison.Ordinal);
        using var missing = new PostgresJournalFixture(_server.ConnectionString("missing"));
        Assert.Contains("does not exist", Assert.ThrowsAny<IOException>(() => missing.Journal).Message, StringComparison.Ordinal);
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var second = new PostgresJournalFixture(
            _server.ConnectionString(database).Replace("Host=", $"Host=127.0.0.1:{LoopbackPort.Next()},", StringComparison.Ordinal));
        second.Commit(new PutZone(Row("a.example.", 1)));
    }
}
