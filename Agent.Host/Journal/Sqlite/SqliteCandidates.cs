using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Contents that guards stopped, in columns of their zones. Few zones have one.</summary>
internal sealed class SqliteCandidates : IDisposable
{
    private readonly SqliteContents _contents;
    private readonly SqliteStatement _stored;
    private readonly SqliteStatement _put;
    private readonly SqliteStatement _load;

    public SqliteCandidates(SqliteConnection connection, SqliteContents contents)
    {
        _contents = contents;
        _stored = new SqliteStatement(connection, "SELECT candidate FROM zones WHERE zone = ?1", 1);
        _put = new SqliteStatement(
            connection,
            """
            UPDATE zones SET candidate_generation = ?2, candidate = ?3, candidate_serial = ?4, candidate_rejected = ?5, candidate_code = ?6,
                candidate_text = ?7, candidate_since = ?8
            WHERE zone = ?1 AND (candidate_generation IS NOT NULL OR ?2 IS NOT NULL)
            """,
            8);
        _load = new SqliteStatement(
            connection,
            $"""
            SELECT z.candidate_generation, z.candidate_serial, z.candidate_rejected, z.candidate_code, z.candidate_text, z.candidate_since,
                {SqliteContents.Columns}
            FROM zones z LEFT JOIN contents c ON c.hash = z.candidate
            WHERE z.zone = ?1 AND z.candidate_generation IS NOT NULL
            """,
            1);
    }

    /// <summary>Writes the row's candidate, or that it has none. The row itself is there already.</summary>
    public void Put(byte[] zone, ZoneRow row)
    {
        ZoneCandidate? candidate = row.Candidate;
        Release(zone, candidate?.Content?.Hash);
        _put.Execute(
            zone,
            candidate is null ? null : row.Generation,
            candidate?.Content is { } content ? SqliteValues.Of(content.Hash) : null,
            SqliteValues.Of(candidate?.Serial),
            candidate is null ? null : candidate.IsRejected ? 1L : 0L,
            candidate?.Reason.Code,
            candidate?.Reason.Text,
            SqliteValues.Of(candidate?.Since));
    }

    /// <summary>The stored candidate of the zone will be another one, or none.</summary>
    public void Release(byte[] zone, ContentHash? next)
    {
        if (_stored.Scalar(zone) is byte[] bytes && ContentHash.TryFromBytes(bytes, out ContentHash before) && before != next)
            _contents.Release(before);
    }

    /// <summary>The candidate of one zone; null when it has none.</summary>
    public StoredCandidate? Load(DomainName zone)
    {
        using SqliteDataReader reader = _load.Query(SqliteValues.Of(zone));
        if (!reader.Read()) return null;
        var candidate = new ZoneCandidate(
            reader.ReadNumberOrNull(1) ?? 0,
            _contents.ReadContent(reader, 6, zone),
            reader.ReadReason(3) ?? new Reason(ReasonCode.GuardShrink, string.Empty),
            reader.ReadTime(5),
            reader.GetInt64(2) != 0);
        return new StoredCandidate(reader.GetInt64(0), candidate);
    }

    public void Dispose()
    {
        _stored.Dispose();
        _put.Dispose();
        _load.Dispose();
    }
}
