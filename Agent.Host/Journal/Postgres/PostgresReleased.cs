using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// The contents that a transaction may leave without a reference: noted before its rows change, when it is known what they refer to, and
/// looked at behind them. The note is a setting of the transaction and ends with it: a temporary table would be emptied at each commit,
/// and each emptying has the server plan anew whatever names it.
/// </summary>
internal static class PostgresReleased
{
    private const string Setting = "agent.released";

    /// <summary>An expression that notes all hashes of a column; once for each transaction.</summary>
    public static string Note(string column) =>
        $"set_config('{Setting}', coalesce(string_agg(DISTINCT encode({column}, 'hex'), ','), ''), true)";

    /// <summary>Deletes the noted contents that nothing refers to any more, and gives the hash of each and whether a file
    /// held it.</summary>
    /// <param name="condition">What has to hold for that; nothing when it is empty.</param>
    public static NpgsqlBatchCommand Drop(string condition = "") => new(
        $"""
        DELETE FROM contents c USING (SELECT decode(n.hash, 'hex') AS hash
            FROM unnest(string_to_array(current_setting('{Setting}', true), ',')) AS n (hash) {condition}) r
        WHERE c.hash = r.hash
            AND NOT EXISTS (SELECT 1 FROM zones z WHERE z.content = c.hash)
            AND NOT EXISTS (SELECT 1 FROM zones z WHERE z.candidate = c.hash)
            AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.content = c.hash)
        RETURNING c.hash, c.data IS NULL
        """);
}
