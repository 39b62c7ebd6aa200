using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>Into how many shards the journal is divided, and whether it belongs to one agent or to a cluster.</summary>
/// <remarks>A journal becomes a cluster's with the first node that opens it so, and stays one until an operator says otherwise.</remarks>
internal static class PostgresShards
{
    /// <summary>The first version of the tables that knows of clusters; older programs would take all shards at their start.</summary>
    private const int FirstShared = 2;

    /// <summary>Why an agent without a cluster does not open a shared journal.</summary>
    public const string NotAlone =
        "the journal belongs to a cluster, and this agent is configured without one. To give it to a single agent, stop every node and "
        + "run DELETE FROM meta WHERE key = 'cluster' in its schema";

    /// <summary>Why a node with another number of shards does not open the journal.</summary>
    public static string OtherCount(int made, int wanted) =>
        $"the cluster was made with {made} shards and this node is configured with {wanted}: every node of a cluster has the same "
        + "agent.cluster.shards, for as long as the cluster lives";

    /// <summary>Why a node of another cluster does not open the journal.</summary>
    public static string OtherName(string theirs, string ours) =>
        $"the journal belongs to the cluster '{theirs}', and this node is configured for the cluster '{ours}' (agent.cluster.name): two "
        + "clusters on one journal would take each other's zones. Give this one a database of its own. To rename a cluster, stop every "
        + $"node and run UPDATE meta SET name = '{ours}' WHERE key = 'cluster' in its schema";

    /// <summary>A number modulo the count of shards, as unsigned numbers; for statements.</summary>
    public static string ShardOf(string hash, string count) =>
        $"(CASE WHEN {hash} >= 0 THEN {hash} % {count} ELSE (({hash}::numeric + 18446744073709551616) % {count})::bigint END)::int";

    /// <summary>The count by which the shard column was computed.</summary>
    public static int ReadCount(NpgsqlConnection connection)
    {
        using var select = new NpgsqlCommand("SELECT value FROM meta WHERE key = 'shard_count'", connection);
        return select.ExecuteScalar() is long count and > 0
            ? (int)count
            : throw new IOException("The journal is damaged: it has no shard count.");
    }

    public static bool IsShared(NpgsqlConnection connection)
    {
        using var select = new NpgsqlCommand("SELECT value FROM meta WHERE key = 'cluster'", connection);
        return select.ExecuteScalar() is not null;
    }

    /// <summary>The name of the cluster whose the journal is; null when an older program made it a cluster's, or it is nobody's.</summary>
    public static string? ReadName(NpgsqlConnection connection)
    {
        using var select = new NpgsqlCommand("SELECT name FROM meta WHERE key = 'cluster'", connection);
        return select.ExecuteScalar() as string;
    }

    /// <summary>Finds out whether a node of this cluster may work with a shared journal, inside a transaction of the caller. A journal
    /// without a name is given this one.</summary>
    /// <exception cref="JournalOpenException">It is another cluster's, or was made for another number of shards.</exception>
    public static void Compare(NpgsqlConnection connection, JournalCluster cluster)
    {
        string? name = ReadName(connection);
        if (name is not null && name != cluster.Name) throw new JournalOpenException(OtherName(name, cluster.Name));
        if (ReadCount(connection) is var made && made != cluster.Shards)
            throw new JournalOpenException(OtherCount(made, cluster.Shards));
        if (name is null) WriteName(connection, cluster.Name);
    }

    /// <summary>
    /// Makes the journal a cluster's, inside a transaction of the caller. Waits for what a single agent still writes and shuts it out; the
    /// epochs begin anew, because the cluster takes them from elsewhere.
    /// </summary>
    public static void Share(NpgsqlConnection connection, JournalCluster cluster)
    {
        Run(connection, "DELETE FROM shard_fence");
        Run(connection, "DELETE FROM meta WHERE key = 'etcd'");
        if (ReadCount(connection) != cluster.Shards) Renumber(connection, cluster.Shards);
        Run(connection, "INSERT INTO meta VALUES ('cluster', 1)");
        WriteName(connection, cluster.Name);
        Run(connection, $"UPDATE schema_version SET oldest_reader = {FirstShared} WHERE oldest_reader < {FirstShared}");
    }

    /// <summary>Computes the shard of every zone anew, inside a transaction of the caller.</summary>
    public static void Renumber(NpgsqlConnection connection, int count)
    {
        Run(connection, $"UPDATE zones SET shard = {ShardOf("name_hash", "$1")}", count);
        Run(connection, "UPDATE meta SET value = $1 WHERE key = 'shard_count'", count);
    }

    private static void WriteName(NpgsqlConnection connection, string name)
    {
        using var command = new NpgsqlCommand("UPDATE meta SET name = $1 WHERE key = 'cluster'", connection);
        command.Parameters.AddText(name);
        command.ExecuteNonQuery();
    }

    private static void Run(NpgsqlConnection connection, string sql, params ReadOnlySpan<long> values)
    {
        using var command = new NpgsqlCommand(sql, connection);
        foreach (long value in values) command.Parameters.AddNumber(value);
        command.ExecuteNonQuery();
    }
}
