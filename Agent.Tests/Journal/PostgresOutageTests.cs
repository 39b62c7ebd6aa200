using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Microsoft.Extensions.Logging;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>What the journal does when its server dies, hangs or is succeeded by another, in the middle of batches.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresOutageTests
{
    [Fact]
    public async Task A_server_killed_under_load_comes_back_with_what_was_answered_and_nothing_else()
    {
        await using PostgresServer server = await PostgresServer.StartedAsync();
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(server, more: "");
        await using var load = new PostgresLoad(journal);
        for (int round = 0; round < 3; round++)
        {
            await load.MovesAsync(() => server.Output);
            await server.KillAsync();
            await server.StartAsync();
        }

        await load.MovesAsync(() => server.Output);
        await load.HoldsAsync();
    }

    [Fact]
    public async Task A_server_that_hangs_leaves_a_batch_in_doubt_within_the_deadline_and_says_later_how_it_ended()
    {
        await using PostgresServer server = await PostgresServer.StartedAsync();
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(server, more: "");
        journal.Commit(new PutZone(Row("a.example.", 1)));
        await server.SignalAllAsync(PosixSignalNumber.Stop);
        long started = TimeProvider.System.GetTimestamp();
        journal.Journal.Commit(journal.Batch(50, [new PutZone(Row("a.example.", 2))]), journal.Probe.ReplyTo);
        JournalInDoubt doubt = journal.Probe.Expect<JournalInDoubt>();
        Assert.Equal((50, ReasonCode.JournalAway), (doubt.Id, doubt.Reason.Code));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        // Nothing overtakes the batch in doubt, and what comes meanwhile is refused.
        journal.Journal.Commit(journal.Batch(51, [new PutZone(Row("a.example.", 3))]), journal.Probe.ReplyTo);
        Assert.Equal((51, ReasonCode.JournalAway), Of(journal.Probe.Expect<JournalFailed>()));

        await server.SignalAllAsync(PosixSignalNumber.Continue);
        object answer = journal.Probe.ExpectLast<object>();
        long expected = answer is JournalCommitted { Id: 50 } ? 2 : 1;
        if (expected == 1) Assert.Equal((50, ReasonCode.JournalAway), Of(Assert.IsType<JournalFailed>(answer)));
        Assert.Equal(expected, journal.LoadOne("a.example.").Generation);
        journal.Commit(new PutZone(Row("a.example.", 4)));
        Assert.Equal(4, journal.LoadOne("a.example.").Generation);

        static (long, string) Of(JournalFailed failed) => (failed.Id, failed.Reason.Code);
    }

    [Fact]
    public async Task A_server_that_was_away_for_long_is_written_to_soon_after_its_return()
    {
        await using PostgresServer server = await PostgresServer.StartedAsync();
        using PostgresJournalFixture journal = await PostgresJournalFixture.CreateAsync(server, more: "");
        journal.Commit(new PutZone(Row("a.example.", 1)));
        await server.KillAsync();
        long away = TimeProvider.System.GetTimestamp();
        journal.Journal.Commit(journal.Batch(70, [new PutZone(Row("a.example.", 2))]), journal.Probe.ReplyTo);
        journal.Probe.Expect<JournalInDoubt>();
        await Eventually.HoldsAsync(
            () => TimeProvider.System.GetElapsedTime(away) > TimeSpan.FromSeconds(7), () => "it is away for a while");
        await server.StartAsync();
        long back = TimeProvider.System.GetTimestamp();
        journal.Probe.Expect<JournalFailed>();
        journal.Commit(new PutZone(Row("a.example.", 2)));
        Assert.InRange(TimeProvider.System.GetElapsedTime(back), TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public async Task A_failover_to_the_synchronous_standby_loses_nothing_and_fences_anew()
    {
        await using PostgresServer primary = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(primary);
        await using PostgresServer standby = await primary.StandbyAsync("second");
        await primary.FollowedByAsync("second");
        using var journal = new PostgresJournalFixture(PostgresServer.ConnectionString(database, standby, primary));
        await using var load = new PostgresLoad(journal);
        await load.MovesAsync(() => primary.Output);
        Assert.DoesNotContain(journal.Log.Lines, line => line.Text.Contains("can lose", StringComparison.Ordinal));

        await primary.KillAsync();
        long answered = load.Committed;
        await standby.PromoteAsync();
        await load.MovesAsync(() => standby.Output);
        await load.HoldsAsync();

        Assert.True(load.Committed > answered);
        Assert.Contains(journal.Log.Lines, line => line.Text.Contains("was promoted", StringComparison.Ordinal));
        Assert.DoesNotContain(journal.Log.Lines, line => line.Text.Contains("has lost changes", StringComparison.Ordinal));
        // The new primary waits for nobody, which the start did not know.
        Assert.Single(journal.Log.Lines, line => line.Text.Contains("a failover of the database can lose", StringComparison.Ordinal));
        Assert.Equal("64", await standby.SqlAsync(
            database, "SELECT count(*) FROM agent.shard_fence f JOIN agent.writers w USING (writer, epoch) WHERE w.batch > 0"));
    }

    [Fact]
    public async Task Each_cause_of_one_outage_is_told_once()
    {
        await using PostgresServer server = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(server);
        using var journal = new PostgresJournalFixture(server.ConnectionString(database));
        journal.Commit(new PutZone(Row("a.example.", 1)));
        await server.KillAsync();
        await FailsForAsync("Connection refused");
        await server.StartAsync();
        await server.SqlAsync("postgres", $"ALTER DATABASE {database} RENAME TO elsewhere");
        await FailsForAsync("does not exist");
        await server.SqlAsync("postgres", $"ALTER DATABASE elsewhere RENAME TO {database}");
        await Eventually.HoldsAsync(() => journal.Check("a.example.").Held, () => string.Join('\n', journal.Log.Lines));

        foreach (string cause in (string[])["Connection refused", "does not exist"])
            Assert.Single(journal.Log.Lines, line => line.Text.Contains(cause, StringComparison.Ordinal));

        // Until the database itself was asked and failed for it, and then once more, which may be told no second time.
        async Task FailsForAsync(string cause)
        {
            for (int tries = 0; tries < 2; tries++)
            {
                await Eventually.HoldsAsync(
                    () => journal.Check("a.example.").Reason?.Text.Contains(cause, StringComparison.Ordinal) == true,
                    () => string.Join('\n', journal.Log.Lines));
            }
        }
    }

    [Fact]
    public async Task Without_its_standby_nothing_is_confirmed_and_with_it_the_batch_is_found()
    {
        await using PostgresServer primary = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(primary);
        await using PostgresServer standby = await primary.StandbyAsync("second");
        await primary.FollowedByAsync("second");
        using var journal = new PostgresJournalFixture(primary.ConnectionString(database));
        journal.Commit(new PutZone(Row("a.example.", 1)));
        await standby.KillAsync();

        journal.Journal.Commit(journal.Batch(60, [new PutZone(Row("a.example.", 2))]), journal.Probe.ReplyTo);
        Assert.Equal(60, journal.Probe.Expect<JournalInDoubt>().Id);
        await standby.StartAsync();
        // The primary had it all the time and waited for the standby; a reader could not see it.
        Assert.Equal(60, journal.Probe.Expect<JournalCommitted>().Id);
        Assert.Equal(2, journal.LoadOne("a.example.").Generation);
        Assert.DoesNotContain(journal.Log.Lines, line => line.Level == LogLevel.Critical);
    }
}
