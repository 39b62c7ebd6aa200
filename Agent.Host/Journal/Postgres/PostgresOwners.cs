using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>The catalogs that zones belong to, in columns of the zones.</summary>
internal static class PostgresOwners
{
    /// <summary>Four columns: catalog, label, group, next owner.</summary>
    public static void AddColumns(NpgsqlParameterCollection parameters, IReadOnlyCollection<ZoneRow> rows)
    {
        parameters.AddColumn(rows.Select(row => row.Owner is { } owner ? PostgresValues.Of(owner.Catalog) : null));
        parameters.AddColumn(rows.Select(row => row.Owner?.Label));
        parameters.AddColumn(rows.Select(row => row.Owner?.Group));
        parameters.AddColumn(rows.Select(row => row.Owner?.NextOwner is { } next ? PostgresValues.Of(next) : null));
    }

    /// <summary>The same four, read.</summary>
    public static ZoneOwner? Read(NpgsqlDataReader reader, int column) => reader.IsDBNull(column)
        ? null
        : new ZoneOwner(
            reader.ReadName(column),
            reader.ReadTextOrNull(column + 1) ?? "",
            reader.ReadTextOrNull(column + 2) ?? "",
            reader.IsDBNull(column + 3) ? null : reader.ReadName(column + 3));

    /// <summary>The wanted zones that belong to a catalog, whichever node has them.</summary>
    public static ImmutableArray<OwnedZone> ReadOwned(NpgsqlConnection connection, DomainName catalog)
    {
        using var select = new NpgsqlCommand(
            """
            SELECT zone, owner_catalog, owner_label, owner_group, owner_next FROM zones
            WHERE owner_catalog = $1 AND zone <> $1 AND wish = $2
            """,
            connection);
        select.Parameters.AddOctets(PostgresValues.Of(catalog));
        select.Parameters.AddNumber((long)ZoneWish.Present);
        var owned = ImmutableArray.CreateBuilder<OwnedZone>();
        using NpgsqlDataReader reader = select.ExecuteReader();
        while (reader.Read()) owned.Add(new OwnedZone(reader.ReadName(0), Read(reader, 1)!));
        return owned.ToImmutable();
    }
}
