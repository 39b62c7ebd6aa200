using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>A primary dies and its standby goes on in its place, while several nodes write.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresFailoverTests
{
    private const string A = "a.example.";
    private const string B = "b.example.";

    [Fact]
    public async Task Two_nodes_go_on_at_the_standby_and_the_former_primary_is_never_written_to_again()
    {
        await using PostgresServer primary = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(primary);
        await using PostgresServer standby = await primary.StandbyAsync("second");
        await primary.FollowedByAsync("second");
        string place = PostgresServer.ConnectionString(database, primary, standby);
        using var first = PostgresJournalFixture.Node(place);
        using var second = PostgresJournalFixture.Node(place);
        first.Take(1, A);
        second.Take(1, B);
        await using var one = new PostgresLoad(first, A);
        await using var other = new PostgresLoad(second, B);
        await one.MovesAsync(() => primary.Output);
        await other.MovesAsync(() => primary.Output);

        await primary.KillAsync();
        await standby.PromoteAsync();
        await one.MovesAsync(() => standby.Output);
        await other.MovesAsync(() => standby.Output);
        Assert.Contains(first.Log.Lines, line => line.Text.Contains("was promoted (timeline 1, now 2)", StringComparison.Ordinal));

        // It comes back, calls itself a primary, and would take writes without waiting for anybody.
        await primary.StartAsync("synchronous_standby_names=");
        const string Written = "SELECT sum(batch), max(generation) FROM agent.writers, agent.zones";
        string left = await primary.SqlAsync(database, Written);
        for (int round = 0; round < 3; round++)
        {
            await standby.SqlAsync("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'agent'");
            await one.MovesAsync(() => standby.Output);
            await other.MovesAsync(() => standby.Output);
        }

        await one.HoldsAsync();
        await other.HoldsAsync();
        Assert.DoesNotContain(first.Log.Lines, line => line.Text.Contains("has lost", StringComparison.Ordinal));

        // Neither does a new node choose it, nor one that knew its successor and finds it alone.
        using var third = PostgresJournalFixture.Node(place);
        Assert.Equal(one.Committed, Assert.Single(third.Take(2, A)).Generation);
        third.Close();
        third.ConnectionString = primary.ConnectionString(database);
        Assert.Contains("is a former primary", Assert.ThrowsAny<IOException>(() => third.Journal).Message, StringComparison.Ordinal);
        Assert.Equal(left, await primary.SqlAsync(database, Written));
    }

    [Fact]
    public async Task A_failover_that_loses_what_was_confirmed_makes_every_shard_begin_anew_from_what_is_there()
    {
        await using PostgresServer primary = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(primary);
        await using PostgresServer standby = await primary.StandbyAsync("second");
        using var node = PostgresJournalFixture.Node(PostgresServer.ConnectionString(database, primary, standby));
        node.Take(1, A, B);
        node.Commit(new PutZone(Row(A, 1)), new PutZone(Row(B, 1)));
        string written = await primary.SqlAsync(database, "SELECT pg_current_wal_lsn()");
        await Eventually.HoldsAsync(
            async () => await standby.SqlAsync("postgres", $"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "t",
            () => standby.Output);
        await standby.KillAsync();
        node.Commit(new PutZone(Row(A, 2)));
        await primary.KillAsync();
        await standby.StartAsync();
        await standby.PromoteAsync();

        JournalFailed failed = node.CommitFails(new PutZone(Row(A, 3)));
        Assert.Equal(ReasonCode.JournalFenced, failed.Reason.Code);
        Assert.Equal(new ShardEpoch(node.ShardOf(DomainName.Parse(A)), 1), Assert.Single(failed.Fenced));
        Assert.Equal(ReasonCode.JournalFenced, node.Check(B).Reason?.Code);
        Assert.False(node.Journal.Fenced.IsCompleted);
        Assert.Contains(node.Log.Lines, line => line.Text.Contains("has lost changes", StringComparison.Ordinal));
        Assert.Equal([1L, 1L], node.Take(2, A, B).Select(row => row.Generation));
        node.Commit(new PutZone(Row(A, 2)), new PutZone(Row(B, 2)));
    }

    [Fact]
    public async Task An_agent_alone_promises_nothing_more_from_memory_when_a_failover_has_lost_what_was_confirmed()
    {
        await using PostgresServer primary = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(primary);
        await using PostgresServer standby = await primary.StandbyAsync("second");
        using var alone = new PostgresJournalFixture(PostgresServer.ConnectionString(database, primary, standby));
        alone.Commit(new PutZone(Row(A, 1)));
        string written = await primary.SqlAsync(database, "SELECT pg_current_wal_lsn()");
        await Eventually.HoldsAsync(
            async () => await standby.SqlAsync("postgres", $"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "t",
            () => standby.Output);
        await standby.KillAsync();
        alone.Commit(new PutZone(Row(A, 2)));
        await primary.KillAsync();
        await standby.StartAsync();
        await standby.PromoteAsync();

        Assert.Equal(ReasonCode.JournalFenced, alone.CommitFails(new PutZone(Row(B, 1))).Reason.Code);
        Reason why = await alone.Journal.Fenced.WaitAsync(Eventually.Deadline);
        Assert.EndsWith("has lost changes that the database had confirmed", why.Text, StringComparison.Ordinal);
        Assert.True(alone.Journal.MayOpenAgain);
        Assert.Equal(ReasonCode.JournalFenced, alone.CommitFails(new PutZone(Row(B, 1))).Reason.Code);
        alone.Reopen();
        Assert.Equal(1, Assert.Single(alone.Load()).Generation);
        alone.Commit(new PutZone(Row(B, 1)));
    }

    [Fact]
    public async Task The_fence_cannot_be_proven_by_a_primary_that_has_lost_its_standby()
    {
        await using PostgresServer primary = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(primary);
        await using PostgresServer standby = await primary.StandbyAsync("second");
        await primary.FollowedByAsync("second");
        using var node = PostgresJournalFixture.Node(PostgresServer.ConnectionString(database, primary, standby));
        node.Take(1, A);
        Assert.True(node.Check(A).Held);
        // Cut off, as by a partition: on the other side the standby may have been promoted and the shard taken.
        await standby.KillAsync();
        Assert.Equal((false, ReasonCode.JournalAway), (node.Check(A) is var cut ? (cut.Held, cut.Reason?.Code) : default));
        await standby.StartAsync();
        await Eventually.HoldsAsync(() => node.Check(A).Held, () => string.Join('\n', node.Log.Lines));
    }
}
