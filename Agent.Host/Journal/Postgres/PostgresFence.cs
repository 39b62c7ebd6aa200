using System.Collections.Immutable;
using Agent.Actors.Journal;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>How the last batch of a broken connection ended.</summary>
internal enum BatchOutcome
{
    /// <summary>It was never written, and can never be any more.</summary>
    Void = 0,

    /// <summary>It is durable.</summary>
    Committed = 1,
}

/// <summary>
/// Who may write: the shards that this run holds, each under its epoch, and the numbers of its batches. Each append locks the fence rows of
/// its shards FOR SHARE and goes on only if they still carry epoch and writer; whoever takes a shard updates its row, which waits for
/// appends under way and shuts out later ones.
/// </summary>
/// <remarks>
/// An agent that stands alone takes all shards at its start, under an epoch that the journal counts, and whoever takes one of them from it
/// has taken the journal. In a cluster the journal is <em>shared</em>: each shard is taken by itself, under an epoch that comes from
/// outside, and is lost by itself.
/// <code>
///         Claim, Enter             connection broken           Resume: row by row
///   (start) -------> number n ------------------------> in doubt ---------------> n committed, or void for ever
///                        ^                                 |   the row is ours, or older: held again
///                        +---- append, n + 1               +-- a newer epoch, or the same of another writer: lost, for good
/// </code>
/// A batch whose outcome is unknown may still lie in a socket of a server that was stopped. Resume therefore does not only look: it voids
/// every number used so far in the same transaction in which it looks, and that transaction waits for what is running.
/// <para>Compared is the claim of each entry and not only the writer: what a former host of a shard sends late is refused also when the
/// same run has taken the shard again since.</para>
/// </remarks>
internal sealed class PostgresFence(Guid writer, string node, JournalCluster? cluster)
{
    /// <summary>Makes a batch this run's next one; no row comes back when a claim or the number is not ours any more.</summary>
    /// <remarks>The locking select is joined, and so is never left out by the planner.</remarks>
    public const string Append =
        """
        WITH fence AS (
            SELECT f.shard FROM shard_fence f
            JOIN unnest($3::int[], $4::bigint[]) AS mine (shard, epoch) ON f.shard = mine.shard AND f.epoch = mine.epoch
            WHERE f.writer = $1 ORDER BY f.shard FOR SHARE OF f
        ), held AS (SELECT count(*) AS shards FROM fence)
        UPDATE writers w SET batch = $2, written_at = now() FROM held
        WHERE held.shards = cardinality($3::int[]) AND w.writer = $1 AND w.batch < $2 AND w.voided < $2
        RETURNING w.batch
        """;

    /// <summary>True for the statements behind <see cref="Append"/> in its transaction when it gave a row, and for no others.</summary>
    public const string IsHeld = "EXISTS (SELECT 1 FROM writers w WHERE w.writer = $1 AND w.batch = $2)";

    /// <summary>Runs that held nothing and wrote nothing for so long are forgotten.</summary>
    private const string ForgottenAfter = "30 days";

    private readonly Dictionary<int, long> _held = [];

    /// <summary>The last claim of each shard that this node had and has not any more, even where its row still stands: what its host has
    /// in memory is not what the database holds.</summary>
    private readonly Dictionary<int, long> _dropped = [];
    private long _number;
    private long _committed;

    public Guid Writer => writer;

    public bool IsShared => cluster is not null;

    /// <summary>Number of this run, larger than any before; the epoch of every shard when the journal is not shared.</summary>
    public long Epoch { get; private set; }

    /// <summary>A number for the next attempt; none is used twice.</summary>
    public long NextNumber() => ++_number;

    public void Committed(long number) => _committed = number;

    /// <summary>Whether the claim held when the database was last looked at.</summary>
    public bool Holds(ShardEpoch claim) => _held.TryGetValue(claim.Shard, out long epoch) && epoch == claim.Epoch;

    /// <summary>Whether the claim was this node's and is over, whatever its row says.</summary>
    public bool HasDropped(ShardEpoch claim) => _dropped.TryGetValue(claim.Shard, out long epoch) && epoch >= claim.Epoch;

    /// <summary>Takes all shards of a journal that is not shared, under an epoch larger than any before. Waits for appends of whoever had
    /// them.</summary>
    /// <exception cref="JournalOpenException">It belongs to a cluster.</exception>
    public void Claim(NpgsqlConnection connection, int shards)
    {
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        Epoch = NextRun(connection);
        if (PostgresShards.IsShared(connection)) throw new JournalOpenException(PostgresShards.NotAlone);
        Hold(shards);
        Retake(connection);
        EnterWriter(connection, voided: 0);
        using var leave = new NpgsqlCommand("DELETE FROM writers WHERE epoch < $1", connection);
        leave.Parameters.AddNumber(Epoch);
        leave.ExecuteNonQuery();
        transaction.Commit();
    }

    /// <summary>Joins the writers of a shared journal, without a shard yet; makes the journal a shared one if it was not.</summary>
    /// <exception cref="JournalOpenException">It is another cluster's, or was made for another number of shards.</exception>
    public void Enter(NpgsqlConnection connection)
    {
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        // The first statement locks the counter, so that one agent at a time comes here or into Claim.
        Epoch = NextRun(connection);
        if (PostgresShards.IsShared(connection)) PostgresShards.Compare(connection, cluster!);
        else PostgresShards.Share(connection, cluster!);
        EnterWriter(connection, voided: 0);
        using var leave = new NpgsqlCommand(
            $"""
            DELETE FROM writers w WHERE w.written_at < now() - interval '{ForgottenAfter}'
                AND NOT EXISTS (SELECT 1 FROM shard_fence f WHERE f.writer = w.writer)
            """,
            connection);
        leave.ExecuteNonQuery();
        transaction.Commit();
    }

    /// <summary>The shards that came with another number of them are ours as the others are.</summary>
    public void Hold(int shards)
    {
        for (int shard = 0; shard < shards; shard++) _held[shard] = Epoch;
    }

    /// <summary>Takes one shard, waiting for appends of whoever had it.</summary>
    /// <returns>Null when it is held now; otherwise the epoch under which somebody else has it for good.</returns>
    public long? Take(NpgsqlConnection connection, ShardEpoch claim)
    {
        using (var take = new NpgsqlCommand(
            """
            INSERT INTO shard_fence (shard, epoch, writer) VALUES ($1, $2, $3)
            ON CONFLICT (shard) DO UPDATE SET epoch = $2, writer = $3, claimed_at = now()
            WHERE shard_fence.epoch < $2 OR (shard_fence.epoch = $2 AND shard_fence.writer = $3)
            RETURNING epoch
            """,
            connection))
        {
            take.Parameters.AddNumber(claim.Shard);
            take.Parameters.AddNumber(claim.Epoch);
            take.Parameters.AddId(writer);
            if (take.ExecuteScalar() is not null)
            {
                _held[claim.Shard] = claim.Epoch;
                return null;
            }
        }

        using var read = new NpgsqlCommand("SELECT epoch FROM shard_fence WHERE shard = $1", connection);
        read.Parameters.AddNumber(claim.Shard);
        return read.ExecuteScalar() as long? ?? claim.Epoch;
    }

    /// <summary>The shard was given up in good order: nothing is found out about it any more.</summary>
    public void Release(ShardEpoch claim)
    {
        if (Holds(claim)) _held.Remove(claim.Shard);
    }

    /// <summary>
    /// Reads under which epochs shards stand, whoever has taken them: a target's node asks about shards of other nodes. Of this node's
    /// own claims those are forgotten that do not hold. The look is a commit as well: a server that has a successor by now cannot give it.
    /// </summary>
    /// <returns>The epoch of each shard that was ever taken.</returns>
    public Dictionary<int, long> Check(NpgsqlConnection connection, IReadOnlyCollection<ShardEpoch> claims)
    {
        using var batch = new NpgsqlBatch(connection);
        var look = new NpgsqlBatchCommand(
            "SELECT shard, epoch, writer FROM shard_fence WHERE shard = ANY ($1::int[]) ORDER BY shard FOR SHARE");
        look.Parameters.AddColumn(claims.Select(claim => claim.Shard).Distinct());
        batch.BatchCommands.Add(look);
        var note = new NpgsqlBatchCommand("UPDATE writers SET written_at = now() WHERE writer = $1");
        note.Parameters.AddId(writer);
        batch.BatchCommands.Add(note);
        var held = new HashSet<ShardEpoch>();
        var standing = new Dictionary<int, long>();
        using (NpgsqlDataReader reader = batch.ExecuteReader())
        {
            while (reader.Read())
            {
                standing[reader.GetInt32(0)] = reader.GetInt64(1);
                if (reader.GetGuid(2) == writer) held.Add(new ShardEpoch(reader.GetInt32(0), reader.GetInt64(1)));
            }

            while (reader.NextResult())
            {
                // Only when the last has come is the transaction known to be over.
            }
        }

        foreach (ShardEpoch claim in claims.Where(claim => Holds(claim) && !held.Contains(claim)))
        {
            if (!IsShared) throw new JournalFencedException("another agent has taken the journal over");
            Drop(claim.Shard);
        }

        return standing;
    }

    private void Drop(int shard)
    {
        if (_held.Remove(shard, out long epoch)) _dropped[shard] = epoch;
    }

    /// <summary>Goes on over a new connection: finds out how the batch in doubt ended and which shards are still ours, and fences those
    /// anew.</summary>
    /// <exception cref="JournalFencedException">Somebody else has taken the whole journal.</exception>
    public Resumption Resume(NpgsqlConnection connection, long? doubt)
    {
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        if (PostgresShards.IsShared(connection) != IsShared)
        {
            throw new JournalFencedException(
                IsShared ? "the journal does not belong to the cluster any more" : "a cluster has taken the journal over");
        }

        if (cluster is not null && PostgresShards.ReadName(connection) is { } name && name != cluster.Name)
            throw new JournalFencedException($"the journal belongs to the cluster '{name}' by now, and not to '{cluster.Name}'");

        ImmutableArray<int> lost = FindLost(connection);
        foreach (int shard in lost) Drop(shard);
        long last = 0;
        using (var mark = new NpgsqlCommand("SELECT batch FROM writers WHERE writer = $1 FOR UPDATE", connection))
        {
            mark.Parameters.AddId(writer);
            if (mark.ExecuteScalar() is long found) last = found;
        }

        EnterWriter(connection, voided: _number);
        // Written even where nothing changes: the answer to this commit says that all before it is with the standby as well.
        Retake(connection);
        transaction.Commit();
        bool lostConfirmed = last < _committed;
        _committed = last;
        // What the hosts have in memory is not what the database holds: each has to load anew, under a new claim.
        if (lostConfirmed && IsShared)
        {
            foreach (int shard in _held.Keys.ToArray()) Drop(shard);
        }

        return new Resumption(doubt is not null && last == doubt ? BatchOutcome.Committed : BatchOutcome.Void, lostConfirmed, lost);
    }

    private ImmutableArray<int> FindLost(NpgsqlConnection connection)
    {
        var lost = ImmutableArray.CreateBuilder<int>();
        using var rows = new NpgsqlCommand(
            "SELECT shard, epoch, writer FROM shard_fence WHERE shard = ANY ($1::int[]) OR NOT $2 ORDER BY shard FOR UPDATE", connection);
        rows.Parameters.AddColumn(_held.Keys);
        rows.Parameters.AddWithValue(IsShared);
        using NpgsqlDataReader reader = rows.ExecuteReader();
        while (reader.Read())
        {
            int shard = reader.GetInt32(0);
            long ours = IsShared ? _held[shard] : Epoch;
            long epoch = reader.GetInt64(1);
            if (epoch < ours || (epoch == ours && reader.GetGuid(2) == writer)) continue;
            if (!IsShared)
                throw new JournalFencedException($"another agent has taken the journal over (epoch {epoch}, ours is {ours})");
            lost.Add(shard);
        }

        return lost.ToImmutable();
    }

    private static long NextRun(NpgsqlConnection connection)
    {
        using var next = new NpgsqlCommand(
            """
            UPDATE meta SET value = greatest(value, (SELECT coalesce(max(epoch), 0) FROM shard_fence
                WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = 'cluster'))) + 1
            WHERE key = 'epoch' RETURNING value
            """,
            connection);
        return (long)(next.ExecuteScalar() ?? throw new IOException("the journal has no epoch"));
    }

    private void EnterWriter(NpgsqlConnection connection, long voided)
    {
        using var enter = new NpgsqlCommand(
            """
            INSERT INTO writers (writer, epoch, node, batch, voided) VALUES ($1, $2, $3, 0, $4)
            ON CONFLICT (writer) DO UPDATE SET voided = $4, written_at = now()
            """,
            connection);
        enter.Parameters.AddId(writer);
        enter.Parameters.AddNumber(Epoch);
        enter.Parameters.AddText(node);
        enter.Parameters.AddNumber(voided);
        enter.ExecuteNonQuery();
    }

    private void Retake(NpgsqlConnection connection)
    {
        using var take = new NpgsqlCommand(
            """
            INSERT INTO shard_fence (shard, epoch, writer)
            SELECT shard, epoch, $1 FROM unnest($2::int[], $3::bigint[]) AS mine (shard, epoch) ORDER BY shard
            ON CONFLICT (shard) DO UPDATE SET epoch = excluded.epoch, writer = excluded.writer, claimed_at = now()
            WHERE shard_fence.epoch <= excluded.epoch
            """,
            connection);
        int[] shards = [.. _held.Keys];
        take.Parameters.AddId(writer);
        take.Parameters.AddColumn(shards);
        take.Parameters.AddColumn(shards.Select(shard => _held[shard]));
        take.ExecuteNonQuery();
    }
}

/// <summary>What a journal found when it took up its work again.</summary>
/// <param name="Outcome">How the batch in doubt ended; void when there was none.</param>
/// <param name="LostConfirmed">The database has lost what it had confirmed.</param>
/// <param name="Lost">Shards that others have taken meanwhile.</param>
internal sealed record Resumption(BatchOutcome Outcome, bool LostConfirmed, ImmutableArray<int> Lost);
