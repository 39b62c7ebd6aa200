using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using Npgsql;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>Several nodes that write one journal at the same time, each for the shards that it has taken.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresClusterTests(PostgresServerFixture postgres) : IClassFixture<PostgresServerFixture>
{
    private const string A = "a.example.";
    private const string B = "b.example.";
    private static readonly JournalCluster Cluster = new("agent", 64);

    private readonly PostgresServer _server = postgres.Server;

    [Fact]
    public async Task Two_nodes_write_side_by_side_and_a_shard_goes_over_alone()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        Assert.Empty(first.Take(11, A));
        Assert.Empty(second.Take(12, B));
        first.Commit(new PutZone(Row(A, 1, Small(A, 1))));
        second.Commit(new PutZone(Row(B, 1, Small(B, 1))));
        first.Take(13, B);

        // The other's shard has gone; its own goes on.
        second.Take(14, "c.example.");
        JournalFailed failed = second.CommitFails(new PutZone(Row(B, 2)), new PutZone(Row("c.example.", 1)));
        Assert.Equal(ReasonCode.JournalFenced, failed.Reason.Code);
        Assert.Equal(new ShardEpoch(second.ShardOf(DomainName.Parse(B)), 12), Assert.Single(failed.Fenced));
        second.Commit(new PutZone(Row("c.example.", 1)));
        Assert.False(second.Journal.Fenced.IsCompleted);
        first.Commit(new PutZone(Row(B, 2)), new PutZone(Row(A, 2)));
        Assert.Equal((2, 1), (second.Read(B)!.Generation, second.Read("c.example.")!.Generation));

        Assert.Equal(ReasonCode.JournalFenced, second.TakeFails(12, B).Code);
        Assert.Contains("epoch 13, ours is 12", second.TakeFails(12, B).Text, StringComparison.Ordinal);
        Assert.Equal(ReasonCode.JournalFenced, second.TakeFails(13, B).Code);
        Assert.Equal(2, Assert.Single(second.Take(15, B)).Generation);
        Assert.Equal(ReasonCode.JournalFenced, first.CommitFails(new PutZone(Row(B, 3))).Reason.Code);
    }

    [Fact]
    public async Task A_late_write_under_an_old_epoch_of_the_same_node_is_refused()
    {
        using var node = PostgresJournalFixture.Node(_server.ConnectionString(await PostgresJournalFixture.NewDatabaseAsync(_server)));
        node.Take(5, A);
        JournalBatch late = node.Batch(900, [new PutZone(Row(A, 1))]);
        node.Take(9, A);
        node.Journal.Commit(late, node.Probe.ReplyTo);
        Assert.Equal(late.Claims.AsEnumerable(), node.Probe.Expect<JournalFailed>().Fenced);
        // Also side by side with one under the epoch that holds: the store names the one, and takes the other alone.
        JournalBatch both = late with { Claims = [.. late.Claims, late.Claims[0] with { Epoch = 9 }] };
        node.Journal.Commit(both, node.Probe.ReplyTo);
        Assert.Equal(late.Claims.AsEnumerable(), node.Probe.Expect<JournalFailed>().Fenced);
        node.Commit(new PutZone(Row(A, 2)));
        Assert.Equal(2, node.Read(A)!.Generation);
        Assert.Equal(2, Assert.Single(node.Take(9, A)).Generation);
    }

    [Fact]
    public async Task A_take_waits_for_an_append_under_way_and_then_shuts_the_writer_out()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        first.Take(1, A, B);
        first.Commit(new PutZone(Row(A, 1)));
        _ = second.Journal;
        await using NpgsqlConnection blocker = await PostgresLocks.BlockAsync(_server, database, A);
        first.Journal.Commit(first.Batch(77, [new PutZone(Row(A, 2))]), first.Probe.ReplyTo);
        await PostgresLocks.WaitAsync(_server, database, 1);

        // The append stands in the middle of its transaction and holds the fence row of its shard, and of no other.
        second.Take(2, B);
        Task<ZoneRow> take = Task.Run(() => Assert.Single(second.Take(2, A)));
        await PostgresLocks.WaitAsync(_server, database, 2);
        Assert.False(take.IsCompleted);
        await blocker.CloseAsync();
        Assert.Equal(77, first.Probe.Expect<JournalCommitted>().Id);
        Assert.Equal(2, (await take.WaitAsync(Eventually.Deadline)).Generation);
        Assert.Equal(ReasonCode.JournalFenced, first.CommitFails(new PutZone(Row(A, 3))).Reason.Code);
        Assert.Equal(2, second.Read(A)!.Generation);
    }

    [Fact]
    public async Task An_append_that_waited_for_a_take_writes_nothing_and_the_rest_of_it_may_follow()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        first.Take(1, A, B);
        first.Commit(new PutZone(Row(A, 1)), new PutZone(Row(B, 1)));
        await using var take = new NpgsqlConnection(_server.ConnectionString(database, "Search Path=agent"));
        await take.OpenAsync();
        await using NpgsqlTransaction transaction = await take.BeginTransactionAsync();
        var other = new PostgresFence(Guid.NewGuid(), "other", Cluster);
        ShardEpoch claim = new(first.ShardOf(DomainName.Parse(A)), 2);
        Assert.Null(other.Take(take, claim));

        JournalBatch batch = first.Batch(78, [new PutZone(Row(A, 2)), new PutZone(Row(B, 2))]);
        first.Journal.Commit(batch, first.Probe.ReplyTo);
        await PostgresLocks.WaitAsync(_server, database, 1);
        await transaction.CommitAsync();
        Assert.Equal(claim with { Epoch = 1 }, Assert.Single(first.Probe.Expect<JournalFailed>().Fenced));
        Assert.Equal((1, 1), (first.Read(A)!.Generation, first.Read(B)!.Generation));
        first.Commit(new PutZone(Row(B, 2)));
        Assert.Equal("1", await _server.SqlAsync(database, $"SELECT generation FROM agent.zones WHERE name = '{A}'"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_in_doubt_is_found_shard_by_shard(bool isWritten)
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var node = PostgresJournalFixture.Node(_server.ConnectionString(database));
        _ = node.Journal;
        await using var connection = new NpgsqlConnection(_server.ConnectionString(database, "Search Path=agent"));
        await connection.OpenAsync();
        var fence = new PostgresFence(Guid.NewGuid(), "first", Cluster);
        fence.Enter(connection);
        ShardEpoch[] claims = [new(1, 10), new(2, 10), new(3, 10)];
        foreach (ShardEpoch claim in claims) Assert.Null(fence.Take(connection, claim));
        long number = fence.NextNumber();
        if (isWritten) Assert.True(PostgresLocks.Append(connection, fence, number, claims));
        // While the outcome is open another node takes one shard, and this one a third time itself.
        Assert.Null(new PostgresFence(Guid.NewGuid(), "second", Cluster).Take(connection, claims[1] with { Epoch = 11 }));
        Assert.Null(fence.Take(connection, claims[2] with { Epoch = 12 }));

        Resumption resumed = fence.Resume(connection, number);
        Assert.Equal(isWritten ? BatchOutcome.Committed : BatchOutcome.Void, resumed.Outcome);
        Assert.Equal(2, Assert.Single(resumed.Lost));
        Assert.Equal([true, false, false], claims.Select(fence.Holds));
        Assert.True(fence.Holds(claims[2] with { Epoch = 12 }));
        Assert.False(PostgresLocks.Append(connection, fence, number, claims[0]));
        Assert.False(PostgresLocks.Append(connection, fence, fence.NextNumber(), claims[0], claims[1]));
        Assert.True(PostgresLocks.Append(connection, fence, fence.NextNumber(), claims[0]));
    }

    [Fact]
    public async Task Whether_a_shard_is_held_is_looked_up_in_the_database_once_for_all_who_ask()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        first.Take(1, A, B);
        first.Commit(new PutZone(Row(A, 1)));
        Assert.Equal((true, null), (first.Check(A).Held, first.Check(A).Reason));
        second.Take(2, A);
        Assert.Equal(ReasonCode.JournalFenced, first.Check(A).Reason?.Code);
        Assert.True(first.Check(B).Held);
        // A target's node asks about shards of others.
        int theirs = first.ShardOf(DomainName.Parse(A));
        first.Journal.CheckFence(1, theirs, 2, first.Probe.ReplyTo);
        Assert.True(first.Probe.Expect<FenceChecked>().Held);
        first.Journal.CheckFence(2, theirs, 3, first.Probe.ReplyTo);
        Assert.Equal(ReasonCode.JournalAway, first.Probe.Expect<FenceChecked>().Reason?.Code);

        // All that ask while the journal's thread is at something else are answered by one look.
        await _server.SqlAsync(database, """
            CREATE TABLE agent.looks (at timestamptz);
            CREATE FUNCTION agent.look() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN INSERT INTO agent.looks VALUES (now()); RETURN NULL; END $$;
            CREATE TRIGGER look AFTER UPDATE ON agent.writers FOR EACH ROW EXECUTE FUNCTION agent.look()
            """);
        await using (NpgsqlConnection blocker = await PostgresLocks.BlockAsync(_server, database, A))
        {
            second.Journal.Commit(second.Batch(9, [new PutZone(Row(A, 2))]), second.Probe.ReplyTo);
            await PostgresLocks.WaitAsync(_server, database, 1);
            int shard = second.ShardOf(DomainName.Parse(A));
            for (int i = 0; i < 50; i++) second.Journal.CheckFence(i, shard, 2, second.Probe.ReplyTo);
        }

        Assert.Equal(9, second.Probe.Expect<JournalCommitted>().Id);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => new FenceChecked(i, Held: true, null)),
            Enumerable.Range(0, 50).Select(_ => second.Probe.Expect<FenceChecked>()));
        // The batch notes its number in the same table.
        Assert.Equal("2", await _server.SqlAsync(database, "SELECT count(*) FROM agent.looks"));
    }

    [Fact]
    public async Task Nodes_under_load_never_fail_each_other()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        // So few lines that both trim in every batch, and each what the other wrote.
        var options = new JournalOptions { HistoryPerZone = 3, HistoryTotal = 5 };
        using PostgresJournalFixture first = new(_server.ConnectionString(database)) { ClusterShards = 64, Options = options };
        using PostgresJournalFixture second = new(_server.ConnectionString(database)) { ClusterShards = 64, Options = options };
        first.Take(1, A, "a1.example.");
        second.Take(1, B, "b1.example.");
        await using var one = new PostgresLoad(first, A, "a1.example.");
        await using var other = new PostgresLoad(second, B, "b1.example.");
        await Eventually.HoldsAsync(() => one.Committed > 150 && other.Committed > 150, () => $"{one.Committed}, {other.Committed}");
        first.Journal.PurgeExpired(Noon);
        await one.HoldsAsync(hasHistory: false);
        await other.HoldsAsync(hasHistory: false);
        Assert.Equal((0L, 0L), (one.Failed, other.Failed));
    }

    [Fact]
    public async Task A_start_leaves_the_other_runs_alone_and_forgets_those_of_long_ago()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        first.Take(1, A);
        await _server.SqlAsync(database, """
            UPDATE agent.writers SET written_at = now() - interval '1 year';
            INSERT INTO agent.writers VALUES (gen_random_uuid(), 1, 'gone', 7, 0, now() - interval '1 year')
            """);
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        Assert.True(second.Journal.Epoch > first.Journal.Epoch);
        Assert.Equal("2", await _server.SqlAsync(database, "SELECT count(*) FROM agent.writers WHERE node <> 'gone'"));
        Assert.Equal("0", await _server.SqlAsync(database, "SELECT count(*) FROM agent.writers WHERE node = 'gone'"));
        first.Commit(new PutZone(Row(A, 1)));
        // A row that went all the same is made again, and nothing is lost by it.
        await _server.SqlAsync(database, "DELETE FROM agent.writers");
        second.Take(1, B);
        second.Commit(new PutZone(Row(B, 1)));
    }

    [Fact]
    public async Task The_number_of_shards_is_made_once_and_seen_to_at_every_start()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using PostgresJournalFixture first = new(_server.ConnectionString(database)) { ClusterShards = 128 };
        _ = first.Journal;
        Assert.Equal("128", await _server.SqlAsync(database, "SELECT value FROM agent.meta WHERE key = 'shard_count'"));
        using var other = PostgresJournalFixture.Node(_server.ConnectionString(database));
        string text = Assert.Throws<JournalOpenException>(() => other.Journal).Message;
        Assert.Contains("made with 128 shards and this node is configured with 64", text, StringComparison.Ordinal);
        using var alone = new PostgresJournalFixture(_server.ConnectionString(database));
        Assert.Contains("belongs to a cluster", Assert.Throws<JournalOpenException>(() => alone.Journal).Message, StringComparison.Ordinal);
        Assert.Equal("2", await _server.SqlAsync(database, "SELECT max(oldest_reader) FROM agent.schema_version"));
    }

    [Fact]
    public async Task A_shard_that_was_given_up_in_good_order_is_not_told_of_as_lost()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        first.Take(1, A, B, "c.example.");
        first.Journal.ReleaseShard(first.ShardOf(DomainName.Parse(A)), 1);
        second.Take(2, A, B);
        await EndSessionsAsync(database);
        first.CommitFails(new PutZone(Row(B, 1)));
        first.Commit(new PutZone(Row("c.example.", 1)));
        string lost = Assert.Single(first.Log.Lines, line => line.Text.Contains("another owner", StringComparison.Ordinal)).Text;
        Assert.Equal($"1 shards have another owner by now: {first.ShardOf(DomainName.Parse(B))}", lost);
    }

    [Fact]
    public async Task Another_cluster_is_refused_until_the_journal_is_renamed()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var first = PostgresJournalFixture.Node(_server.ConnectionString(database));
        first.Take(1, A);
        using PostgresJournalFixture other = new(_server.ConnectionString(database)) { ClusterShards = 64, ClusterName = "other" };
        string text = Assert.Throws<JournalOpenException>(() => other.Journal).Message;
        Assert.Contains("cluster 'agent', and this node is configured for the cluster 'other'", text, StringComparison.Ordinal);
        first.Commit(new PutZone(Row(A, 1)));

        await _server.SqlAsync(database, "UPDATE agent.meta SET name = 'other' WHERE key = 'cluster'");
        using PostgresJournalFixture renamed = new(_server.ConnectionString(database)) { ClusterShards = 64, ClusterName = "other" };
        Assert.Single(renamed.Take(2, A));
        Assert.Throws<JournalOpenException>(first.Reopen);
    }

    [Fact]
    public async Task A_cluster_that_was_renamed_under_a_running_node_ends_it_when_it_connects_again()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var node = PostgresJournalFixture.Node(_server.ConnectionString(database));
        node.Take(1, A);
        await _server.SqlAsync(database, "UPDATE agent.meta SET name = 'other' WHERE key = 'cluster'");
        await EndSessionsAsync(database);
        Assert.Equal(ReasonCode.JournalFenced, node.CommitFails(new PutZone(Row(A, 1))).Reason.Code);
        Assert.Contains(
            "belongs to the cluster 'other'", (await node.Journal.Fenced.WaitAsync(Eventually.Deadline)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_of_an_older_release_takes_the_name_of_the_first_node_that_writes_one()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var older = PostgresJournalFixture.Node(_server.ConnectionString(database));
        older.Take(1, A);
        await _server.SqlAsync(database, "UPDATE agent.meta SET name = NULL");
        using PostgresJournalFixture first = new(_server.ConnectionString(database)) { ClusterShards = 64, ClusterName = "first" };
        _ = first.Journal;
        Assert.Equal("first", await _server.SqlAsync(database, "SELECT name FROM agent.meta WHERE key = 'cluster'"));
        older.Commit(new PutZone(Row(A, 1)));
        using var second = PostgresJournalFixture.Node(_server.ConnectionString(database));
        Assert.Throws<JournalOpenException>(() => second.Journal);
    }

    [Fact]
    public async Task The_journal_of_a_single_agent_becomes_a_clusters_and_can_be_taken_back()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using var alone = new PostgresJournalFixture(_server.ConnectionString(database));
        alone.Commit(new PutZone(Row(A, 4, Small(A, 4))));
        alone.Reopen();
        using var node = PostgresJournalFixture.Node(_server.ConnectionString(database));
        // Epochs of the cluster come from elsewhere and may be smaller than those that were counted here.
        Assert.Equal(4, Assert.Single(node.Take(1, A)).Generation);
        JournalFailed failed = alone.CommitFails(new PutZone(Row(A, 5)));
        Assert.Equal(ReasonCode.JournalFenced, failed.Reason.Code);
        Assert.True(failed.Fenced.IsDefaultOrEmpty);
        Assert.Contains("a cluster has taken", (await alone.Journal.Fenced.WaitAsync(Eventually.Deadline)).Text, StringComparison.Ordinal);
        node.Commit(new PutZone(Row(A, 6)));

        await _server.SqlAsync(database, "DELETE FROM agent.meta WHERE key = 'cluster'");
        using var again = new PostgresJournalFixture(_server.ConnectionString(database));
        Assert.Equal(6, again.LoadOne(A).Generation);
        failed = node.CommitFails(new PutZone(Row(A, 7)));
        Assert.True(failed.Fenced.IsDefaultOrEmpty);
        Assert.Equal(ReasonCode.JournalFenced, (await node.Journal.Fenced.WaitAsync(Eventually.Deadline)).Code);
    }

    private Task EndSessionsAsync(string database) => _server.SqlAsync(
        database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
}
