using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Reads zones with all that lies around them: contents, lifetimes, candidates, and their progress at the targets.</summary>
/// <remarks>
/// The rows of a shard lie everywhere in the file, so that reading them costs a page for each. Shards that are wanted together are read in
/// passes over the whole table, where a page is fetched once for all of its rows.
/// </remarks>
internal sealed class SqliteRows : IDisposable
{
    private const int TargetColumn = 17;
    private const int ContentColumn = 23;

    private readonly SqliteConnection _connection;
    private readonly SqliteContents _contents;
    private readonly SqliteCandidates _candidates;
    private readonly HashSet<string> _targetNames = new(StringComparer.Ordinal);
    private readonly SqliteStatement _one;
    private readonly SqliteStatement _shard;
    private readonly SqliteStatement _shards;

    public SqliteRows(SqliteConnection connection, SqliteContents contents, SqliteCandidates candidates)
    {
        _connection = connection;
        _contents = contents;
        _candidates = candidates;
        _one = Select(connection, "zones z", "z.zone = ?1", 1);
        _shard = Select(connection, "zones z", "z.shard = ?1", 1);
        _shards = Select(connection, "zones z NOT INDEXED", "z.shard BETWEEN ?1 AND ?2", 2);
    }

    /// <summary>The row of one zone; null when there is none.</summary>
    public ZoneRow? Load(DomainName zone)
    {
        using SqliteDataReader reader = _one.Query(SqliteValues.Of(zone));
        ZoneRow? row = null;
        Read(reader, (_, read) => row = read);
        return row;
    }

    /// <summary>How many shards have about so many rows; one at least.</summary>
    public int ShardsPerPass(int rowsPerPass)
    {
        using var count = new SqliteStatement(
            _connection,
            "SELECT ?1 * (SELECT value FROM meta WHERE key = 'shard_count') / max(1, (SELECT count(*) FROM zones))",
            1);
        return (int)Math.Clamp((long)count.Scalar(rowsPerPass)!, 1, int.MaxValue);
    }

    /// <summary>The rows of some shards, in their order, all of one moment.</summary>
    public void LoadPass(int[] shards, Action<int, ImmutableArray<ZoneRow>> loaded)
    {
        Dictionary<int, ImmutableArray<ZoneRow>.Builder> rows = shards.ToDictionary(s => s, _ => ImmutableArray.CreateBuilder<ZoneRow>());
        (long first, long last) = (shards[0], shards[^1]);
        using (SqliteDataReader reader = first == last ? _shard.Query(first) : _shards.Query(first, last))
        {
            // Between the two there may be some that nobody asked for.
            Read(reader, (shard, row) => rows.GetValueOrDefault(shard)?.Add(row));
        }

        foreach (int shard in shards)
        {
            ImmutableArray<ZoneRow> found = rows[shard].ToImmutable();
            rows.Remove(shard);
            loaded(shard, found);
        }
    }

    public void Dispose()
    {
        _one.Dispose();
        _shard.Dispose();
        _shards.Dispose();
    }

    /// <summary>The lines of a zone, one for each of its targets, come one after the other.</summary>
    private void Read(SqliteDataReader reader, Action<int, ZoneRow> found)
    {
        var targets = ImmutableArray.CreateBuilder<TargetProgress>();
        bool isLine = reader.Read();
        while (isLine)
        {
            long rowId = reader.GetInt64(0);
            int shard = reader.GetInt32(1);
            ZoneRow row = ReadRow(reader);
            for (; isLine && reader.GetInt64(0) == rowId; isLine = reader.Read())
            {
                if (!reader.IsDBNull(TargetColumn)) targets.Add(ReadProgress(reader));
            }

            found(shard, row with { Targets = targets.DrainToImmutable() });
        }
    }

    private ZoneRow ReadRow(SqliteDataReader reader)
    {
        DomainName name = reader.ReadNameText(2);
        long generation = reader.GetInt64(4);
        return new ZoneRow
        {
            Name = name,
            Wish = (ZoneWish)reader.GetInt32(3),
            Generation = generation,
            Candidate = reader.IsDBNull(16) ? null : _candidates.Load(name)?.At(generation),
            ChangedAt = reader.ReadTime(5),
            RefreshedAt = reader.ReadTimeOrNull(6),
            Reason = reader.ReadReason(7),
            ReasonSince = reader.ReadTimeOrNull(9),
            Lifetime = reader.ReadSpanOrNull(10),
            Owner = reader.ReadOwner(11),
            RefusedSince = reader.ReadTimeOrNull(15),
            Content = _contents.ReadContent(reader, ContentColumn, name),
        };
    }

    private TargetProgress ReadProgress(SqliteDataReader reader) => new(
        Once(reader.GetString(TargetColumn)),
        (TargetZoneState)reader.GetInt32(TargetColumn + 1),
        reader.ReadNumberOrNull(TargetColumn + 2),
        reader.ReadTimeOrNull(TargetColumn + 3),
        reader.ReadReason(TargetColumn + 4));

    /// <summary>The few names of targets, each once in memory however many zones name it.</summary>
    private string Once(string target)
    {
        if (!_targetNames.TryGetValue(target, out string? known)) _targetNames.Add(known = target);
        return known;
    }

    private static SqliteStatement Select(SqliteConnection connection, string zones, string which, int parameters) => new(
        connection,
        $"""
        SELECT z.rowid, z.shard, z.name, z.wish, z.generation, z.changed_at, z.refreshed_at, z.reason_code, z.reason_text, z.reason_since,
            l.lifetime, z.owner_catalog, z.owner_label, z.owner_group, z.owner_next, z.refused_since, z.candidate_generation,
            p.target, p.state, p.serial, p.verified_at, p.reason_code, p.reason_text,
            {SqliteContents.Columns}
        FROM {zones} LEFT JOIN contents c ON c.hash = z.content LEFT JOIN lifetimes l ON l.zone = z.zone
            LEFT JOIN progress p ON p.zone = z.zone
        WHERE {which}
        """,
        parameters);
}
