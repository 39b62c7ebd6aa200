using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Peers;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using Agent.Host.Journal.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Bench.Journal;

/// <summary>The journal on both of its databases, for one writer and for many, beside one transaction for each entry.</summary>
internal static class JournalBench
{
    private const string Rate = "entries durable";
    private const string Latency = "from an entry to its answer";
    private const string Batch = "entries in a batch, one sync each";
    private static readonly int[] WriterCounts = [1, 8, 64];

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 2);
        TimeSpan duration = TimeSpan.FromSeconds(options.Number("seconds", 3));
        BenchReport report = new("Rows of ten-record zones, each with a new content, until durable; every writer has one under way");
        await using PostgresServer server = await PostgresServer.StartedAsync("max_connections=100");
        await server.SqlAsync("postgres", "CREATE DATABASE journal");
        await server.SqlAsync("postgres", "CREATE DATABASE bare");
        for (int round = 0; round < rounds; round++)
        {
            await SqliteAsync(report, duration);
            await PostgresAsync(report, server, duration, 1 + (1_000_000L * round));
        }

        foreach (string database in (string[])["SQLite", "PostgreSQL"])
        {
            foreach (int writers in WriterCounts)
            {
                // SQLite takes one transaction at a time: its bare loop has one writer.
                string other = Subject($"bare {database}", database == "SQLite" ? 1 : writers);
                report.AddRatio(
                    $"{Subject($"journal on {database}", writers)} over {other}",
                    report.Of(Subject($"journal on {database}", writers), Rate, "entries/s").Median
                        / report.Of(other, Rate, "entries/s").Median,
                    writers == 64 ? "at least 1.0" : "none");
            }
        }

        report.AddNote("A bare entry is one row of one table. The journal's is a row of the zone, one of its content, one of its target, "
            + "and what the fence and the history of differences need, in the transaction of its batch.");
        return report;
    }

    private static async Task SqliteAsync(BenchReport report, TimeSpan duration)
    {
        using TemporaryFolder folder = new("journal");
        using DataDirectory directory = DataDirectory.Open(folder.Combine("data"));
        using SqliteJournal journal = SqliteJournal.Open(
            directory, new JournalOptions(), TimeProvider.System, NullLogger<SqliteJournal>.Instance);
        await LoadAsync(report, "SQLite", journal, duration, first: 1);
        // Behind the journal, which chooses the library of the process: both are to have the same.
        Note(report, "bare SQLite", 1, BareLoops.Sqlite(folder.Combine("bare.db"), duration));
    }

    private static async Task PostgresAsync(BenchReport report, PostgresServer server, TimeSpan duration, long first)
    {
        foreach (int writers in WriterCounts)
            Note(report, "bare PostgreSQL", writers, await BareLoops.PostgresAsync(server.ConnectionString("bare"), writers, duration));
        using TemporaryFolder folder = new("journal");
        using DataDirectory directory = DataDirectory.Open(folder.Combine("data"));
        PostgresPlace place = PostgresPlace.Parse(server.ConnectionString("journal"), "", allowPlaintext: false);
        using PostgresJournal journal = PostgresJournal.Open(
            directory, place, "node", new JournalOptions(), TimeProvider.System, NullLogger<PostgresJournal>.Instance, null);
        await LoadAsync(report, "PostgreSQL", journal, duration, first);
    }

    private static async Task LoadAsync(BenchReport report, string database, INodeJournal journal, TimeSpan duration, long first)
    {
        foreach (int writers in WriterCounts)
        {
            JournalOutcome outcome = await JournalLoad.RunAsync(journal, journal.Epoch, writers, duration, first);
            Note(report, $"journal on {database}", writers, outcome);
            first += 100_000;
        }
    }

    private static void Note(BenchReport report, string who, int writers, JournalOutcome outcome)
    {
        string subject = Subject(who, writers);
        report.Of(subject, Rate, "entries/s").Add(outcome.PerSecond);
        report.Of(subject, Latency, "ms").AddRange(outcome.Milliseconds.Values);
        report.Of(subject, Batch, "entries").Add(outcome.EntriesPerBatch);
    }

    private static string Subject(string who, int writers) =>
        string.Create(CultureInfo.InvariantCulture, $"{who}, {writers} {(writers == 1 ? "writer" : "writers")}");
}
