using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using Npgsql;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>The fence in front of the journal, with real sessions that wait for each other.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresFenceTests(PostgresServerFixture postgres) : IClassFixture<PostgresServerFixture>
{
    private readonly PostgresServer _server = postgres.Server;

    [Fact]
    public async Task A_second_agent_fences_the_first_for_good()
    {
        using PostgresJournalFixture first = await PostgresJournalFixture.CreateAsync(_server);
        using var second = new PostgresJournalFixture(first.ConnectionString);
        first.Commit(new PutZone(Row("a.example.", 1, Small("a.example.", 1))));
        Assert.True(second.Journal.Epoch > first.Journal.Epoch);
        second.Commit(new PutZone(Row("b.example.", 1)));

        JournalFailed failed = first.CommitFails(new PutZone(Row("a.example.", 2)));
        Assert.Equal(ReasonCode.JournalFenced, failed.Reason.Code);
        Assert.Contains($"epoch {second.Journal.Epoch}, ours is {first.Journal.Epoch}", failed.Reason.Text, StringComparison.Ordinal);
        Assert.Equal(failed.Reason, await first.Journal.Fenced.WaitAsync(Eventually.Deadline));
        Assert.False(first.Journal.MayOpenAgain);
        Assert.Equal(ReasonCode.JournalFenced, first.CommitFails(new PutZone(Row("c.example.", 1))).Reason.Code);
        Assert.Contains(first.Log.Lines, line => line.Text.StartsWith("journal-fenced", StringComparison.Ordinal));
        second.Commit(new PutZone(Row("b.example.", 2)));
        Assert.Equal([1L, 2L], second.Load().OrderBy(row => row.Name.ToString()).Select(row => row.Generation));
    }

    [Fact]
    public async Task A_claim_waits_for_a_running_append_and_its_rows_are_there()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = new PostgresJournalFixture(_server.ConnectionString(database));
        first.Commit(new PutZone(Row("a.example.", 1)));
        await using NpgsqlConnection blocker = await PostgresLocks.BlockAsync(_server, database, "a.example.");
        first.Journal.Commit(first.Batch(77, [new PutZone(Row("a.example.", 2))]), first.Probe.ReplyTo);
        await PostgresLocks.WaitAsync(_server, database, 1);

        // The append stands in the middle of its transaction and holds its fence row; the claim of the second agent has to wait.
        using var second = new PostgresJournalFixture(_server.ConnectionString(database));
        Task<long> claim = Task.Run(() => second.Journal.Epoch);
        await PostgresLocks.WaitAsync(_server, database, 2);
        Assert.False(claim.IsCompleted);
        await blocker.CloseAsync();
        Assert.Equal(77, first.Probe.Expect<JournalCommitted>().Id);
        await claim.WaitAsync(Eventually.Deadline);
        Assert.Equal(2, second.LoadOne("a.example.").Generation);
        Assert.Equal(ReasonCode.JournalFenced, first.CommitFails(new PutZone(Row("a.example.", 3))).Reason.Code);
    }

    [Fact]
    public async Task An_append_that_waited_for_a_claim_writes_nothing()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = new PostgresJournalFixture(_server.ConnectionString(database));
        first.Commit(new PutZone(Row("a.example.", 1)));
        await using var claim = new NpgsqlConnection(_server.ConnectionString(database, "Search Path=agent"));
        await claim.OpenAsync();
        await using NpgsqlTransaction transaction = await claim.BeginTransactionAsync();
        await PostgresLocks.RunAsync(claim, $"UPDATE shard_fence SET epoch = {first.Journal.Epoch + 1}, writer = gen_random_uuid()");

        first.Journal.Commit(first.Batch(78, [new PutZone(Row("a.example.", 2))]), first.Probe.ReplyTo);
        await PostgresLocks.WaitAsync(_server, database, 1);
        await transaction.CommitAsync();

        Assert.Equal(ReasonCode.JournalFenced, first.Probe.Expect<JournalFailed>().Reason.Code);
        Assert.Equal("1", await _server.SqlAsync(database, "SELECT generation FROM agent.zones"));
    }

    [Fact]
    public async Task A_batch_that_was_made_void_can_never_be_written_any_more()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var journal = new PostgresJournalFixture(_server.ConnectionString(database));
        journal.Commit(new PutZone(Row("a.example.", 1)));
        // A session of the same writer, as one whose batch still lies in a socket while a new session has taken over.
        await using var late = new NpgsqlConnection(_server.ConnectionString(database, "Search Path=agent"));
        await late.OpenAsync();
        var fence = new PostgresFence(Guid.NewGuid(), "late", cluster: null);
        fence.Claim(late, 64);
        ShardEpoch[] claims = [new(1, fence.Epoch), new(2, fence.Epoch)];
        long stuck = fence.NextNumber();
        await using (var again = new NpgsqlConnection(_server.ConnectionString(database, "Search Path=agent")))
        {
            await again.OpenAsync();
            Assert.Equal((BatchOutcome.Void, false), Of(fence.Resume(again, stuck)));
        }

        Assert.False(PostgresLocks.Append(late, fence, stuck, claims));
        long next = fence.NextNumber();
        Assert.True(PostgresLocks.Append(late, fence, next, claims));
        Assert.False(PostgresLocks.Append(late, fence, next, claims));
        Assert.Equal((BatchOutcome.Committed, false), Of(fence.Resume(late, next)));
        fence.Committed(next + 1);
        Assert.True(fence.Resume(late, null).LostConfirmed);
    }

    [Fact]
    public async Task A_warning_about_the_standby_at_the_commit_is_not_taken_for_success()
    {
        // The words of a server whose wait for its standby was cut short: the change is there, and may be lost by a failover.
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var journal = new PostgresJournalFixture(_server.ConnectionString(database));
        journal.Commit(new PutZone(Row("a.example.", 1)));
        await _server.SqlAsync(database, """
            CREATE FUNCTION agent.warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'not replicated'; RETURN NULL; END $$;
            CREATE TRIGGER warn AFTER UPDATE ON agent.zones FOR EACH STATEMENT EXECUTE FUNCTION agent.warn()
            """);
        journal.Commit(new PutZone(Row("a.example.", 2)));
        Assert.Contains(journal.Log.Lines, line => line.Text.Contains("before its standby had it", StringComparison.Ordinal));
        Assert.Equal(2, journal.LoadOne("a.example.").Generation);
    }

    [Fact]
    public async Task A_lock_that_somebody_holds_fails_the_batch_within_its_bound()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var journal = new PostgresJournalFixture(_server.ConnectionString(database))
        {
            Options = new JournalOptions { LockTimeout = TimeSpan.FromMilliseconds(100) },
        };
        journal.Commit(new PutZone(Row("a.example.", 1)));
        await using (await PostgresLocks.BlockAsync(_server, database, "a.example."))
        {
            Reason reason = journal.CommitFails(new PutZone(Row("a.example.", 2))).Reason;
            Assert.Equal(ReasonCode.JournalAway, reason.Code);
            Assert.Contains("another session", reason.Text, StringComparison.Ordinal);
        }

        journal.Commit(new PutZone(Row("a.example.", 2)));
        Assert.Equal(2, journal.LoadOne("a.example.").Generation);
    }

    private static (BatchOutcome, bool) Of(Resumption resumed) => (resumed.Outcome, resumed.LostConfirmed);
}
