using System.IO.Compression;
using System.Security.Cryptography;
using Agent.Dns.Zones;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// The octets of large contents in the database, so that another node can go on with a zone whose content it never saw. Each is cut into
/// parts that stand for fixed ranges and are compressed by themselves, so that two nodes that write one content write the same.
/// </summary>
/// <remarks>
/// A body is written before the transaction of its batch and by no fence, in a transaction of its own that does not wait for the disk: the
/// commit behind it does, and the log of the server is one. The reference of that batch is a foreign key: a body that went meanwhile fails
/// it, and the content is written again. Bodies that no batch came to refer to go by age.
/// </remarks>
internal static class PostgresBodies
{
    /// <summary>Octets that a part stands for; the last may have fewer.</summary>
    public const int PartOctets = 1 << 20;

    // Smaller and four times faster than what the small contents take, on parts of this size.
    private const int Quality = 2;
    private const int WindowBits = 20;

    // Longer than any batch waits between its body and its transaction.
    private const string OrphanAge = "1 hour";
    private const int OrphansAtOnce = 1000;

    /// <summary>Writes a body, unless it is there.</summary>
    /// <param name="read">Fills the buffer from the content, or gives less at its end.</param>
    /// <exception cref="InvalidDataException">The content is not what its facts say; nothing was written.</exception>
    public static void Write(NpgsqlConnection connection, ZoneFacts facts, Func<Memory<byte>, int> read)
    {
        byte[] hash = PostgresValues.Of(facts.Hash);
        int parts = PartsOf(facts);
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        using (var relax = new NpgsqlCommand("SELECT set_config('synchronous_commit', 'off', true)", connection)) relax.ExecuteScalar();
        using (var enter = new NpgsqlCommand(
            """
            INSERT INTO content_bodies (hash, parts) VALUES ($1, $2)
            ON CONFLICT (hash) DO UPDATE SET touched_at = now()
            RETURNING (SELECT count(*) FROM content_parts p WHERE p.hash = content_bodies.hash)
            """,
            connection))
        {
            enter.Parameters.AddOctets(hash);
            enter.Parameters.AddNumber(parts);
            if ((long)enter.ExecuteScalar()! < parts) WriteParts(connection, facts, hash, read);
        }

        transaction.Commit();
    }

    /// <summary>One part of a body as it was; null when the body is gone.</summary>
    /// <exception cref="IOException">The part is damaged.</exception>
    public static byte[]? ReadPart(NpgsqlConnection connection, ZoneFacts facts, int part)
    {
        using var select = new NpgsqlCommand("SELECT bytes, data FROM content_parts WHERE hash = $1 AND part = $2", connection);
        select.Parameters.AddOctets(PostgresValues.Of(facts.Hash));
        select.Parameters.AddNumber(part);
        using NpgsqlDataReader reader = select.ExecuteReader();
        if (!reader.Read()) return null;
        int length = reader.GetInt32(0);
        byte[] data = reader.GetFieldValue<byte[]>(1);
        if (data.Length == length) return data;
        if (length is >= 0 and <= PartOctets)
        {
            var octets = new byte[length];
            if (BrotliDecoder.TryDecompress(data, octets, out int written) && written == length) return octets;
        }

        throw new IOException($"Part {part} of the content of {facts.Apex} with serial {facts.Serial} is damaged in the journal.");
    }

    public static int PartsOf(ZoneFacts facts) => (int)((facts.ByteCount + PartOctets - 1) / PartOctets);

    /// <summary>Drops bodies whose contents went; what is referred to again stays.</summary>
    public static void Drop(NpgsqlConnection connection, IEnumerable<ContentHash> hashes)
    {
        using var drop = new NpgsqlCommand(
            """
            DELETE FROM content_bodies WHERE hash IN (
                SELECT b.hash FROM content_bodies b WHERE b.hash = ANY ($1)
                    AND NOT EXISTS (SELECT 1 FROM contents c WHERE c.body = b.hash) FOR UPDATE SKIP LOCKED)
            """,
            connection);
        drop.Parameters.AddColumn(hashes.Select(PostgresValues.Of));
        drop.ExecuteNonQuery();
    }

    /// <summary>Drops bodies that nothing has come to refer to for long.</summary>
    public static int DropOrphans(NpgsqlConnection connection)
    {
        using var drop = new NpgsqlCommand(
            $"""
            DELETE FROM content_bodies WHERE hash IN (
                SELECT b.hash FROM content_bodies b WHERE b.touched_at < now() - interval '{OrphanAge}'
                    AND NOT EXISTS (SELECT 1 FROM contents c WHERE c.body = b.hash)
                LIMIT {OrphansAtOnce} FOR UPDATE SKIP LOCKED)
            """,
            connection);
        return drop.ExecuteNonQuery();
    }

    private static void WriteParts(NpgsqlConnection connection, ZoneFacts facts, byte[] hash, Func<Memory<byte>, int> read)
    {
        var octets = new byte[PartOctets];
        var packed = new byte[PartOctets - 1];
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var insert = new NpgsqlCommand(
            "INSERT INTO content_parts (hash, part, bytes, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", connection);
        long total = 0;
        for (int part = 0; read(octets) is var length and > 0; part++)
        {
            total += length;
            if (total > facts.ByteCount) break;
            digest.AppendData(octets, 0, length);
            bool isShorter = BrotliEncoder.TryCompress(
                octets.AsSpan(0, length), packed.AsSpan(0, length - 1), out int size, Quality, WindowBits);
            insert.Parameters.Clear();
            insert.Parameters.AddOctets(hash);
            insert.Parameters.AddNumber(part);
            insert.Parameters.AddNumber(length);
            insert.Parameters.AddOctets(isShorter ? packed.AsMemory(0, size) : octets.AsMemory(0, length));
            insert.ExecuteNonQuery();
        }

        if (total != facts.ByteCount || !ContentHash.TryFromBytes(digest.GetHashAndReset(), out ContentHash found) || found != facts.Hash)
            throw new InvalidDataException("its octets are not those that were checked");
    }
}
