using Agent.Actors.Journal;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Journal.Postgres;
using Npgsql;

namespace Agent.Tests.Journal;

/// <summary>Sessions that stand in the way of a journal, and the look at who waits.</summary>
internal static class PostgresLocks
{
    /// <summary>A session that holds the row of a zone until it is closed.</summary>
    public static async Task<NpgsqlConnection> BlockAsync(PostgresServer server, string database, string zone)
    {
        var connection = new NpgsqlConnection(server.ConnectionString(database, "Search Path=agent;Pooling=false"));
        await connection.OpenAsync();
        await RunAsync(connection, "BEGIN");
        await RunAsync(connection, $"SELECT 1 FROM zones WHERE name = '{DomainName.Parse(zone)}' FOR UPDATE");
        return connection;
    }

    public static Task WaitAsync(PostgresServer server, string database, int sessions) => Eventually.HoldsAsync(
        async () => await server.SqlAsync(
            "postgres",
            $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock'") == $"{sessions}",
        () => $"{sessions} sessions wait for a lock\n{server.Output}");

    public static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first statement of a batch, alone: whether it would be written.</summary>
    public static bool Append(NpgsqlConnection connection, PostgresFence fence, long number, params ShardEpoch[] claims)
    {
        using var append = new NpgsqlCommand(PostgresFence.Append, connection);
        append.Parameters.AddWithValue(fence.Writer);
        append.Parameters.AddWithValue(number);
        append.Parameters.AddWithValue(claims.Select(claim => claim.Shard).ToArray());
        append.Parameters.AddWithValue(claims.Select(claim => claim.Epoch).ToArray());
        return append.ExecuteScalar() is not null;
    }
}
