using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// The journal on one open connection: a batch in one transaction, contents durable before it and removed after it. Used by
/// one thread; every failure is an exception, after which nothing of the batch is there.
/// </summary>
internal sealed class SqliteStore : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly ContentStore _files;
    private readonly SqliteContents _contents;
    private readonly SqliteZones _zones;
    private readonly SqliteEvents _events;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;

    public SqliteStore(SqliteConnection connection, ContentStore files, SqliteContentReader reader, JournalOptions options)
    {
        _connection = connection;
        _files = files;
        _contents = new SqliteContents(connection, files, reader, options.LargestStoredContent);
        _zones = new SqliteZones(connection, _contents);
        _events = new SqliteEvents(connection, options);
        _begin = new SqliteStatement(connection, "BEGIN IMMEDIATE", 0);
        _commit = new SqliteStatement(connection, "COMMIT", 0);
        _rollback = new SqliteStatement(connection, "ROLLBACK", 0);
    }

    /// <summary>Counts one more opening; the number is larger than any before.</summary>
    public long NextEpoch()
    {
        long epoch = 0;
        InTransaction(() =>
        {
            using var next = new SqliteStatement(_connection, "UPDATE meta SET value = value + 1 WHERE key = 'epoch' RETURNING value", 0);
            epoch = (long)next.Scalar()!;
        });
        return epoch;
    }

    /// <summary>Removes files that a crash left without a reference.</summary>
    public int Sweep() => _files.RemoveUnreferenced(_contents.IsReferenced);

    public void Commit(ImmutableArray<JournalEntry> entries)
    {
        var fresh = new List<PreparedContent>();
        foreach (JournalEntry entry in entries)
        {
            if (entry is PutZone { Row.Content: { } content } && !_contents.IsStored(content.Facts))
                fresh.Add(_contents.Prepare(content));
        }
        InTransaction(() =>
        {
            foreach (PreparedContent content in fresh)
                _contents.Insert(content);
            foreach (JournalEntry entry in entries)
                Write(entry);
            _events.Trim();
            _contents.DropReleased();
        });
        _contents.RemoveDroppedFiles();
    }

    public ImmutableArray<ZoneRow> LoadShard(int shard, int shardCount)
    {
        if (_zones.ShardCount != shardCount)
            InTransaction(() => _zones.Reshard(shardCount));
        return _zones.Load(shard);
    }

    public ImmutableArray<DomainName> ReadWantedNames() => _zones.ReadWantedNames();

    public ImmutableArray<ZoneEvent> ReadHistory(DomainName? zone, int limit) => _events.Read(zone, limit);

    /// <summary>Drops kept contents whose time is over; their number.</summary>
    public int PurgeExpired(DateTimeOffset now)
    {
        int purged = 0;
        InTransaction(() =>
        {
            purged = _zones.PurgeKept(now);
            _contents.DropReleased();
        });
        _contents.RemoveDroppedFiles();
        return purged;
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _rollback.Dispose();
        _zones.Dispose();
        _events.Dispose();
        _contents.Dispose();
        _connection.Dispose();
    }

    private void Write(JournalEntry entry)
    {
        switch (entry)
        {
            case PutZone put:
                _zones.Put(put.Row);
                break;
            case PutProgress progress:
                _zones.PutProgress(progress.Zone, progress.Progress);
                break;
            case ForgetZone forget:
                _zones.Forget(forget.Zone, forget.KeepContentUntil);
                break;
            case ZoneEvent line:
                _events.Append(line);
                break;
            default:
                throw new ArgumentException($"The journal does not know entries of type {entry.GetType().Name}.", nameof(entry));
        }
    }

    private void InTransaction(Action work)
    {
        _contents.Begin();
        _events.Begin();
        _begin.Execute();
        try
        {
            work();
            _commit.Execute();
        }
        catch
        {
            TryRollBack();
            throw;
        }
    }

    // SQLite has rolled back by itself after some errors; then there is nothing to do, and the first error is the one that counts.
    private void TryRollBack()
    {
        try
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
                _rollback.Execute();
        }
        catch (SqliteException)
        {
            _connection.Close();
        }
    }
}
