using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Reads the last contents of deleted zones, which <see cref="SqliteZones"/> keeps and drops.</summary>
internal sealed class SqliteKept(SqliteConnection connection, SqliteContents contents)
{
    /// <summary>The content of one zone; null when none is kept, or its file is lost.</summary>
    public ZoneContent? Read(DomainName zone)
    {
        using var select = new SqliteStatement(
            connection, $"SELECT {SqliteContents.Columns} FROM kept k JOIN contents c ON c.hash = k.content WHERE k.zone = ?1", 1);
        using SqliteDataReader reader = select.Query(SqliteValues.Of(zone));
        return reader.Read() ? contents.ReadContent(reader, 0, zone) : null;
    }

    /// <summary>Zones behind the given one that are not there again.</summary>
    /// <param name="after">Null for the beginning.</param>
    /// <param name="limit">At most so many.</param>
    public ImmutableArray<KeptZone> List(DomainName? after, int limit)
    {
        using var select = new SqliteStatement(
            connection,
            """
            SELECT k.name, k.keep_until, c.serial, c.records FROM kept k JOIN contents c ON c.hash = k.content
            WHERE k.zone > ?1 AND NOT EXISTS (SELECT 1 FROM zones z WHERE z.zone = k.zone) ORDER BY k.zone LIMIT ?2
            """,
            2);
        using SqliteDataReader reader = select.Query(after is null ? [] : SqliteValues.Of(after), (long)limit);
        var zones = ImmutableArray.CreateBuilder<KeptZone>();
        while (reader.Read())
            zones.Add(new KeptZone(reader.ReadNameText(0), reader.ReadNumber(2), reader.GetInt64(3), reader.ReadTime(1)));
        return zones.ToImmutable();
    }
}
