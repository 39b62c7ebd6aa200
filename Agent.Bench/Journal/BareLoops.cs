using System.Diagnostics;
using Agent.Actors.Journal;
using Agent.Bench.Measure;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Agent.Bench.Journal;

/// <summary>
/// The same rows without a journal: one table, one prepared statement, one transaction for each entry, as durable as the journal's. What
/// the journal costs, and what its batches save, shows beside it.
/// </summary>
internal static class BareLoops
{
    private const string Table = "CREATE TABLE bare (zone TEXT PRIMARY KEY, generation BIGINT, serial BIGINT, content ";

    /// <summary>SQLite has one writer at a time, however many wait.</summary>
    public static JournalOutcome Sqlite(string file, TimeSpan duration)
    {
        using SqliteConnection connection = new($"Data Source={file};Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode=WAL");
        Execute(connection, "PRAGMA synchronous=FULL");
        Execute(connection, Table + "BLOB) WITHOUT ROWID");
        using SqliteCommand put = connection.CreateCommand();
        put.CommandText = "INSERT INTO bare VALUES ($zone, $generation, $serial, $content) ON CONFLICT (zone) DO UPDATE SET "
            + "generation = excluded.generation, serial = excluded.serial, content = excluded.content";
        foreach (string name in (string[])["$zone", "$generation", "$serial", "$content"]) put.Parameters.AddWithValue(name, DBNull.Value);
        long start = Stopwatch.GetTimestamp();
        Samples milliseconds = Repeat("bare.example.", duration, (entry, content) =>
        {
            put.Parameters[0].Value = entry.Zone.ToString();
            put.Parameters[1].Value = entry.Row.Generation;
            put.Parameters[2].Value = (long)entry.Row.Content!.Serial;
            put.Parameters[3].Value = content;
            put.ExecuteNonQuery();
        });
        return new JournalOutcome(milliseconds.Count / Stopwatch.GetElapsedTime(start).TotalSeconds, milliseconds, 1);
    }

    /// <summary>A connection for each writer.</summary>
    public static async Task<JournalOutcome> PostgresAsync(string connectionString, int writers, TimeSpan duration)
    {
        string pool = $"Maximum Pool Size={writers + 1};Minimum Pool Size={writers}";
        await using NpgsqlDataSource source = NpgsqlDataSource.Create($"{connectionString};{pool}");
        await using (NpgsqlCommand create = source.CreateCommand("DROP TABLE IF EXISTS bare;" + Table + "BYTEA)"))
            await create.ExecuteNonQueryAsync();
        long start = Stopwatch.GetTimestamp();
        Samples[] all = await Task.WhenAll(Enumerable.Range(0, writers).Select(
            writer => Task.Run(() => WritePostgres(source, $"writer{writer}.example.", duration))));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Samples milliseconds = new();
        foreach (Samples one in all) milliseconds.AddRange(one.Values);
        return new JournalOutcome(milliseconds.Count / seconds, milliseconds, 1);
    }

    private static Samples WritePostgres(NpgsqlDataSource source, string writer, TimeSpan duration)
    {
        using NpgsqlConnection connection = source.OpenConnection();
        using NpgsqlCommand put = new(
            "INSERT INTO bare VALUES ($1, $2, $3, $4) ON CONFLICT (zone) DO UPDATE SET "
            + "generation = excluded.generation, serial = excluded.serial, content = excluded.content",
            connection);
        NpgsqlParameter<string> zone = new() { TypedValue = "" };
        NpgsqlParameter<long> generation = new(), serial = new();
        NpgsqlParameter<byte[]> octets = new() { TypedValue = [] };
        foreach (NpgsqlParameter parameter in (NpgsqlParameter[])[zone, generation, serial, octets]) put.Parameters.Add(parameter);
        put.Prepare();
        return Repeat(writer, duration, (entry, content) =>
        {
            (zone.TypedValue, generation.TypedValue) = (entry.Zone.ToString(), entry.Row.Generation);
            (serial.TypedValue, octets.TypedValue) = (entry.Row.Content!.Serial, content);
            put.ExecuteNonQuery();
        });
    }

    private static Samples Repeat(string writer, TimeSpan duration, Action<PutZone, byte[]> write)
    {
        Samples milliseconds = new();
        long start = Stopwatch.GetTimestamp();
        for (long number = 1; Stopwatch.GetElapsedTime(start) < duration; number++)
        {
            PutZone entry = JournalLoad.Entry(writer, number, DateTimeOffset.UtcNow);
            byte[] content = Octets(entry.Row.Content!);
            long sent = Stopwatch.GetTimestamp();
            write(entry, content);
            milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return milliseconds;
    }

    private static byte[] Octets(ZoneContent content)
    {
        using MemoryStream octets = new();
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record)) octets.Write(record.Whole);
        return octets.ToArray();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
