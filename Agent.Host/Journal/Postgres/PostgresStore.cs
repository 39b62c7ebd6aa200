using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>The fence or the number of a batch was not taken; nothing was written. Whose the shards are is still to be found out.</summary>
internal sealed class FenceNotHeldException() : Exception("the fence does not carry our epoch");

/// <summary>The server confirmed a commit without waiting for its standby: a failover may lose it.</summary>
internal sealed class NotReplicatedException() : IOException("the server confirmed a change before its standby had it");

/// <summary>The journal on one open session. Used by one thread.</summary>
internal sealed class PostgresStore : IDisposable
{
    private const string LoadRows =
        """
        SELECT z.zone, z.name, z.wish, z.generation, z.changed_at, z.refreshed_at, z.reason_code, z.reason_text, z.reason_since,
            z.lifetime, z.owner_catalog, z.owner_label, z.owner_group, z.owner_next, z.refused_since, c.hash, c.apex, c.serial,
            c.soa_refresh, c.soa_retry, c.soa_expire, c.soa_minimum, c.soa_ttl, c.records, c.bytes, c.data IS NULL, c.body IS NULL
        FROM zones z LEFT JOIN contents c ON c.hash = z.content WHERE z.{0} = $1 ORDER BY z.zone
        """;

    private const string LoadCandidates =
        """
        SELECT z.zone, z.candidate_generation, z.candidate_serial, z.candidate_rejected, z.candidate_code, z.candidate_text,
            z.candidate_since, c.hash, c.apex, c.serial, c.soa_refresh, c.soa_retry, c.soa_expire, c.soa_minimum, c.soa_ttl, c.records,
            c.bytes, c.data IS NULL, c.body IS NULL
        FROM zones z LEFT JOIN contents c ON c.hash = z.candidate
        WHERE z.{0} = $1 AND z.candidate_generation IS NOT NULL
        """;

    private const string LoadProgress =
        """
        SELECT p.zone, p.target, p.state, p.serial, p.verified_at, p.reason_code, p.reason_text
        FROM zones z JOIN progress p ON p.zone = z.zone WHERE z.{0} = $1 ORDER BY p.zone, p.target
        """;

    private readonly NpgsqlConnection _connection;
    private readonly ContentStore _files;
    private readonly PostgresContentReader _reader;
    private readonly JournalOptions _options;
    private readonly HashSet<string> _targetNames = new(StringComparer.Ordinal);
    private bool _wasWarned;

    public PostgresStore(NpgsqlConnection connection, ContentStore files, PostgresContentReader reader, JournalOptions options)
    {
        _connection = connection;
        _files = files;
        _reader = reader;
        _options = options;
        // "canceling wait for synchronous replication": the words are translated, the code is that of every plain warning.
        _connection.Notice += (_, e) => _wasWarned |= e.Notice.InvariantSeverity == "WARNING";
    }

    public NpgsqlConnection Connection => _connection;

    /// <summary>Whether the server has warned since <see cref="ForgetWarnings"/>: perhaps of a commit without its standby.</summary>
    public bool WasWarned => _wasWarned;

    /// <summary>Whether the session can be used further.</summary>
    public bool IsOpen => _connection.FullState == System.Data.ConnectionState.Open;

    public Guid ReadIdentity()
    {
        using var select = new NpgsqlCommand("SELECT journal FROM identity", _connection);
        return (Guid)(select.ExecuteScalar() ?? throw new IOException("The journal is damaged: it has no identity."));
    }

    /// <summary>Takes a shard under an epoch.</summary>
    /// <returns>Null when it is held now; otherwise the epoch under which somebody else has it for good.</returns>
    /// <exception cref="NotReplicatedException">Whether it will last is not known.</exception>
    public long? Take(PostgresFence fence, ShardEpoch claim)
    {
        ForgetWarnings();
        long? other = fence.Take(_connection, claim);
        return _wasWarned ? throw new NotReplicatedException() : other;
    }

    /// <summary>Under which epochs shards stand; what does not hold of this node's own, the fence forgets.</summary>
    /// <exception cref="NotReplicatedException">The server may have a successor already.</exception>
    public Dictionary<int, long> Check(PostgresFence fence, IReadOnlyCollection<ShardEpoch> claims)
    {
        ForgetWarnings();
        Dictionary<int, long> standing = fence.Check(_connection, claims);
        if (_wasWarned) throw new NotReplicatedException();
        return standing;
    }

    /// <summary>Which of these the database refers to, and whether it holds their octets too; otherwise only the file of a node
    /// does.</summary>
    public Dictionary<ContentHash, bool> FindContents(IReadOnlyCollection<ContentHash> hashes)
    {
        var found = new Dictionary<ContentHash, bool>();
        using var select = new NpgsqlCommand(
            "SELECT hash, data IS NOT NULL OR body IS NOT NULL FROM contents WHERE hash = ANY ($1)", _connection);
        select.Parameters.AddColumn(hashes.Select(PostgresValues.Of));
        using NpgsqlDataReader reader = select.ExecuteReader();
        while (reader.Read()) found.Add(reader.ReadHash(0), reader.GetBoolean(1));
        return found;
    }

    /// <summary>Writes all of a batch or nothing.</summary>
    /// <returns>The contents that lost their last reference, and whether a file held them.</returns>
    /// <exception cref="FenceNotHeldException">Nothing was written, for epoch or number are not ours any more.</exception>
    /// <exception cref="NotReplicatedException">Whether it will last is not known.</exception>
    public List<(ContentHash Hash, bool IsFile)> Write(
        PostgresBatch entries, PostgresFence fence, long number, ImmutableArray<ShardEpoch> claims, IReadOnlyList<PreparedContent> fresh)
    {
        using var batch = new NpgsqlBatch(_connection);
        var writer = new PostgresWriter(entries, fence.Writer, number, _options);
        foreach (NpgsqlBatchCommand command in writer.Statements(claims, fresh)) batch.BatchCommands.Add(command);
        ForgetWarnings();
        bool isHeld;
        var dropped = new List<(ContentHash, bool)>();
        using (NpgsqlDataReader reader = batch.ExecuteReader())
        {
            isHeld = reader.Read();
            while (reader.NextResult())
            {
                while (reader.Read()) dropped.Add((reader.ReadHash(0), reader.GetBoolean(1)));
            }
        }

        if (!isHeld) throw new FenceNotHeldException();
        if (_wasWarned) throw new NotReplicatedException();
        return dropped;
    }

    public ImmutableArray<ZoneRow> LoadShard(int shard) => Load("shard", parameters => parameters.AddNumber(shard));

    /// <summary>The row of one zone; null when there is none.</summary>
    public ZoneRow? ReadZone(DomainName zone) =>
        Load("zone", parameters => parameters.AddOctets(PostgresValues.Of(zone))).SingleOrDefault();

    private ImmutableArray<ZoneRow> Load(string column, Action<NpgsqlParameterCollection> addKey)
    {
        using var batch = new NpgsqlBatch(_connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LoadProgress.Replace("{0}", column, StringComparison.Ordinal)));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LoadCandidates.Replace("{0}", column, StringComparison.Ordinal)));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LoadRows.Replace("{0}", column, StringComparison.Ordinal)));
        foreach (NpgsqlBatchCommand command in batch.BatchCommands) addKey(command.Parameters);
        using NpgsqlDataReader reader = batch.ExecuteReader();
        Dictionary<DomainName, ImmutableArray<TargetProgress>.Builder> targets = ReadProgress(reader);
        reader.NextResult();
        Dictionary<DomainName, StoredCandidate> candidates = ReadCandidates(reader);
        reader.NextResult();
        var rows = ImmutableArray.CreateBuilder<ZoneRow>();
        while (reader.Read())
        {
            DomainName key = reader.ReadName(0);
            DomainName name = reader.ReadNameText(1);
            long generation = reader.GetInt64(3);
            rows.Add(new ZoneRow
            {
                Name = name,
                Wish = (ZoneWish)reader.GetInt32(2),
                Generation = generation,
                Candidate = candidates.GetValueOrDefault(key)?.At(generation),
                ChangedAt = reader.ReadTime(4),
                RefreshedAt = reader.ReadTimeOrNull(5),
                Reason = reader.ReadReason(6),
                ReasonSince = reader.ReadTimeOrNull(8),
                Lifetime = reader.ReadSpanOrNull(9),
                Owner = PostgresOwners.Read(reader, 10),
                RefusedSince = reader.ReadTimeOrNull(14),
                Content = ReadContent(reader, 15, name),
                Targets = targets.TryGetValue(key, out ImmutableArray<TargetProgress>.Builder? found) ? found.ToImmutable() : [],
            });
        }

        return rows.ToImmutable();
    }

    public ImmutableArray<OwnedZone> ReadOwned(DomainName catalog) => PostgresOwners.ReadOwned(_connection, catalog);

    public ImmutableArray<DomainName> ReadWantedNames() => ReadWanted(null, int.MaxValue);

    public ImmutableArray<DomainName> ReadWanted(DomainName? after, int limit)
    {
        var names = ImmutableArray.CreateBuilder<DomainName>();
        using var select = new NpgsqlCommand(
            """
            SELECT zone FROM zones WHERE zone > $1 AND wish = $2 AND content IS NOT NULL AND owner_catalog IS DISTINCT FROM zone
            ORDER BY zone LIMIT $3
            """,
            _connection);
        select.Parameters.AddOctets(after is null ? [] : PostgresValues.Of(after));
        select.Parameters.AddNumber((long)ZoneWish.Present);
        select.Parameters.AddNumber(limit);
        using NpgsqlDataReader reader = select.ExecuteReader();
        while (reader.Read()) names.Add(reader.ReadName(0));
        return names.ToImmutable();
    }

    public GivenUpRead CountGivenUp()
    {
        using var select = new NpgsqlCommand(
            """
            SELECT count(*), count(*) FILTER (WHERE refused_since >= coalesce(refreshed_at, refused_since)) FROM zones WHERE wish = $1
            """,
            _connection);
        select.Parameters.AddNumber((long)ZoneWish.Present);
        using NpgsqlDataReader reader = select.ExecuteReader();
        reader.Read();
        return new GivenUpRead(reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>The last content of a deleted zone; null when none is kept.</summary>
    public ZoneContent? ReadKept(DomainName zone)
    {
        using var select = new NpgsqlCommand(PostgresKept.Content, _connection);
        select.Parameters.AddOctets(PostgresValues.Of(zone));
        using NpgsqlDataReader reader = select.ExecuteReader();
        return reader.Read() ? ReadContent(reader, 0, zone) : null;
    }

    public ImmutableArray<ZoneEvent> ReadHistory(DomainName? zone, int limit) => PostgresEvents.Read(_connection, zone, limit);

    /// <summary>
    /// Drops kept contents whose time is over; their number, and the contents that went with them. Several nodes may do it at once: what
    /// one is at, the others leave to it.
    /// </summary>
    public (int Purged, List<(ContentHash Hash, bool IsFile)> Dropped) PurgeExpired(DateTimeOffset now)
    {
        using var batch = new NpgsqlBatch(_connection);
        var purge = new NpgsqlBatchCommand(
            $"""
            WITH gone AS (
                DELETE FROM kept WHERE zone IN (SELECT zone FROM kept WHERE keep_until <= $1 FOR UPDATE SKIP LOCKED) RETURNING content),
            aged AS (DELETE FROM differences WHERE id IN (
                SELECT id FROM differences WHERE at < $2 LIMIT 10000 FOR UPDATE SKIP LOCKED))
            SELECT count(*), {PostgresReleased.Note("content")} FROM gone
            """);
        purge.Parameters.AddNumber(PostgresValues.Of(now));
        purge.Parameters.AddNumber(PostgresValues.Of(now - _options.DifferencesAge));
        batch.BatchCommands.Add(purge);
        batch.BatchCommands.Add(PostgresReleased.Drop());
        var dropped = new List<(ContentHash, bool)>();
        using NpgsqlDataReader reader = batch.ExecuteReader();
        reader.Read();
        int purged = (int)reader.GetInt64(0);
        reader.NextResult();
        while (reader.Read()) dropped.Add((reader.ReadHash(0), reader.GetBoolean(1)));
        return (purged, dropped);
    }

    /// <summary>The contents that may lie in files, for the clearing up.</summary>
    public HashSet<ContentHash> ReadFileContents()
    {
        var files = new HashSet<ContentHash>();
        using var select = new NpgsqlCommand("SELECT hash FROM contents WHERE data IS NULL", _connection);
        using NpgsqlDataReader reader = select.ExecuteReader();
        while (reader.Read()) files.Add(reader.ReadHash(0));
        return files;
    }

    /// <summary>Contents of which the database has no octets, because an older program has left them to the file of a node.</summary>
    public List<ZoneFacts> ReadLegacyContents()
    {
        var found = new List<ZoneFacts>();
        using var select = new NpgsqlCommand(
            """
            SELECT c.hash, c.apex, c.serial, c.soa_refresh, c.soa_retry, c.soa_expire, c.soa_minimum, c.soa_ttl, c.records, c.bytes
            FROM contents c WHERE c.data IS NULL AND c.body IS NULL
            """,
            _connection);
        using NpgsqlDataReader reader = select.ExecuteReader();
        while (reader.Read()) found.Add(ReadFacts(reader, 0, null));
        return found;
    }

    /// <summary>The octets of such a content are in the database now.</summary>
    public void NoteBody(ContentHash hash)
    {
        using var note = new NpgsqlCommand("UPDATE contents SET body = hash WHERE hash = $1 AND data IS NULL", _connection);
        note.Parameters.AddOctets(PostgresValues.Of(hash));
        note.ExecuteNonQuery();
    }

    /// <summary>Computes the shard of every zone anew for another count, and takes the shards that come with it.</summary>
    public void Reshard(PostgresFence fence, int shardCount)
    {
        using NpgsqlTransaction transaction = _connection.BeginTransaction();
        using (var first = new NpgsqlCommand("SELECT value FROM meta WHERE key = 'epoch' FOR UPDATE", _connection)) first.ExecuteScalar();
        using (var held = new NpgsqlCommand(
            "SELECT count(*) FROM (SELECT 1 FROM shard_fence WHERE epoch <> $1 OR writer <> $2 FOR UPDATE) AS others", _connection))
        {
            held.Parameters.AddNumber(fence.Epoch);
            held.Parameters.AddId(fence.Writer);
            if ((long)held.ExecuteScalar()! > 0) throw new FenceNotHeldException();
        }

        using (var take = new NpgsqlCommand(
            "INSERT INTO shard_fence (shard, epoch, writer) SELECT s, $1, $2 FROM generate_series(0, $3 - 1) AS s ON CONFLICT DO NOTHING",
            _connection))
        {
            take.Parameters.AddNumber(fence.Epoch);
            take.Parameters.AddId(fence.Writer);
            take.Parameters.AddNumber(shardCount);
            take.ExecuteNonQuery();
        }

        PostgresShards.Renumber(_connection, shardCount);
        transaction.Commit();
        fence.Hold(shardCount);
    }

    public void ForgetWarnings() => _wasWarned = false;

    public void Dispose() => _connection.Dispose();

    private Dictionary<DomainName, ImmutableArray<TargetProgress>.Builder> ReadProgress(NpgsqlDataReader reader)
    {
        var targets = new Dictionary<DomainName, ImmutableArray<TargetProgress>.Builder>();
        while (reader.Read())
        {
            DomainName zone = reader.ReadName(0);
            if (!targets.TryGetValue(zone, out ImmutableArray<TargetProgress>.Builder? list))
                targets.Add(zone, list = ImmutableArray.CreateBuilder<TargetProgress>());
            list.Add(new TargetProgress(
                Once(reader.GetString(1)),
                (TargetZoneState)reader.GetInt32(2),
                reader.ReadNumberOrNull(3),
                reader.ReadTimeOrNull(4),
                reader.ReadReason(5)));
        }

        return targets;
    }

    private Dictionary<DomainName, StoredCandidate> ReadCandidates(NpgsqlDataReader reader)
    {
        var found = new Dictionary<DomainName, StoredCandidate>();
        while (reader.Read())
        {
            DomainName zone = reader.ReadName(0);
            var candidate = new ZoneCandidate(
                reader.ReadNumberOrNull(2) ?? 0,
                ReadContent(reader, 7, zone),
                reader.ReadReason(4) ?? new Reason(ReasonCode.GuardShrink, string.Empty),
                reader.ReadTime(6),
                reader.GetInt64(3) != 0);
            found.Add(zone, new StoredCandidate(reader.GetInt64(1), candidate));
        }

        return found;
    }

    /// <summary>The few names of targets, each once in memory however many zones name it.</summary>
    private string Once(string target)
    {
        if (!_targetNames.TryGetValue(target, out string? known)) _targetNames.Add(known = target);
        return known;
    }

    /// <summary>
    /// A handle from the columns; null without content, and when an older program has written it to a file that this node lacks, so that a
    /// master is asked for it.
    /// </summary>
    private ZoneContent? ReadContent(NpgsqlDataReader reader, int column, DomainName name)
    {
        if (reader.IsDBNull(column)) return null;
        ZoneFacts facts = ReadFacts(reader, column, name);
        if (!reader.GetBoolean(column + 10)) return _reader.Contents.Content(facts);
        return reader.GetBoolean(column + 11) ? _files.Find(facts) : new PostgresLargeContent(facts, _reader);
    }

    /// <param name="name">The zone's name, which most contents share.</param>
    private static ZoneFacts ReadFacts(NpgsqlDataReader reader, int column, DomainName? name)
    {
        DomainName apex = reader.ReadName(column + 1);
        return new ZoneFacts(
            name is not null && apex.Wire.SequenceEqual(name.Wire) ? name : apex,
            reader.ReadNumber(column + 2),
            new SoaTimers(
                reader.ReadNumber(column + 3), reader.ReadNumber(column + 4), reader.ReadNumber(column + 5), reader.ReadNumber(column + 6)),
            reader.ReadNumber(column + 7),
            reader.GetInt64(column + 8),
            reader.GetInt64(column + 9),
            reader.ReadHash(column));
    }
}
