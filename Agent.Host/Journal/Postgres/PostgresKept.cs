using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>Reads which deleted zones content is kept of.</summary>
internal static class PostgresKept
{
    /// <summary>The content of one zone, as columns of the table alias c.</summary>
    public const string Content =
        """
        SELECT c.hash, c.apex, c.serial, c.soa_refresh, c.soa_retry, c.soa_expire, c.soa_minimum, c.soa_ttl, c.records, c.bytes,
            c.data IS NULL, c.body IS NULL
        FROM kept k JOIN contents c ON c.hash = k.content WHERE k.zone = $1
        """;

    /// <summary>Zones behind the given one that are not there again.</summary>
    /// <param name="connection">The session.</param>
    /// <param name="after">Null for the beginning.</param>
    /// <param name="limit">At most so many.</param>
    public static ImmutableArray<KeptZone> List(NpgsqlConnection connection, DomainName? after, int limit)
    {
        using var select = new NpgsqlCommand(
            """
            SELECT k.name, k.keep_until, c.serial, c.records FROM kept k JOIN contents c ON c.hash = k.content
            WHERE k.zone > $1 AND NOT EXISTS (SELECT 1 FROM zones z WHERE z.zone = k.zone) ORDER BY k.zone LIMIT $2
            """,
            connection);
        select.Parameters.AddOctets(after is null ? [] : PostgresValues.Of(after));
        select.Parameters.AddNumber(limit);
        using NpgsqlDataReader reader = select.ExecuteReader();
        var zones = ImmutableArray.CreateBuilder<KeptZone>();
        while (reader.Read())
            zones.Add(new KeptZone(reader.ReadNameText(0), reader.ReadNumber(2), reader.GetInt64(3), reader.ReadTime(1)));
        return zones.ToImmutable();
    }
}
