using System.Globalization;
using Agent.Host.Etcd;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>The etcd that the epochs of a shared journal come from: one row of <c>meta</c>, of which older programs know nothing.</summary>
internal static class PostgresEtcd
{
    public static EtcdPast Recall(NpgsqlConnection connection)
    {
        using var select = new NpgsqlCommand(
            "SELECT name, value, (SELECT max(epoch) FROM shard_fence) FROM (SELECT 1) AS one LEFT JOIN meta ON key = 'etcd'", connection);
        using NpgsqlDataReader reader = select.ExecuteReader();
        reader.Read();
        ulong cluster = 0;
        if (!reader.IsDBNull(0)
            && !ulong.TryParse(reader.GetString(0), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out cluster))
        {
            throw new IOException("The journal is damaged: the etcd cluster in it has no number.");
        }

        return new EtcdPast(cluster, reader.IsDBNull(1) ? 0 : (int)reader.GetInt64(1), reader.IsDBNull(2) ? 0 : reader.GetInt64(2));
    }

    /// <summary>Writes it unless one stands with the same incarnation or a higher one, and gives what stands.</summary>
    public static EtcdPast Remember(NpgsqlConnection connection, ulong cluster, int incarnation)
    {
        using var insert = new NpgsqlCommand(
            """
            INSERT INTO meta (key, value, name) VALUES ('etcd', $1, $2)
            ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, name = EXCLUDED.name WHERE meta.value < EXCLUDED.value
            """,
            connection);
        insert.Parameters.AddNumber(incarnation);
        insert.Parameters.AddText(EtcdHighWater.Hex(cluster));
        insert.ExecuteNonQuery();
        // Not its epochs: others take shards while this node asks.
        return Recall(connection) with { Epoch = 0 };
    }
}
