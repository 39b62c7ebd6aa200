using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using Npgsql;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>What a batch costs the server: how many statements, and how they find their rows.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresStatementTests(PostgresServerFixture postgres) : IClassFixture<PostgresServerFixture>
{
    private const int Zones = 300;

    private readonly PostgresServer _server = postgres.Server;

    [Fact]
    public void A_row_is_one_statement_between_the_fence_and_what_it_leaves_behind()
    {
        ZoneRow row = Row("a.example.", 2, Small("a.example.", 2)) with
        {
            Targets = [new TargetProgress("ns1", TargetZoneState.Verified, 2, Noon, null)],
            Candidate = new ZoneCandidate(3, Small("a.example.", 3), new Reason(ReasonCode.GuardShrink, "It is small."), Noon, false),
        };
        PreparedContent[] fresh = [new PreparedContent(row.Content!.Facts, [1])];

        Assert.Equal(3, Statements([new PutZone(row)], fresh).Count);
        Assert.Equal(3, Statements([new PutZone(row with { Candidate = null })], []).Count);
        // Progress of a zone whose row is not written is looked at beside the rows that are there.
        Assert.Equal(2, Statements([new PutProgress(row.Name, row.Targets[0])], []).Count);
    }

    [Fact]
    public async Task Plans_made_for_empty_tables_serve_the_tables_when_they_have_grown()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(_server);
        using (var journal = new PostgresJournalFixture(_server.ConnectionString(database)))
        {
            for (uint generation = 1; generation <= 8; generation++) journal.Commit(Entry("first.example.", generation));
            journal.Commit([.. Enumerable.Range(0, Zones).Select(i => Entry($"z{i}.example.", 1))]);
            for (uint generation = 9; generation <= 12; generation++) journal.Commit(Entry("first.example.", generation));
        }

        await Eventually.HoldsAsync(
            async () => await ReadAsync(database, "SELECT sum(n_tup_ins) FROM pg_stat_user_tables WHERE relname = 'zones'") > Zones,
            () => "the server has counted what the session did");
        const string Walked = "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('zones', 'contents', 'progress')";
        Assert.InRange(await ReadAsync(database, Walked), 0, Zones - 1);
    }

    private static PutZone Entry(string zone, uint generation) => new(Row(zone, generation, Small(zone, generation)) with
    {
        Targets = [new TargetProgress("ns1", TargetZoneState.Verified, generation, Noon, null)],
    });

    private static IReadOnlyList<NpgsqlBatchCommand> Statements(
        ImmutableArray<JournalEntry> entries, IReadOnlyList<PreparedContent> fresh) =>
        new PostgresWriter(new PostgresBatch(entries), Guid.Empty, 1, new JournalOptions()).Statements([new ShardEpoch(0, 1)], fresh);

    private async Task<long> ReadAsync(string database, string sql) =>
        long.Parse(await _server.SqlAsync(database, sql), System.Globalization.CultureInfo.InvariantCulture);
}
