using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Zones, their progress at the targets, and the last contents of deleted ones.</summary>
internal sealed class SqliteZones : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteContents _contents;
    private readonly SqliteCandidates _candidates;
    private readonly SqliteStatement _content;
    private readonly SqliteStatement _put;
    private readonly SqliteStatement _clearProgress;
    private readonly SqliteStatement _putProgress;
    private readonly SqliteStatement _putStanding;
    private readonly SqliteStatement _putLifetime;
    private readonly SqliteStatement _clearLifetime;
    private readonly SqliteStatement _forget;
    private readonly SqliteStatement _keptContent;
    private readonly SqliteStatement _keep;
    private readonly SqliteStatement _purge;

    public SqliteZones(SqliteConnection connection, SqliteContents contents, SqliteCandidates candidates)
    {
        _connection = connection;
        _contents = contents;
        _candidates = candidates;
        _content = new SqliteStatement(connection, "SELECT content FROM zones WHERE zone = ?1", 1);
        _put = new SqliteStatement(
            connection,
            """
            INSERT INTO zones (zone, name, name_hash, shard, wish, generation, content, changed_at, refreshed_at, reason_code, reason_text,
                reason_since, owner_catalog, owner_label, owner_group, owner_next, refused_since)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            ON CONFLICT (zone) DO UPDATE SET name = ?2, wish = ?5, generation = ?6, content = ?7, changed_at = ?8,
                refreshed_at = ?9, reason_code = ?10, reason_text = ?11, reason_since = ?12,
                owner_catalog = ?13, owner_label = ?14, owner_group = ?15, owner_next = ?16, refused_since = ?17
            """,
            17);
        _clearProgress = new SqliteStatement(connection, "DELETE FROM progress WHERE zone = ?1", 1);
        // Progress that comes after the zone was forgotten belongs to nothing and is not written.
        _putProgress = new SqliteStatement(
            connection,
            """
            INSERT INTO progress SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM zones WHERE zone = ?1)
            ON CONFLICT (zone, target) DO UPDATE SET state = ?3, serial = ?4, verified_at = ?5, reason_code = ?6, reason_text = ?7
            """,
            7);
        _putStanding = new SqliteStatement(
            connection,
            "UPDATE zones SET refreshed_at = ?2, reason_code = ?3, reason_text = ?4, reason_since = ?5, refused_since = ?6 WHERE zone = ?1",
            6);
        _putLifetime = new SqliteStatement(
            connection,
            """
            INSERT INTO lifetimes SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM zones WHERE zone = ?1)
            ON CONFLICT (zone) DO UPDATE SET lifetime = ?2
            """,
            2);
        _clearLifetime = new SqliteStatement(connection, "DELETE FROM lifetimes WHERE zone = ?1", 1);
        _forget = new SqliteStatement(connection, "DELETE FROM zones WHERE zone = ?1 RETURNING name", 1);
        _keptContent = new SqliteStatement(connection, "SELECT content FROM kept WHERE zone = ?1", 1);
        _keep = new SqliteStatement(
            connection,
            "INSERT INTO kept VALUES (?1, ?2, ?3, ?4) ON CONFLICT (zone) DO UPDATE SET name = ?2, content = ?3, keep_until = ?4",
            4);
        _purge = new SqliteStatement(connection, "DELETE FROM kept WHERE keep_until <= ?1 RETURNING content", 1);
        LearnShardCount();
    }

    /// <summary>The count by which the shard column was computed.</summary>
    public int ShardCount { get; private set; }

    public void Put(ZoneRow row)
    {
        byte[] zone = SqliteValues.Of(row.Name);
        ReleaseContent(_content, zone, row.Content?.Hash);
        _put.Execute(
            zone,
            row.Name.ToString(),
            unchecked((long)row.Name.StableHash),
            ShardOf(row.Name.StableHash, ShardCount),
            (long)row.Wish,
            row.Generation,
            row.Content is { } content ? SqliteValues.Of(content.Hash) : null,
            row.ChangedAt.ToUnixTimeMilliseconds(),
            SqliteValues.Of(row.RefreshedAt),
            row.Reason?.Code,
            row.Reason?.Text,
            SqliteValues.Of(row.ReasonSince),
            row.Owner is { } owner ? SqliteValues.Of(owner.Catalog) : null,
            row.Owner?.Label,
            row.Owner?.Group,
            row.Owner?.NextOwner is { } next ? SqliteValues.Of(next) : null,
            SqliteValues.Of(row.RefusedSince));
        PutLifetime(zone, row.Lifetime);
        _candidates.Put(zone, row);
        _clearProgress.Execute(zone);
        foreach (TargetProgress progress in row.Targets)
            PutProgress(row.Name, progress);
    }

    public void PutProgress(DomainName zone, TargetProgress progress) => _putProgress.Execute(
        SqliteValues.Of(zone),
        progress.Target,
        (long)progress.State,
        SqliteValues.Of(progress.Serial),
        SqliteValues.Of(progress.VerifiedAt),
        progress.Reason?.Code,
        progress.Reason?.Text);

    public void PutStanding(PutStanding standing)
    {
        byte[] zone = SqliteValues.Of(standing.Zone);
        _putStanding.Execute(
            zone,
            SqliteValues.Of(standing.RefreshedAt),
            standing.Reason?.Code,
            standing.Reason?.Text,
            SqliteValues.Of(standing.ReasonSince),
            SqliteValues.Of(standing.RefusedSince));
        PutLifetime(zone, standing.Lifetime);
    }

    private void PutLifetime(byte[] zone, TimeSpan? lifetime)
    {
        if (lifetime is null) _clearLifetime.Execute(zone);
        else _putLifetime.Execute(zone, SqliteValues.Of(lifetime));
    }

    public void Forget(DomainName zone, DateTimeOffset? keepContentUntil)
    {
        byte[] key = SqliteValues.Of(zone);
        var content = _content.Scalar(key) as byte[];
        _candidates.Release(key, null);
        if (_forget.Scalar(key) is not string name)
            return;
        _clearProgress.Execute(key);
        _clearLifetime.Execute(key);
        if (content is null || !ContentHash.TryFromBytes(content, out ContentHash hash))
            return;
        if (keepContentUntil is not { } until)
        {
            _contents.Release(hash);
            return;
        }
        ReleaseContent(_keptContent, key, hash);
        _keep.Execute(key, name, content, until.ToUnixTimeMilliseconds());
    }

    /// <summary>Drops kept contents whose time is over; their number.</summary>
    public int PurgeKept(DateTimeOffset now)
    {
        int count = 0;
        using SqliteDataReader reader = _purge.Query(now.ToUnixTimeMilliseconds());
        for (; reader.Read(); count++)
            _contents.Release(reader.ReadHash(0));
        return count;
    }

    /// <summary>The wanted zones that belong to a catalog.</summary>
    public ImmutableArray<OwnedZone> ReadOwned(DomainName catalog)
    {
        var owned = ImmutableArray.CreateBuilder<OwnedZone>();
        using var select = new SqliteStatement(
            _connection,
            """
            SELECT zone, owner_catalog, owner_label, owner_group, owner_next FROM zones
            WHERE owner_catalog = ?1 AND zone <> ?1 AND wish = ?2
            """,
            2);
        using SqliteDataReader reader = select.Query(SqliteValues.Of(catalog), (long)ZoneWish.Present);
        while (reader.Read()) owned.Add(new OwnedZone(reader.ReadName(0), reader.ReadOwner(1)!));
        return owned.ToImmutable();
    }

    /// <summary>Names of the zones that targets serve, behind the given one: wanted, with content, and no catalogs.</summary>
    /// <param name="after">Null for the beginning.</param>
    /// <param name="limit">Negative for all.</param>
    public ImmutableArray<DomainName> ReadWanted(DomainName? after, int limit)
    {
        var names = ImmutableArray.CreateBuilder<DomainName>();
        using var select = new SqliteStatement(
            _connection,
            """
            SELECT zone FROM zones WHERE zone > ?1 AND wish = ?2 AND content IS NOT NULL AND owner_catalog IS NOT zone
            ORDER BY zone LIMIT ?3
            """,
            3);
        byte[] behind = after is null ? [] : SqliteValues.Of(after);
        using SqliteDataReader reader = select.Query(behind, (long)ZoneWish.Present, (long)limit);
        while (reader.Read()) names.Add(reader.ReadName(0));
        return names.ToImmutable();
    }

    /// <summary>How many zones every master refuses; what an older program has left beside a later confirmation does not count.</summary>
    public GivenUpRead CountGivenUp()
    {
        using var select = new SqliteStatement(
            _connection,
            """
            SELECT count(*), count(CASE WHEN refused_since IS NOT NULL AND refused_since >= ifnull(refreshed_at, refused_since) THEN 1 END)
            FROM zones WHERE wish = ?1
            """,
            1);
        using SqliteDataReader reader = select.Query((long)ZoneWish.Present);
        reader.Read();
        return new GivenUpRead(reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>Computes the shard of every zone anew for another count.</summary>
    public void Reshard(int shardCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardCount);
        _connection.CreateFunction(
            "shard_of", (long hash, long count) => ShardOf(unchecked((ulong)hash), (int)count), isDeterministic: true);
        using var update = new SqliteStatement(_connection, "UPDATE zones SET shard = shard_of(name_hash, ?1)", 1);
        update.Execute((long)shardCount);
        using var note = new SqliteStatement(_connection, "UPDATE meta SET value = ?1 WHERE key = 'shard_count'", 1);
        note.Execute((long)shardCount);
    }

    /// <summary>Learns what is committed: a commit that failed leaves the zones divided as they were.</summary>
    public void LearnShardCount() => ShardCount = ReadShardCount();

    public void Dispose()
    {
        foreach (SqliteStatement statement in (SqliteStatement[])
            [_content, _put, _clearProgress, _putProgress, _putStanding, _putLifetime, _clearLifetime, _forget, _keptContent, _keep,
                _purge])
            statement.Dispose();
    }

    private static long ShardOf(ulong nameHash, int shardCount) => (long)(nameHash % (ulong)shardCount);

    private int ReadShardCount()
    {
        using var select = new SqliteStatement(_connection, "SELECT value FROM meta WHERE key = 'shard_count'", 0);
        return select.Scalar() is long count and > 0 ? (int)count : throw new IOException("The journal is damaged: it has no shard count.");
    }

    private void ReleaseContent(SqliteStatement current, byte[] zone, ContentHash? next)
    {
        if (current.Scalar(zone) is byte[] bytes && ContentHash.TryFromBytes(bytes, out ContentHash before) && before != next)
            _contents.Release(before);
    }
}
