using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>Reads the history.</summary>
internal static class PostgresEvents
{
    /// <summary>The newest lines first.</summary>
    /// <param name="connection">The session.</param>
    /// <param name="zone">Null for all zones.</param>
    /// <param name="limit">At most so many.</param>
    public static ImmutableArray<ZoneEvent> Read(NpgsqlConnection connection, DomainName? zone, int limit)
    {
        const string Columns = "SELECT zone, at, code, text, serial, target, trace FROM events ";
        using var select = new NpgsqlCommand(Columns + (zone is null ? "" : "WHERE zone = $2 ") + "ORDER BY id DESC LIMIT $1", connection);
        select.Parameters.AddNumber(Math.Max(0, limit));
        if (zone is not null) select.Parameters.AddOctets(PostgresValues.Of(zone));
        using NpgsqlDataReader reader = select.ExecuteReader();
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
}
