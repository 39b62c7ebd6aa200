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
/// Who may write: the epoch of this run, and the numbers of its batches. Each append locks the fence rows of its shards FOR SHARE and goes
/// on only if they still carry epoch and writer; whoever takes a shard over updates its row, which waits for appends under way and shuts
/// out later ones.
/// </summary>
/// <remarks>
/// <code>
///            Claim                    connection broken             Resume: rows still ours
///   (start) -------> number n ------------------------> in doubt --------------------------> n committed, or void for ever
///                        ^                                 |  Resume: a newer epoch, or the same of another writer
///                        +---- append, n + 1               +----------------------------------> fenced, for good
/// </code>
/// A batch whose outcome is unknown may still lie in a socket of a server that was stopped. Resume therefore does not only look: it voids
/// every number used so far in the same transaction in which it looks, and that transaction waits for what is running.
/// </remarks>
internal sealed class PostgresFence(Guid writer, string node)
{
    /// <summary>Makes a batch this run's next one; no row comes back when the fence or the number is not ours any more.</summary>
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

    private long _number;
    private long _committed;

    public Guid Writer => writer;

    public long Epoch { get; private set; }

    /// <summary>A number for the next attempt; none is used twice.</summary>
    public long NextNumber() => ++_number;

    public void Committed(long number) => _committed = number;

    /// <summary>Takes all shards under an epoch larger than any before. Waits for appends of whoever had them.</summary>
    public void Claim(NpgsqlConnection connection, int shards)
    {
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        using var next = new NpgsqlCommand(
            """
            UPDATE meta SET value = greatest(value, (SELECT coalesce(max(epoch), 0) FROM shard_fence)) + 1
            WHERE key = 'epoch' RETURNING value
            """,
            connection);
        long epoch = (long)(next.ExecuteScalar() ?? throw new IOException("the journal has no epoch"));
        Take(connection, epoch, shards);
        using var enter = new NpgsqlCommand(
            "INSERT INTO writers (writer, epoch, node, batch, voided) VALUES ($1, $2, $3, 0, 0)", connection);
        enter.Parameters.AddId(writer);
        enter.Parameters.AddNumber(epoch);
        enter.Parameters.AddText(node);
        enter.ExecuteNonQuery();
        using var leave = new NpgsqlCommand("DELETE FROM writers WHERE epoch < $1", connection);
        leave.Parameters.AddNumber(epoch);
        leave.ExecuteNonQuery();
        transaction.Commit();
        Epoch = epoch;
    }

    /// <summary>Goes on over a new connection: finds out how the batch in doubt ended and fences the shards anew.</summary>
    /// <returns>The outcome of <paramref name="doubt"/> (void when there is none), and whether the database has lost what it had
    /// confirmed.</returns>
    /// <exception cref="JournalFencedException">Somebody else has taken a shard.</exception>
    public (BatchOutcome Outcome, bool LostConfirmed) Resume(NpgsqlConnection connection, int shards, long? doubt)
    {
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        using (var rows = new NpgsqlCommand("SELECT shard, epoch, writer FROM shard_fence ORDER BY shard FOR UPDATE", connection))
        using (NpgsqlDataReader reader = rows.ExecuteReader())
        {
            while (reader.Read())
            {
                long epoch = reader.GetInt64(1);
                if (epoch > Epoch || (epoch == Epoch && reader.GetGuid(2) != writer))
                    throw new JournalFencedException($"another agent has taken the journal over (epoch {epoch}, ours is {Epoch})");
            }
        }

        long last = -1;
        using (var mark = new NpgsqlCommand("SELECT batch FROM writers WHERE writer = $1 FOR UPDATE", connection))
        {
            mark.Parameters.AddId(writer);
            if (mark.ExecuteScalar() is long found) last = found;
        }

        using (var enter = new NpgsqlCommand(
            """
            INSERT INTO writers (writer, epoch, node, batch, voided) VALUES ($1, $2, $3, 0, $4)
            ON CONFLICT (writer) DO UPDATE SET voided = $4
            """,
            connection))
        {
            enter.Parameters.AddId(writer);
            enter.Parameters.AddNumber(Epoch);
            enter.Parameters.AddText(node);
            enter.Parameters.AddNumber(_number);
            enter.ExecuteNonQuery();
        }

        // Written even where nothing changes: the answer to this commit says that all before it is with the standby as well.
        Take(connection, Epoch, shards);
        transaction.Commit();
        bool lost = last < _committed;
        if (doubt is null || last != doubt) return (BatchOutcome.Void, lost);
        _committed = last;
        return (BatchOutcome.Committed, lost);
    }

    private void Take(NpgsqlConnection connection, long epoch, int shards)
    {
        using var take = new NpgsqlCommand(
            """
            INSERT INTO shard_fence (shard, epoch, writer) SELECT s, $1, $2 FROM generate_series(0, $3 - 1) AS s ORDER BY s
            ON CONFLICT (shard) DO UPDATE SET epoch = $1, writer = $2, claimed_at = now() WHERE shard_fence.epoch <= $1
            """,
            connection);
        take.Parameters.AddNumber(epoch);
        take.Parameters.AddId(writer);
        take.Parameters.AddNumber(shards);
        take.ExecuteNonQuery();
    }
}
