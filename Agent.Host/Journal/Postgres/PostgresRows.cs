using System.Collections.Concurrent;
using System.Text;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// The rows of zones with all that lies around them, in one statement: contents that are new, candidates, progress at the targets, and the
/// note of what the rows referred to before. A statement costs the server more to begin than a row costs it to write, and most batches
/// are small.
/// </summary>
/// <remarks>All parts see the tables as they were before the statement; none reads what another one writes.</remarks>
internal static class PostgresRows
{
    private const string CandidateColumns =
        "candidate_generation, candidate, candidate_serial, candidate_rejected, candidate_code, candidate_text, candidate_since";

    private static readonly ConcurrentDictionary<Parts, string> Texts = new();

    /// <param name="progress">Of these rows, and of no others.</param>
    /// <param name="fresh">Contents that the rows refer to and the database does not hold.</param>
    /// <param name="notesReleased">Note the contents that the rows leave; false when another statement has done it.</param>
    /// <param name="add">Adds a statement that begins with the parameters of the fence.</param>
    public static void Put(
        ZoneRow[] rows,
        (DomainName Zone, TargetProgress Progress)[] progress,
        IReadOnlyList<PreparedContent> fresh,
        bool notesReleased,
        Func<string, NpgsqlBatchCommand> add)
    {
        var parts = new Parts(Array.Exists(rows, row => row.Candidate is not null), fresh.Count > 0, notesReleased);
        NpgsqlParameterCollection parameters = add(Texts.GetOrAdd(parts, Text)).Parameters;
        AddZones(parameters, rows);
        if (parts.HasCandidates) AddCandidates(parameters, rows);
        AddProgress(parameters, progress);
        if (parts.HasContents) AddContents(parameters, fresh);
    }

    /// <summary>Contents alone, where something between them and the rows needs them.</summary>
    public static void PutContents(IReadOnlyList<PreparedContent> fresh, Func<string, NpgsqlBatchCommand> add) =>
        AddContents(add(ContentsText(new ColumnNumbers())).Parameters, fresh);

    /// <summary>Progress of zones whose rows the batch does not write; what belongs to no zone is left out.</summary>
    public static void PutProgress((DomainName Zone, TargetProgress Progress)[] progress, Func<string, NpgsqlBatchCommand> add) =>
        AddProgress(
            add(ProgressText(
                $"{ProgressColumns(new ColumnNumbers())} JOIN zones z ON z.zone = t.zone WHERE {PostgresFence.IsHeld}")).Parameters,
            progress);

    private static string Text(Parts parts)
    {
        var numbers = new ColumnNumbers();
        string zones = numbers.Unnest(
            "bytea zone, text name, bigint name_hash, int wish, bigint generation, bytea content, bigint changed_at, bigint refreshed_at, "
            + "text reason_code, text reason_text, bigint reason_since, bigint lifetime, bytea owner_catalog, text owner_label, "
            + "text owner_group, bytea owner_next, bigint refused_since"
            + (parts.HasCandidates
                ? ", bigint candidate_generation, bytea candidate, bigint candidate_serial, bigint candidate_rejected, "
                    + "text candidate_code, text candidate_text, bigint candidate_since"
                : ""),
            "r");
        var text = new StringBuilder(
            $"""
            WITH n AS (
                SELECT r.*, {PostgresShards.ShardOf("r.name_hash", "m.value")} AS shard
                FROM {zones} JOIN meta m ON m.key = 'shard_count' WHERE {PostgresFence.IsHeld}
            ), t AS (SELECT t.* FROM {ProgressColumns(numbers)} WHERE {PostgresFence.IsHeld}
            ), cleared AS (
                DELETE FROM progress p USING n WHERE p.zone = n.zone AND (p.zone, p.target) NOT IN (SELECT t.zone, t.target FROM t)
            ), told AS (
                {ProgressText("t")}
            ), put AS (
                INSERT INTO zones (zone, name, name_hash, shard, wish, generation, content, changed_at, refreshed_at,
                    reason_code, reason_text, reason_since, lifetime, owner_catalog, owner_label, owner_group, owner_next, refused_since,
                    {CandidateColumns})
                SELECT zone, name, name_hash, shard, wish, generation, content, changed_at, refreshed_at,
                    reason_code, reason_text, reason_since, lifetime, owner_catalog, owner_label, owner_group, owner_next, refused_since,
                    {(parts.HasCandidates ? CandidateColumns : "NULL, NULL, NULL, NULL, NULL, NULL, NULL")}
                FROM n
                ON CONFLICT (zone) DO UPDATE SET name = excluded.name, wish = excluded.wish, generation = excluded.generation,
                    content = excluded.content, changed_at = excluded.changed_at, refreshed_at = excluded.refreshed_at,
                    reason_code = excluded.reason_code, reason_text = excluded.reason_text, reason_since = excluded.reason_since,
                    lifetime = excluded.lifetime, owner_catalog = excluded.owner_catalog, owner_label = excluded.owner_label,
                    owner_group = excluded.owner_group, owner_next = excluded.owner_next, refused_since = excluded.refused_since,
                    candidate_generation = excluded.candidate_generation, candidate = excluded.candidate,
                    candidate_serial = excluded.candidate_serial, candidate_rejected = excluded.candidate_rejected,
                    candidate_code = excluded.candidate_code, candidate_text = excluded.candidate_text,
                    candidate_since = excluded.candidate_since
            )
            """);
        if (parts.HasContents) text.Append($", fresh AS (\n{ContentsText(numbers)})");
        string candidate = parts.HasCandidates ? "n.candidate" : "NULL::bytea";
        text.Append(parts.NotesReleased
            ? $"""

            SELECT 1 FROM (SELECT {PostgresReleased.Note("left_behind.hash")} AS note
                FROM n JOIN zones z ON z.zone = n.zone
                CROSS JOIN LATERAL (VALUES (z.content, n.content), (z.candidate, {candidate})) AS left_behind (hash, next)
                WHERE left_behind.hash IS NOT NULL AND left_behind.hash IS DISTINCT FROM left_behind.next) AS noted
            WHERE note IS NULL
            """
            : " SELECT 1 WHERE false");
        return text.ToString();
    }

    private static string ContentsText(ColumnNumbers numbers)
    {
        string contents = numbers.Unnest(
            "bytea hash, bytea apex, bigint serial, bigint soa_refresh, bigint soa_retry, bigint soa_expire, bigint soa_minimum, "
            + "bigint soa_ttl, bigint records, bigint bytes, bytea data",
            "c");
        return $"""
            INSERT INTO contents (hash, apex, serial, soa_refresh, soa_retry, soa_expire, soa_minimum, soa_ttl, records, bytes, data, body)
            SELECT c.*, CASE WHEN c.data IS NULL THEN c.hash END FROM {contents} WHERE {PostgresFence.IsHeld}
            ON CONFLICT (hash) DO UPDATE SET data = excluded.data, body = excluded.body
            """;
    }

    private static string ProgressColumns(ColumnNumbers numbers) => numbers.Unnest(
        "bytea zone, text target, int state, bigint serial, bigint verified_at, text reason_code, text reason_text", "t");

    private static string ProgressText(string source) =>
        $"""
        INSERT INTO progress (zone, target, state, serial, verified_at, reason_code, reason_text)
        SELECT t.zone, t.target, t.state, t.serial, t.verified_at, t.reason_code, t.reason_text FROM {source}
        ON CONFLICT (zone, target) DO UPDATE SET state = excluded.state, serial = excluded.serial, verified_at = excluded.verified_at,
            reason_code = excluded.reason_code, reason_text = excluded.reason_text
        """;

    private static void AddZones(NpgsqlParameterCollection parameters, ZoneRow[] rows)
    {
        parameters.AddColumn(rows.Select(row => PostgresValues.Of(row.Name)));
        parameters.AddColumn(rows.Select(row => row.Name.ToString()));
        parameters.AddColumn(rows.Select(row => unchecked((long)row.Name.StableHash)));
        parameters.AddColumn(rows.Select(row => (int)row.Wish));
        parameters.AddColumn(rows.Select(row => row.Generation));
        parameters.AddColumn(rows.Select(row => row.Content is { } content ? PostgresValues.Of(content.Hash) : null));
        parameters.AddColumn(rows.Select(row => PostgresValues.Of(row.ChangedAt)));
        parameters.AddColumn(rows.Select(row => row.RefreshedAt?.ToUnixTimeMilliseconds()));
        parameters.AddColumn(rows.Select(row => row.Reason?.Code));
        parameters.AddColumn(rows.Select(row => row.Reason?.Text));
        parameters.AddColumn(rows.Select(row => row.ReasonSince?.ToUnixTimeMilliseconds()));
        parameters.AddColumn(rows.Select(row => PostgresValues.Of(row.Lifetime)));
        PostgresOwners.AddColumns(parameters, rows);
        parameters.AddColumn(rows.Select(row => row.RefusedSince?.ToUnixTimeMilliseconds()));
    }

    private static void AddCandidates(NpgsqlParameterCollection parameters, ZoneRow[] rows)
    {
        parameters.AddColumn(rows.Select(row => row.Candidate is null ? (long?)null : row.Generation));
        parameters.AddColumn(rows.Select(row => row.Candidate?.Content is { } content ? PostgresValues.Of(content.Hash) : null));
        parameters.AddColumn(rows.Select(row => (long?)row.Candidate?.Serial));
        parameters.AddColumn(rows.Select(row => row.Candidate is { } c ? (c.IsRejected ? 1L : 0L) : (long?)null));
        parameters.AddColumn(rows.Select(row => row.Candidate?.Reason.Code));
        parameters.AddColumn(rows.Select(row => row.Candidate?.Reason.Text));
        parameters.AddColumn(rows.Select(row => row.Candidate?.Since.ToUnixTimeMilliseconds()));
    }

    private static void AddProgress(NpgsqlParameterCollection parameters, (DomainName Zone, TargetProgress Progress)[] progress)
    {
        parameters.AddColumn(progress.Select(p => PostgresValues.Of(p.Zone)));
        parameters.AddColumn(progress.Select(p => p.Progress.Target));
        parameters.AddColumn(progress.Select(p => (int)p.Progress.State));
        parameters.AddColumn(progress.Select(p => (long?)p.Progress.Serial));
        parameters.AddColumn(progress.Select(p => p.Progress.VerifiedAt?.ToUnixTimeMilliseconds()));
        parameters.AddColumn(progress.Select(p => p.Progress.Reason?.Code));
        parameters.AddColumn(progress.Select(p => p.Progress.Reason?.Text));
    }

    private static void AddContents(NpgsqlParameterCollection parameters, IReadOnlyList<PreparedContent> fresh)
    {
        ZoneFacts[] facts = [.. fresh.Select(content => content.Facts)];
        parameters.AddColumn(facts.Select(f => PostgresValues.Of(f.Hash)));
        parameters.AddColumn(facts.Select(f => f.Apex.Wire.ToArray()));
        parameters.AddColumn(facts.Select(f => (long)f.Serial));
        parameters.AddColumn(facts.Select(f => (long)f.Soa.RefreshSeconds));
        parameters.AddColumn(facts.Select(f => (long)f.Soa.RetrySeconds));
        parameters.AddColumn(facts.Select(f => (long)f.Soa.ExpireSeconds));
        parameters.AddColumn(facts.Select(f => (long)f.Soa.MinimumSeconds));
        parameters.AddColumn(facts.Select(f => (long)f.SoaTtlSeconds));
        parameters.AddColumn(facts.Select(f => f.RecordCount));
        parameters.AddColumn(facts.Select(f => f.ByteCount));
        parameters.AddColumn(fresh.Select(content => content.Data));
    }

    /// <summary>What the statement for a batch holds beside rows and progress.</summary>
    private readonly record struct Parts(bool HasCandidates, bool HasContents, bool NotesReleased);

    /// <summary>Hands out the numbers of parameters behind those of the fence.</summary>
    private sealed class ColumnNumbers
    {
        private int _last = 2;

        /// <param name="columns">Types and names.</param>
        public string Unnest(string columns, string alias)
        {
            string[][] typed = [.. columns.Split(", ").Select(column => column.Split(' '))];
            return $"unnest({string.Join(", ", typed.Select(c => $"${++_last}::{c[0]}[]"))}) "
                + $"AS {alias} ({string.Join(", ", typed.Select(c => c[1]))})";
        }
    }
}
