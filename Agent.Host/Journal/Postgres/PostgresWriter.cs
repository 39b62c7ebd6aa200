using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// Turns a batch into one group of statements: sent together, answered together, one transaction. Every statement looks whether the first
/// one took the fence, so nothing is written when it did not.
/// </summary>
internal sealed class PostgresWriter(PostgresBatch batch, Guid writer, long number, JournalOptions options)
{
    // More than a batch adds, so that a bound that was lowered is reached in time.
    private const int LinesTrimmedAtOnce = 10_000;

    private readonly List<NpgsqlBatchCommand> _commands = [];

    /// <summary>The statements, in order. The first gives a row when the fence holds; the last gives the contents that went.</summary>
    /// <param name="claims">Under what the entries are written.</param>
    /// <param name="fresh">Contents that the database does not hold yet.</param>
    public IReadOnlyList<NpgsqlBatchCommand> Statements(IReadOnlyCollection<ShardEpoch> claims, IReadOnlyList<PreparedContent> fresh)
    {
        NpgsqlBatchCommand fence = Add(PostgresFence.Append);
        fence.Parameters.AddColumn(claims.Select(claim => claim.Shard));
        fence.Parameters.AddColumn(claims.Select(claim => claim.Epoch));
        ZoneRow[] rows = [.. batch.Rows];
        (DomainName Zone, DateTimeOffset? KeepUntil)[] forgotten = [.. batch.Forgotten];
        (ZoneRow Row, DateTimeOffset KeepUntil)[] kept = [.. batch.Kept];
        bool releases = rows.Length + forgotten.Length > 0;
        bool isPlain = forgotten.Length + kept.Length == 0;
        if (!isPlain)
        {
            // What goes is kept under contents that have to be there, and is noted before it goes.
            if (releases) NoteReleased(rows, forgotten, kept);
            if (fresh.Count > 0) PostgresRows.PutContents(fresh, Add);
            if (forgotten.Length > 0) Forget(forgotten);
            if (kept.Length > 0) Keep(kept);
        }

        HashSet<DomainName> put = [.. rows.Select(row => row.Name)];
        if (rows.Length > 0)
        {
            (DomainName, TargetProgress)[] progress = [.. batch.Progress.Where(p => put.Contains(p.Zone))];
            PostgresRows.Put(rows, progress, isPlain ? fresh : [], notesReleased: isPlain, Add);
        }

        ZoneRow[] changed = [.. rows.Where(row => row.Content?.Origin is not null)];
        if (changed.Length > 0) AppendDifferences(changed);
        (DomainName, TargetProgress)[] others = [.. batch.Progress.Where(p => !put.Contains(p.Zone))];
        if (others.Length > 0) PostgresRows.PutProgress(others, Add);
        PutStandings([.. batch.Standings]);
        if (batch.Events.Count > 0) AppendEvents();
        if (releases) Add(PostgresReleased.Drop($"WHERE {PostgresFence.IsHeld}"));
        return _commands;
    }

    private NpgsqlBatchCommand Add(string sql) => Add(new NpgsqlBatchCommand(sql));

    private NpgsqlBatchCommand Add(NpgsqlBatchCommand command)
    {
        command.Parameters.AddId(writer);
        command.Parameters.AddNumber(number);
        _commands.Add(command);
        return command;
    }

    /// <summary>The contents that rows refer to now and will not, or perhaps not, at the end. Gives no row.</summary>
    private void NoteReleased(
        ZoneRow[] rows, (DomainName Zone, DateTimeOffset? KeepUntil)[] forgotten, (ZoneRow Row, DateTimeOffset KeepUntil)[] kept)
    {
        NpgsqlBatchCommand command = Add(
            $"""
            SELECT 1 FROM (SELECT {PostgresReleased.Note("hash")} AS note FROM (
                SELECT z.content FROM unnest($3::bytea[], $4::bytea[]) AS n (zone, content) JOIN zones z ON z.zone = n.zone
                WHERE z.content IS NOT NULL AND z.content IS DISTINCT FROM n.content AND {PostgresFence.IsHeld}
                UNION ALL SELECT z.candidate FROM unnest($3::bytea[], $6::bytea[]) AS n (zone, candidate) JOIN zones z ON z.zone = n.zone
                WHERE z.candidate IS NOT NULL AND z.candidate IS DISTINCT FROM n.candidate AND {PostgresFence.IsHeld}
                UNION ALL SELECT k.content FROM kept k WHERE k.zone = ANY ($5::bytea[]) AND {PostgresFence.IsHeld}
            ) AS released (hash)) AS noted WHERE note IS NULL
            """);
        byte[][] gone = [.. forgotten.Select(f => PostgresValues.Of(f.Zone))];
        byte[][] put = [.. rows.Select(row => PostgresValues.Of(row.Name))];
        // A zone that was forgotten and put again stands in both: the put decides what becomes of the stored content.
        HashSet<DomainName> puts = [.. rows.Select(row => row.Name)];
        byte[][] onlyGone = [.. forgotten.Where(f => !puts.Contains(f.Zone)).Select(f => PostgresValues.Of(f.Zone))];
        command.Parameters.AddColumn(put.Concat(onlyGone));
        command.Parameters.AddColumn(rows.Select(row => row.Content is { } content ? PostgresValues.Of(content.Hash) : null)
            .Concat(onlyGone.Select(_ => (byte[]?)null)));
        command.Parameters.AddColumn(gone.Concat(kept.Select(k => PostgresValues.Of(k.Row.Name))));
        command.Parameters.AddColumn(rows.Select(row => row.Candidate?.Content is { } content ? PostgresValues.Of(content.Hash) : null)
            .Concat(onlyGone.Select(_ => (byte[]?)null)));
    }

    private void Forget((DomainName Zone, DateTimeOffset? KeepUntil)[] forgotten)
    {
        NpgsqlBatchCommand command = Add(
            $"""
            WITH gone AS (
                DELETE FROM zones z USING unnest($3::bytea[], $4::bigint[]) AS f (zone, keep_until)
                WHERE z.zone = f.zone AND {PostgresFence.IsHeld} RETURNING z.zone, z.name, z.content, f.keep_until
            ), cleared AS (DELETE FROM progress p USING gone WHERE p.zone = gone.zone),
            closed AS (DELETE FROM differences d USING gone WHERE d.zone = gone.zone)
            INSERT INTO kept (zone, name, content, keep_until)
            SELECT zone, name, content, keep_until FROM gone WHERE content IS NOT NULL AND keep_until IS NOT NULL
            ON CONFLICT (zone) DO UPDATE SET name = excluded.name, content = excluded.content, keep_until = excluded.keep_until
            """);
        command.Parameters.AddColumn(forgotten.Select(f => PostgresValues.Of(f.Zone)));
        command.Parameters.AddColumn(forgotten.Select(f => f.KeepUntil?.ToUnixTimeMilliseconds()));
    }

    private void Keep((ZoneRow Row, DateTimeOffset KeepUntil)[] kept)
    {
        NpgsqlBatchCommand command = Add(
            $"""
            INSERT INTO kept (zone, name, content, keep_until)
            SELECT * FROM unnest($3::bytea[], $4::text[], $5::bytea[], $6::bigint[]) WHERE {PostgresFence.IsHeld}
            ON CONFLICT (zone) DO UPDATE SET name = excluded.name, content = excluded.content, keep_until = excluded.keep_until
            """);
        command.Parameters.AddColumn(kept.Select(k => PostgresValues.Of(k.Row.Name)));
        command.Parameters.AddColumn(kept.Select(k => k.Row.Name.ToString()));
        command.Parameters.AddColumn(kept.Select(k => PostgresValues.Of(k.Row.Content!.Hash)));
        command.Parameters.AddColumn(kept.Select(k => PostgresValues.Of(k.KeepUntil)));
    }

    private void PutStandings(PutStanding[] standings)
    {
        if (standings.Length == 0) return;
        NpgsqlBatchCommand command = Add(
            $"""
            UPDATE zones z SET refreshed_at = n.refreshed_at, reason_code = n.reason_code, reason_text = n.reason_text,
                reason_since = n.reason_since, lifetime = n.lifetime, refused_since = n.refused_since
            FROM unnest($3::bytea[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[])
                AS n (zone, refreshed_at, reason_code, reason_text, reason_since, lifetime, refused_since)
            WHERE z.zone = n.zone AND {PostgresFence.IsHeld}
            """);
        command.Parameters.AddColumn(standings.Select(s => PostgresValues.Of(s.Zone)));
        command.Parameters.AddColumn(standings.Select(s => s.RefreshedAt?.ToUnixTimeMilliseconds()));
        command.Parameters.AddColumn(standings.Select(s => s.Reason?.Code));
        command.Parameters.AddColumn(standings.Select(s => s.Reason?.Text));
        command.Parameters.AddColumn(standings.Select(s => s.ReasonSince?.ToUnixTimeMilliseconds()));
        command.Parameters.AddColumn(standings.Select(s => PostgresValues.Of(s.Lifetime)));
        command.Parameters.AddColumn(standings.Select(s => s.RefusedSince?.ToUnixTimeMilliseconds()));
    }

    /// <summary>
    /// What led to the contents, within the bounds of each zone's history. From a content that took the place of another with the same
    /// serial nothing leads on: a client that names the serial may have either.
    /// </summary>
    private void AppendDifferences(ZoneRow[] rows)
    {
        NpgsqlBatchCommand append = Add(
            $"""
            INSERT INTO differences (zone, from_hash, to_hash, from_serial, to_serial, at, bytes, data)
            SELECT n.* FROM unnest($3::bytea[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bigint[], $8::bigint[], $9::int[], $10::bytea[])
                AS n (zone, from_hash, to_hash, from_serial, to_serial, at, bytes, data)
            WHERE {PostgresFence.IsHeld} AND (n.from_serial = n.to_serial OR NOT EXISTS (
                SELECT 1 FROM (
                    SELECT to_hash, from_serial, to_serial FROM differences d WHERE d.zone = n.zone ORDER BY id DESC LIMIT 1) l
                WHERE l.to_hash = n.from_hash AND l.from_serial = l.to_serial))
            """);
        ContentOrigin[] origins = [.. rows.Select(row => row.Content!.Origin!)];
        append.Parameters.AddColumn(rows.Select(row => PostgresValues.Of(row.Name)));
        append.Parameters.AddColumn(origins.Select(origin => PostgresValues.Of(origin.From)));
        append.Parameters.AddColumn(rows.Select(row => PostgresValues.Of(row.Content!.Hash)));
        append.Parameters.AddColumn(rows.Select(row => (long)(row.Content!.Origin!.Differences?.FromSerial ?? row.Content.Serial)));
        append.Parameters.AddColumn(rows.Select(row => (long)(row.Content!.Origin!.Differences?.ToSerial ?? row.Content.Serial)));
        append.Parameters.AddColumn(rows.Select(row => PostgresValues.Of(row.ChangedAt)));
        append.Parameters.AddColumn(origins.Select(origin => origin.Differences?.Octets.Length ?? 0));
        append.Parameters.AddColumn(origins.Select(origin => DifferenceCodec.Pack(origin.Differences)));
        NpgsqlBatchCommand trim = Add(
            $"""
            DELETE FROM differences WHERE {PostgresFence.IsHeld} AND id IN (
                SELECT id FROM (
                    SELECT id, row_number() OVER newest AS place, sum(bytes) OVER newest AS total
                    FROM differences WHERE zone = ANY ($3::bytea[]) WINDOW newest AS (PARTITION BY zone ORDER BY id DESC)) d
                WHERE place > $4 OR total > $5)
            """);
        trim.Parameters.AddColumn(rows.Select(row => PostgresValues.Of(row.Name)));
        trim.Parameters.AddNumber(options.DifferencesPerZone);
        trim.Parameters.AddNumber(options.DifferenceBytesPerZone);
    }

    private void AppendEvents()
    {
        NpgsqlBatchCommand command = Add(
            $"""
            INSERT INTO events (zone, at, code, text, serial, target, trace)
            SELECT zone, at, code, text, serial, target, trace
            FROM unnest($3::bytea[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[])
                WITH ORDINALITY AS n (zone, at, code, text, serial, target, trace, place)
            WHERE {PostgresFence.IsHeld} ORDER BY place
            """);
        command.Parameters.AddColumn(batch.Events.Select(line => PostgresValues.Of(line.Zone)));
        command.Parameters.AddColumn(batch.Events.Select(line => PostgresValues.Of(line.At)));
        command.Parameters.AddColumn(batch.Events.Select(line => line.Code));
        command.Parameters.AddColumn(batch.Events.Select(line => line.Text));
        command.Parameters.AddColumn(batch.Events.Select(line => (long?)line.Serial));
        command.Parameters.AddColumn(batch.Events.Select(line => line.Target));
        command.Parameters.AddColumn(batch.Events.Select(line => line.TraceId));
        // Walks at most the lines kept of one zone in the index; numbers of lines only have gaps, so the total is not above its bound for
        // long. What another node is trimming is left to it: two that wait for each other's lines would both fail.
        NpgsqlBatchCommand zones = Add(
            $"""
            DELETE FROM events WHERE id IN (
                SELECT e.id FROM unnest($3::bytea[]) AS n (zone) JOIN events e ON e.zone = n.zone
                WHERE {PostgresFence.IsHeld}
                    AND e.id <= (SELECT x.id FROM events x WHERE x.zone = n.zone ORDER BY x.id DESC LIMIT 1 OFFSET $4)
                FOR UPDATE OF e SKIP LOCKED)
            """);
        zones.Parameters.AddColumn(batch.Events.Select(line => line.Zone).Distinct().Select(PostgresValues.Of));
        zones.Parameters.AddNumber(options.HistoryPerZone);
        NpgsqlBatchCommand all = Add(
            $"""
            DELETE FROM events WHERE id IN (
                SELECT e.id FROM events e WHERE e.id <= (SELECT max(id) FROM events) - $3 AND {PostgresFence.IsHeld}
                ORDER BY e.id LIMIT {LinesTrimmedAtOnce} FOR UPDATE OF e SKIP LOCKED)
            """);
        all.Parameters.AddNumber(options.HistoryTotal);
    }
}
