using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>The history, bounded for each zone and over all.</summary>
internal sealed class SqliteEvents : IDisposable
{
    private readonly JournalOptions _options;
    private readonly HashSet<DomainName> _touched = [];
    private readonly SqliteStatement _append;
    private readonly SqliteStatement _trimZone;
    private readonly SqliteStatement _trimAll;
    private readonly SqliteStatement _readZone;
    private readonly SqliteStatement _readAll;

    public SqliteEvents(SqliteConnection connection, JournalOptions options)
    {
        _options = options;
        _append = new SqliteStatement(
            connection, "INSERT INTO events (zone, at, code, text, serial, target, trace) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", 7);
        // Walks at most the lines kept of one zone in the index; the numbers of all lines are dense, so the total needs no count.
        _trimZone = new SqliteStatement(
            connection,
            "DELETE FROM events WHERE zone = ?1 AND id <= (SELECT id FROM events WHERE zone = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            2);
        _trimAll = new SqliteStatement(connection, "DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?1", 1);
        const string Columns = "SELECT zone, at, code, text, serial, target, trace FROM events ";
        _readZone = new SqliteStatement(connection, Columns + "WHERE zone = ?1 ORDER BY id DESC LIMIT ?2", 2);
        _readAll = new SqliteStatement(connection, Columns + "ORDER BY id DESC LIMIT ?1", 1);
    }

    /// <summary>Forgets what an abandoned transaction noted.</summary>
    public void Begin() => _touched.Clear();

    public void Append(ZoneEvent line)
    {
        _append.Execute(
            SqliteValues.Of(line.Zone),
            line.At.ToUnixTimeMilliseconds(),
            line.Code,
            line.Text,
            SqliteValues.Of(line.Serial),
            line.Target,
            line.TraceId);
        _touched.Add(line.Zone);
    }

    /// <summary>Brings the zones that got lines back to their bound; once for each batch.</summary>
    public void Trim()
    {
        if (_touched.Count == 0)
            return;
        foreach (DomainName zone in _touched)
            _trimZone.Execute(SqliteValues.Of(zone), (long)_options.HistoryPerZone);
        _trimAll.Execute(_options.HistoryTotal);
        _touched.Clear();
    }

    public ImmutableArray<ZoneEvent> Read(DomainName? zone, int limit)
    {
        long rows = Math.Max(0, limit);
        using SqliteDataReader reader = zone is null ? _readAll.Query(rows) : _readZone.Query(SqliteValues.Of(zone), rows);
        var lines = ImmutableArray.CreateBuilder<ZoneEvent>();
        while (reader.Read())
        {
            lines.Add(new ZoneEvent(
                zone ?? reader.ReadName(0),
                reader.ReadTime(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.ReadNumberOrNull(4),
                reader.ReadTextOrNull(5),
                reader.ReadTextOrNull(6)));
        }
        return lines.ToImmutable();
    }

    public void Dispose()
    {
        foreach (SqliteStatement statement in (SqliteStatement[])[_append, _trimZone, _trimAll, _readZone, _readAll])
            statement.Dispose();
    }
}
