using System.Collections.Immutable;
using System.Diagnostics;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
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
    private readonly SqliteCandidates _candidates;
    private readonly SqliteRows _rows;
    private readonly SqliteZones _zones;
    private readonly SqliteKept _kept;
    private readonly SqliteEvents _events;
    private readonly SqliteDifferences _differences;
    private readonly SqliteStatement _epoch;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private long _diskTicks;

    public SqliteStore(
        SqliteConnection connection, ContentStore files, SqliteContentReader reader, RecentContents recent, JournalOptions options)
    {
        _connection = connection;
        _files = files;
        _contents = new SqliteContents(connection, files, reader, recent, options.LargestStoredContent);
        _candidates = new SqliteCandidates(connection, _contents);
        _rows = new SqliteRows(connection, _contents, _candidates);
        _zones = new SqliteZones(connection, _contents, _candidates);
        _kept = new SqliteKept(connection, _contents);
        _events = new SqliteEvents(connection, options);
        _differences = new SqliteDifferences(connection, options);
        _epoch = new SqliteStatement(connection, "SELECT value FROM meta WHERE key = 'epoch'", 0);
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

    /// <summary>The number of the last opening.</summary>
    public long ReadEpoch() => _epoch.Scalar() is long epoch ? epoch : throw new IOException("the journal has no epoch");

    /// <summary>Removes files that a crash left without a reference.</summary>
    public int Sweep() => _files.RemoveUnreferenced(_contents.IsReferenced);

    /// <summary>Writes all entries or none, and none when somebody else has opened the journal since.</summary>
    /// <returns>The part of the time that was spent waiting for the disk.</returns>
    /// <exception cref="JournalFencedException">The file carries another epoch.</exception>
    /// <exception cref="ContentNotKeptException">A content cannot be read or stored; the other entries are not concerned.</exception>
    public TimeSpan Commit(ImmutableArray<JournalEntry> entries, long epoch)
    {
        _diskTicks = 0;
        var fresh = new List<PreparedContent>();
        var lost = new HashSet<DomainName>();
        try
        {
            InTransaction(() =>
            {
                if (_epoch.Scalar() is long current && current != epoch)
                    throw new JournalFencedException($"another agent opened the journal (epoch {current}, ours is {epoch})");
                // Within the transaction, although files are written here: nobody else waits for it, and each look outside would be a
                // transaction of its own.
                PrepareContents(entries, fresh, lost);
                foreach (PreparedContent content in fresh)
                    _contents.Insert(content);
                foreach (JournalEntry entry in entries)
                    Write(entry is PutZone put && lost.Contains(put.Zone) ? new PutZone(put.Row with { Content = null }) : entry);
                _events.Trim();
                _contents.DropReleased();
            });
        }
        catch (Exception exception) when (exception is SqliteException or JournalFencedException)
        {
            RemoveFiles(fresh);
            throw;
        }
        FaultPoint.Pass("journal.committed");
        _contents.RemoveDroppedFiles();
        foreach (JournalEntry entry in entries)
        {
            if (entry is PutZone { Row.Content: { } content })
                _contents.Keep(content);
            if (entry is PutZone { Row.Candidate.Content: { } candidate })
                _contents.Keep(candidate);
        }
        return Stopwatch.GetElapsedTime(0, _diskTicks);
    }

    /// <summary>By how many shards the zones are divided.</summary>
    public int ShardCount => _zones.ShardCount;

    /// <summary>Divides them by another number of shards.</summary>
    public void Reshard(int shardCount)
    {
        InTransaction(() => _zones.Reshard(shardCount));
        _zones.LearnShardCount();
    }

    public ZoneRow? ReadZone(DomainName zone) => _rows.Load(zone);

    public ImmutableArray<OwnedZone> ReadOwned(DomainName catalog) => _zones.ReadOwned(catalog);

    public ImmutableArray<DomainName> ReadWantedNames() => _zones.ReadWanted(null, -1);

    public ImmutableArray<DomainName> ReadWanted(DomainName? after, int limit) => _zones.ReadWanted(after, limit);

    public GivenUpRead CountGivenUp() => _zones.CountGivenUp();

    public ZoneContent? ReadKept(DomainName zone) => _kept.Read(zone);

    public ImmutableArray<KeptZone> ListKept(DomainName? after, int limit) => _kept.List(after, limit);

    public ImmutableArray<ZoneEvent> ReadHistory(DomainName? zone, int limit) => _events.Read(zone, limit);

    /// <summary>Drops kept contents whose time is over; their number.</summary>
    public int PurgeExpired(DateTimeOffset now)
    {
        int purged = 0;
        InTransaction(() =>
        {
            purged = _zones.PurgeKept(now);
            _differences.Expire(now);
            _contents.DropReleased();
        });
        _contents.RemoveDroppedFiles();
        return purged;
    }

    public void Dispose()
    {
        _epoch.Dispose();
        _begin.Dispose();
        _commit.Dispose();
        _rollback.Dispose();
        _zones.Dispose();
        _rows.Dispose();
        _candidates.Dispose();
        _events.Dispose();
        _differences.Dispose();
        _contents.Dispose();
        _connection.Dispose();
    }

    /// <summary>The contents that are not stored yet, and the zones whose deletion goes on without one.</summary>
    private void PrepareContents(ImmutableArray<JournalEntry> entries, List<PreparedContent> fresh, HashSet<DomainName> lost)
    {
        foreach (PutZone put in entries.OfType<PutZone>())
        {
            if (put.Row.Candidate?.Content is { } candidate && !_contents.IsStored(candidate.Facts))
                fresh.Add(Prepare(put.Zone, candidate));
            if (put.Row.Content is not { } content || _contents.IsStored(content.Facts))
                continue;
            try
            {
                fresh.Add(Prepare(put.Zone, content));
            }
            catch (ContentNotKeptException) when (put.Row.Wish == ZoneWish.Absent)
            {
                // A deletion needs no content: it only could not be undone.
                lost.Add(put.Zone);
            }
        }
    }

    private PreparedContent Prepare(DomainName zone, ZoneContent content)
    {
        try
        {
            return _contents.Prepare(content);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ContentNotKeptException(zone, exception);
        }
    }

    /// <summary>Files of contents that no row came to refer to: on a full disk they would hold the room that is needed.</summary>
    private void RemoveFiles(List<PreparedContent> fresh)
    {
        try
        {
            foreach (PreparedContent content in fresh.Where(c => c.Data is null && !_contents.IsReferenced(c.Facts.Hash)))
                _files.TryRemove(content.Facts.Hash);
        }
        catch (SqliteException)
        {
            // The file cannot even be read: what stays is swept at the next start.
        }
    }

    private void Write(JournalEntry entry)
    {
        switch (entry)
        {
            case PutZone put:
                _zones.Put(put.Row);
                if (put.Row.Content is { } content)
                    _differences.Append(put.Zone, content, put.Row.ChangedAt);
                break;
            case PutProgress progress:
                _zones.PutProgress(progress.Zone, progress.Progress);
                break;
            case PutStanding standing:
                _zones.PutStanding(standing);
                break;
            case ForgetZone forget:
                _zones.Forget(forget.Zone, forget.KeepContentUntil);
                _differences.Forget(forget.Zone);
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
            FaultPoint.Pass("journal.writing");
            long started = Stopwatch.GetTimestamp();
            _commit.Execute();
            _diskTicks += Stopwatch.GetTimestamp() - started;
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
