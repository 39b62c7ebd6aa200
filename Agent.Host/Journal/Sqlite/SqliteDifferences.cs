using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Writes the history of differences, in the transaction of the content that each leads to, within its bounds.</summary>
internal sealed class SqliteDifferences : IDisposable
{
    private readonly JournalOptions _options;
    private readonly SqliteStatement _append;
    private readonly SqliteStatement _trim;
    private readonly SqliteStatement _forget;
    private readonly SqliteStatement _expire;

    public SqliteDifferences(SqliteConnection connection, JournalOptions options)
    {
        _options = options;
        _append = new SqliteStatement(
            connection,
            """
            INSERT INTO differences (zone, from_hash, to_hash, from_serial, to_serial, at, bytes, data)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (
                SELECT 1 FROM (SELECT to_hash, from_serial, to_serial FROM differences WHERE zone = ?1 ORDER BY id DESC LIMIT 1)
                WHERE to_hash = ?2 AND from_serial = to_serial AND ?4 <> ?5)
            """,
            8);
        _trim = new SqliteStatement(
            connection,
            """
            DELETE FROM differences WHERE id IN (
                SELECT id FROM (
                    SELECT id, row_number() OVER newest AS place, sum(bytes) OVER newest AS total
                    FROM differences WHERE zone = ?1 WINDOW newest AS (ORDER BY id DESC))
                WHERE place > ?2 OR total > ?3)
            """,
            3);
        _forget = new SqliteStatement(connection, "DELETE FROM differences WHERE zone = ?1", 1);
        _expire = new SqliteStatement(connection, "DELETE FROM differences WHERE at < ?1", 1);
    }

    /// <summary>
    /// Notes what led to a content that a row comes to refer to. From a content that took the place of another with the same serial nothing
    /// leads on: a client that names the serial may have either.
    /// </summary>
    public void Append(DomainName zone, ZoneContent content, DateTimeOffset at)
    {
        if (content.Origin is not { } origin)
            return;
        byte[] key = SqliteValues.Of(zone);
        DifferenceSequence? differences = origin.Differences;
        _append.Execute(
            key,
            SqliteValues.Of(origin.From),
            SqliteValues.Of(content.Hash),
            (long)(differences?.FromSerial ?? content.Serial),
            (long)(differences?.ToSerial ?? content.Serial),
            at.ToUnixTimeMilliseconds(),
            (long)(differences?.Octets.Length ?? 0),
            DifferenceCodec.Pack(differences));
        _trim.Execute(key, (long)_options.DifferencesPerZone, _options.DifferenceBytesPerZone);
    }

    public void Forget(DomainName zone) => _forget.Execute(SqliteValues.Of(zone));

    /// <summary>Drops what is too old.</summary>
    public void Expire(DateTimeOffset now) => _expire.Execute((now - _options.DifferencesAge).ToUnixTimeMilliseconds());

    public void Dispose()
    {
        _append.Dispose();
        _trim.Dispose();
        _forget.Dispose();
        _expire.Dispose();
    }
}
