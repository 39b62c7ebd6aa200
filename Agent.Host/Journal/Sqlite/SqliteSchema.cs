using Agent.Host.Releases;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// The tables and the steps that lead to them. A step once shipped is never edited: a change is a new step. Times are
/// milliseconds since 1970 UTC, names are folded wire form (with the text beside it for people), serials are unsigned.
/// </summary>
internal static class SqliteSchema
{
    internal static readonly SchemaStep[] Steps =
    [
        SchemaStep.Expand("""
        CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);
        CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO meta VALUES ('epoch', 0), ('shard_count', 64);

        CREATE TABLE zones (
            zone BLOB PRIMARY KEY,           -- folded wire form of the apex
            name TEXT NOT NULL,              -- as first given, presentation form
            name_hash INTEGER NOT NULL,      -- FNV-1a-64 of the folded wire form, as a signed number
            shard INTEGER NOT NULL,          -- name_hash modulo meta.shard_count
            wish INTEGER NOT NULL,           -- 1 present, 2 absent
            generation INTEGER NOT NULL,
            content BLOB,                    -- contents.hash
            changed_at INTEGER NOT NULL,
            refreshed_at INTEGER,
            reason_code TEXT,
            reason_text TEXT,
            reason_since INTEGER
        );
        CREATE INDEX zones_by_shard ON zones (shard);
        CREATE INDEX zones_by_content ON zones (content) WHERE content IS NOT NULL;

        CREATE TABLE progress (
            zone BLOB NOT NULL,
            target TEXT NOT NULL,
            state INTEGER NOT NULL,          -- 0 pending, 1 verified, 2 away, 3 refused
            serial INTEGER,
            verified_at INTEGER,
            reason_code TEXT,
            reason_text TEXT,
            PRIMARY KEY (zone, target)
        ) WITHOUT ROWID;

        CREATE TABLE contents (
            hash BLOB PRIMARY KEY,           -- SHA-256 of the uncompressed bytes
            apex BLOB NOT NULL,
            serial INTEGER NOT NULL,
            soa_refresh INTEGER NOT NULL,
            soa_retry INTEGER NOT NULL,
            soa_expire INTEGER NOT NULL,
            soa_minimum INTEGER NOT NULL,
            soa_ttl INTEGER NOT NULL,
            records INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            data BLOB                        -- Brotli; null: the file contents/HASH
        );

        CREATE TABLE kept (                  -- last contents of deleted zones
            zone BLOB PRIMARY KEY,
            name TEXT NOT NULL,
            content BLOB NOT NULL,
            keep_until INTEGER NOT NULL
        );
        CREATE INDEX kept_by_time ON kept (keep_until);
        CREATE INDEX kept_by_content ON kept (content);

        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            zone BLOB NOT NULL,
            at INTEGER NOT NULL,
            code TEXT NOT NULL,
            text TEXT NOT NULL,
            serial INTEGER,
            target TEXT,
            trace TEXT
        );
        CREATE INDEX events_by_zone ON events (zone, id);
        """),

        // A table of its own: older programs give every column of zones by its place.
        SchemaStep.Expand("""
        CREATE TABLE lifetimes (             -- how long from zones.refreshed_at the content may be served, where a master has said so
            zone BLOB PRIMARY KEY,
            lifetime INTEGER NOT NULL
        ) WITHOUT ROWID;
        """),

        SchemaStep.Expand("""
        CREATE TABLE differences (           -- what led from one content of a zone to the next, for IXFR to others
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            zone BLOB NOT NULL,
            from_hash BLOB NOT NULL,
            to_hash BLOB NOT NULL,
            from_serial INTEGER NOT NULL,
            to_serial INTEGER NOT NULL,
            at INTEGER NOT NULL,
            bytes INTEGER NOT NULL,          -- of the records as they are
            data BLOB NOT NULL               -- Brotli when shorter than that
        );
        CREATE INDEX differences_by_zone ON differences (zone, id);
        CREATE INDEX differences_by_time ON differences (at);
        """),
        SchemaStep.Expand("""
        -- Content that a guard stopped. It counts only beside the generation that it was compared with.
        ALTER TABLE zones ADD COLUMN candidate_generation INTEGER;
        ALTER TABLE zones ADD COLUMN candidate BLOB;           -- contents.hash; null once it is rejected
        ALTER TABLE zones ADD COLUMN candidate_serial INTEGER;
        ALTER TABLE zones ADD COLUMN candidate_rejected INTEGER;
        ALTER TABLE zones ADD COLUMN candidate_code TEXT;
        ALTER TABLE zones ADD COLUMN candidate_text TEXT;
        ALTER TABLE zones ADD COLUMN candidate_since INTEGER;
        CREATE INDEX zones_by_candidate ON zones (candidate) WHERE candidate IS NOT NULL;
        CREATE INDEX zones_with_candidate ON zones (shard) WHERE candidate_generation IS NOT NULL;
        """),
        SchemaStep.Expand("""
        -- The catalog that a zone belongs to. Older programs leave these columns as they are.
        ALTER TABLE zones ADD COLUMN owner_catalog BLOB;       -- folded wire form; null: created by a control message
        ALTER TABLE zones ADD COLUMN owner_label TEXT;
        ALTER TABLE zones ADD COLUMN owner_group TEXT;
        ALTER TABLE zones ADD COLUMN owner_next BLOB;          -- the catalog that may take it over
        CREATE INDEX zones_by_owner ON zones (owner_catalog) WHERE owner_catalog IS NOT NULL;
        """),

        SchemaStep.Expand("""
        -- Since when every master says that it does not have the zone; counts only from refreshed_at on.
        ALTER TABLE zones ADD COLUMN refused_since INTEGER;
        """),
    ];

    /// <summary>The steps that this program knows.</summary>
    public static int Current => AgentRelease.Current.Sqlite.Count;

    /// <summary>The steps that an open database has taken, and how many a program must know to read it; no steps when it has no
    /// tables.</summary>
    public static (HashSet<int> Taken, int OldestReader) Read(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";
        if ((long)command.ExecuteScalar()! == 0) return ([], 1);
        var taken = new HashSet<int>();
        command.CommandText = "SELECT version FROM schema_version";
        using (SqliteDataReader reader = command.ExecuteReader())
        {
            while (reader.Read()) taken.Add(reader.GetInt32(0));
        }

        command.CommandText = "SELECT coalesce(max(value), 1) FROM meta WHERE key = 'oldest_reader'";
        return (taken, taken.Count == 0 ? 1 : (int)(long)command.ExecuteScalar()!);
    }

    /// <summary>Takes the missing steps, each in its own transaction. The file has one program at a time, so nothing has to wait.</summary>
    public static void Upgrade(SqliteConnection connection, TimeProvider clock)
    {
        (HashSet<int> taken, int oldestReader) = Read(connection);
        foreach ((int index, SchemaStep step) in AgentRelease.Current.Sqlite.Index())
        {
            if (taken.Contains(index + 1)) continue;
            oldestReader = Math.Max(oldestReader, step.OldestReader);
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE;" + step.Sql + """
                ;INSERT INTO schema_version VALUES ($version, $at);
                INSERT OR REPLACE INTO meta VALUES ('oldest_reader', $oldest);
                COMMIT;
                """;
            command.Parameters.AddWithValue("$version", index + 1);
            command.Parameters.AddWithValue("$at", clock.GetUtcNow().ToUnixTimeMilliseconds());
            command.Parameters.AddWithValue("$oldest", oldestReader);
            command.ExecuteNonQuery();
        }
    }
}
