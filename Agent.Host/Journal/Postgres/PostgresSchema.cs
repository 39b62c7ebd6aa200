using Agent.Host.Releases;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// The tables and the steps that lead to them. A change is a new step, and it comes in two halves (<see cref="SchemaStep"/>): the first
/// adds, and older agents go on working beside newer ones; the second, a release later, takes away what nobody reads any more, which shuts
/// still older agents out with a clear word.
/// </summary>
/// <remarks>
/// Every session of a writer shows by an advisory lock how many steps its program knows. A contraction waits while a session shows fewer
/// than it leaves readable: it is taken by a later start. A session that comes after it finds the oldest reader raised, and is refused.
/// <para>Times are milliseconds since 1970 UTC, names are folded wire form (with the text beside it), serials unsigned.</para>
/// </remarks>
internal static class PostgresSchema
{
    /// <summary>Any number, the same in every agent: who changes the tables holds this lock.</summary>
    private const long MigrationLock = 0x6167656E74;

    internal static readonly SchemaStep[] Steps =
    [
        SchemaStep.Expand("""
        CREATE TABLE meta (key text PRIMARY KEY, value bigint NOT NULL);
        INSERT INTO meta VALUES ('epoch', 0), ('shard_count', 64);
        CREATE TABLE identity (journal uuid PRIMARY KEY);
        INSERT INTO identity VALUES (gen_random_uuid());

        -- Who may write a shard. An append locks its rows FOR SHARE and compares; a new owner's UPDATE waits for it.
        CREATE TABLE shard_fence (
            shard int PRIMARY KEY,
            epoch bigint NOT NULL,
            writer uuid NOT NULL,
            claimed_at timestamptz NOT NULL DEFAULT now()
        );
        -- One row for each run of an agent: its last batch, and the numbers that will never be taken.
        CREATE TABLE writers (
            writer uuid PRIMARY KEY,
            epoch bigint NOT NULL,
            node text NOT NULL,
            batch bigint NOT NULL,
            voided bigint NOT NULL,
            written_at timestamptz NOT NULL DEFAULT now()
        ) WITH (fillfactor = 10);

        CREATE TABLE contents (
            hash bytea PRIMARY KEY,           -- SHA-256 of the uncompressed bytes
            apex bytea NOT NULL,
            serial bigint NOT NULL,
            soa_refresh bigint NOT NULL,
            soa_retry bigint NOT NULL,
            soa_expire bigint NOT NULL,
            soa_minimum bigint NOT NULL,
            soa_ttl bigint NOT NULL,
            records bigint NOT NULL,
            bytes bigint NOT NULL,
            data bytea                        -- Brotli; null: the file contents/HASH of a node
        );
        ALTER TABLE contents ALTER COLUMN data SET STORAGE EXTERNAL;

        CREATE TABLE zones (
            zone bytea PRIMARY KEY,           -- folded wire form of the apex
            name text NOT NULL,               -- as first given, presentation form
            name_hash bigint NOT NULL,        -- FNV-1a-64 of the folded wire form, as a signed number
            shard int NOT NULL,               -- name_hash modulo meta.shard_count
            wish int NOT NULL,                -- 1 present, 2 absent
            generation bigint NOT NULL,
            content bytea REFERENCES contents (hash),
            changed_at bigint NOT NULL,
            refreshed_at bigint,
            reason_code text,
            reason_text text,
            reason_since bigint
        );
        CREATE INDEX zones_by_shard ON zones (shard);
        CREATE INDEX zones_by_content ON zones (content) WHERE content IS NOT NULL;

        CREATE TABLE progress (
            zone bytea NOT NULL,
            target text NOT NULL,
            state int NOT NULL,               -- 0 pending, 1 verified, 2 away, 3 refused
            serial bigint,
            verified_at bigint,
            reason_code text,
            reason_text text,
            PRIMARY KEY (zone, target)
        );

        CREATE TABLE kept (                   -- last contents of deleted zones
            zone bytea PRIMARY KEY,
            name text NOT NULL,
            content bytea NOT NULL REFERENCES contents (hash),
            keep_until bigint NOT NULL
        );
        CREATE INDEX kept_by_time ON kept (keep_until);
        CREATE INDEX kept_by_content ON kept (content);

        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            zone bytea NOT NULL,
            at bigint NOT NULL,
            code text NOT NULL,
            text text NOT NULL,
            serial bigint,
            target text,
            trace text
        );
        CREATE INDEX events_by_zone ON events (zone, id);
        """),

        SchemaStep.Expand("""
        -- The octets of large contents. They are written before the transaction that refers to them; what nothing refers to goes by age.
        CREATE TABLE content_bodies (
            hash bytea PRIMARY KEY,           -- contents.hash
            parts int NOT NULL,
            touched_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE content_parts (
            hash bytea NOT NULL REFERENCES content_bodies (hash) ON DELETE CASCADE,
            part int NOT NULL,                -- of 1 MiB each but the last, from 0
            bytes int NOT NULL,               -- of the part as it is
            data bytea NOT NULL,              -- Brotli when shorter than that
            PRIMARY KEY (hash, part)
        );
        ALTER TABLE content_parts ALTER COLUMN data SET STORAGE EXTERNAL;
        -- Older programs leave this null, and look for the file of a node where data is null.
        ALTER TABLE contents ADD COLUMN body bytea REFERENCES content_bodies (hash);
        CREATE INDEX contents_by_body ON contents (body) WHERE body IS NOT NULL;
        """),

        SchemaStep.Expand("""
        -- How long from refreshed_at the content may be served; null: what its SOA says. Older programs leave it as it is.
        ALTER TABLE zones ADD COLUMN lifetime bigint;
        """),

        SchemaStep.Expand("""
        CREATE TABLE differences (            -- what led from one content of a zone to the next, for IXFR to others
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            zone bytea NOT NULL,
            from_hash bytea NOT NULL,
            to_hash bytea NOT NULL,
            from_serial bigint NOT NULL,
            to_serial bigint NOT NULL,
            at bigint NOT NULL,
            bytes int NOT NULL,               -- of the records as they are
            data bytea NOT NULL               -- Brotli when shorter than that
        );
        ALTER TABLE differences ALTER COLUMN data SET STORAGE EXTERNAL;
        CREATE INDEX differences_by_zone ON differences (zone, id);
        CREATE INDEX differences_by_time ON differences (at);
        """),

        SchemaStep.Expand("""
        -- Content that a guard stopped. It counts only beside the generation that it was compared with: older programs leave these columns
        -- as they are, and may clear the content away.
        ALTER TABLE zones ADD COLUMN candidate_generation bigint, ADD COLUMN candidate bytea, ADD COLUMN candidate_serial bigint,
            ADD COLUMN candidate_rejected bigint, ADD COLUMN candidate_code text, ADD COLUMN candidate_text text,
            ADD COLUMN candidate_since bigint;
        CREATE INDEX zones_by_candidate ON zones (candidate) WHERE candidate IS NOT NULL;
        CREATE INDEX zones_with_candidate ON zones (shard) WHERE candidate_generation IS NOT NULL;
        """),

        SchemaStep.Expand("""
        -- The catalog that a zone belongs to; null: created by a control message. Older programs leave these columns as they are.
        ALTER TABLE zones ADD COLUMN owner_catalog bytea, ADD COLUMN owner_label text, ADD COLUMN owner_group text,
            ADD COLUMN owner_next bytea;
        CREATE INDEX zones_by_owner ON zones (owner_catalog) WHERE owner_catalog IS NOT NULL;
        """),

        SchemaStep.Expand("""
        -- Since when every master says that it does not have the zone. Older programs leave it as it is, so it counts only from
        -- refreshed_at on.
        ALTER TABLE zones ADD COLUMN refused_since bigint;
        """),

        SchemaStep.Expand("""
        -- Beside the key 'cluster': its name. Older programs leave it null, and the first one that knows of it writes its own.
        ALTER TABLE meta ADD COLUMN name text;
        """),
    ];

    /// <summary>First key of the locks by which sessions show their program; the second is the number of steps that it knows.</summary>
    private const int ProgramLock = 0x61676E74;

    /// <summary>The steps that this program knows.</summary>
    public static int Current => AgentRelease.Current.Postgres.Count;

    /// <summary>To be called first on every session that writes: for as long as it lives, nothing is taken away that this program
    /// reads.</summary>
    public static void Show(NpgsqlConnection connection) => Run(connection, $"SELECT pg_advisory_lock_shared({ProgramLock}, {Current})");

    /// <summary>
    /// Takes the missing steps, all in one transaction that one agent at a time may hold, and gives the identity of the journal. A
    /// contraction that would shut out an agent at work is left for a later start.
    /// </summary>
    /// <param name="known">The journal that the data folder belongs to; null when it belongs to none yet.</param>
    /// <param name="postponed">Steps that were left.</param>
    /// <exception cref="JournalOpenException">The tables are of a newer program, or are not those that the folder belongs to.</exception>
    public static Guid Upgrade(NpgsqlConnection connection, PostgresPlace place, Guid? known, out int postponed)
    {
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        Run(connection, $"SELECT pg_advisory_xact_lock({MigrationLock})");
        (HashSet<int> taken, int oldestReader) = Read(connection, place.Schema);
        if (TooNew(place.Description, taken, oldestReader) is { } refusal)
            throw new JournalOpenException(refusal + " Nothing was changed.");
        if (taken.Count == 0)
        {
            if (known is { } expected)
            {
                throw new JournalOpenException(
                    $"The data directory belongs to journal {expected}, but {place.Description} holds none. Restore the database, "
                    + "or empty the data directory to start anew.");
            }

            Create(connection, place.Schema);
        }

        postponed = 0;
        foreach ((int index, SchemaStep step) in AgentRelease.Current.Postgres.Index())
        {
            if (taken.Contains(index + 1)) continue;
            if (step.IsContract && IsOlderAtWork(connection, step.OldestReader))
            {
                postponed++;
                continue;
            }

            oldestReader = Math.Max(Math.Max(oldestReader, 1), step.OldestReader);
            Run(connection, step.Sql + $"; INSERT INTO schema_version VALUES ({index + 1}, {oldestReader}, now())");
        }

        var identity = (Guid)Run(connection, "SELECT journal FROM identity")!;
        if (known is { } other && other != identity)
        {
            throw new JournalOpenException(
                $"The data directory belongs to journal {other}, but {place.Description} holds {identity}. Nothing was changed.");
        }

        transaction.Commit();
        return identity;
    }

    /// <summary>Why this program cannot go on with the tables as they are now; null when it can.</summary>
    public static string? WhyTooOld(NpgsqlConnection connection, PostgresPlace place)
    {
        (HashSet<int> taken, int oldestReader) = Read(connection, place.Schema);
        return TooNew(place.Description, taken, oldestReader);
    }

    private static string? TooNew(string where, HashSet<int> taken, int oldestReader) => oldestReader <= Current
        ? null
        : $"The journal in {where} was written by a newer program (schema {taken.Max()}, read by programs from {oldestReader} on; this one "
            + $"knows {Current}).";

    /// <summary>Whether a session is open whose program knows fewer steps.</summary>
    private static bool IsOlderAtWork(NpgsqlConnection connection, int steps) => (bool)Run(
        connection,
        $"""
        SELECT EXISTS (SELECT 1 FROM pg_locks
            WHERE locktype = 'advisory' AND classid = {ProgramLock} AND objsubid = 2 AND objid::bigint < {steps}
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        """)!;

    private static (HashSet<int> Taken, int OldestReader) Read(NpgsqlConnection connection, string schema)
    {
        using var exists = new NpgsqlCommand(
            "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_version'", connection);
        exists.Parameters.AddText(schema);
        if ((long)exists.ExecuteScalar()! == 0) return ([], 0);
        var taken = new HashSet<int>();
        int oldestReader = 0;
        using var select = new NpgsqlCommand("SELECT version, oldest_reader FROM schema_version", connection);
        using NpgsqlDataReader reader = select.ExecuteReader();
        while (reader.Read())
        {
            taken.Add(reader.GetInt32(0));
            oldestReader = Math.Max(oldestReader, reader.GetInt32(1));
        }

        return (taken, oldestReader);
    }

    private static void Create(NpgsqlConnection connection, string schema)
    {
        using var exists = new NpgsqlCommand("SELECT count(*) FROM pg_namespace WHERE nspname = $1", connection);
        exists.Parameters.AddText(schema);
        if ((long)exists.ExecuteScalar()! == 0)
            Run(connection, $"CREATE SCHEMA \"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        Run(
            connection,
            "CREATE TABLE schema_version (version int PRIMARY KEY, oldest_reader int NOT NULL, applied_at timestamptz NOT NULL)");
    }

    private static object? Run(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
