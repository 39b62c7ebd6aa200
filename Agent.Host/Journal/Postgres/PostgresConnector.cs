using System.Globalization;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>What a server says about itself when a session begins.</summary>
/// <param name="System">Made with the data of the server; its standbys share it.</param>
/// <param name="Timeline">Grows with each promotion of a standby.</param>
internal sealed record PostgresServerFacts(
    string Host, string Version, ulong System, uint Timeline, string SynchronousCommit, string SynchronousStandbys, string Fsync);

/// <summary>
/// Finds the primary among the hosts and opens sessions there. After a failure the search begins with the next host, so that one that takes
/// connections and answers nothing does not hold up the others. Used by one thread.
/// </summary>
/// <remarks>
/// A former primary that came back is tried behind its successor, because the host whose session failed is tried last. At the start nothing
/// is known of that, so all hosts are looked at, and the one that was promoted last is taken.
/// </remarks>
internal sealed class PostgresConnector(PostgresPlace place, PostgresLineage lineage, TimeSpan lockTimeout)
{
    private int _first;

    /// <summary>Opens a session on the primary.</summary>
    /// <param name="lookAtAll">Compare all hosts that call themselves primary.</param>
    /// <exception cref="IOException">No host is a primary that answers; the message names each with its cause.</exception>
    /// <exception cref="JournalOpenException">The primary can never serve as a journal.</exception>
    public (NpgsqlConnection Connection, PostgresServerFacts Facts) Open(bool lookAtAll = false)
    {
        // In the order of the hosts, wherever the search begins: the same words for the same state.
        var causes = new SortedDictionary<int, string>();
        (NpgsqlConnection Connection, PostgresServerFacts Facts)? best = null;
        int chosen = _first;
        for (int i = 0; i < place.Hosts.Count; i++)
        {
            int index = (_first + i) % place.Hosts.Count;
            PostgresHost host = place.Hosts[index];
            try
            {
                if (TryOpen(host) is not { } found)
                {
                    causes[index] = $"{host} is a standby";
                }
                else if (lineage.WhyNot(found.Facts) is { } why)
                {
                    found.Connection.Dispose();
                    causes[index] = $"{host} {why}";
                }
                else if (best is { } other && (other.Facts.System != found.Facts.System || other.Facts.Timeline >= found.Facts.Timeline))
                {
                    found.Connection.Dispose();
                }
                else
                {
                    best?.Connection.Dispose();
                    (best, chosen) = (found, index);
                    if (!lookAtAll) break;
                }
            }
            catch (Exception exception) when (PostgresErrors.IsOutside(exception))
            {
                causes[index] = $"{host}: {WhyNot(host, exception)}";
            }
        }

        _first = chosen;
        return best ?? throw new IOException($"no primary answers ({string.Join("; ", causes.Values)})");
    }

    private string WhyNot(PostgresHost host, Exception exception) =>
        (PostgresCertificate.IsRefused(exception) ? place.WhyCertificateRefused(host) : null) ?? PostgresErrors.Text(exception);

    /// <summary>The session that was open has failed: the next search begins with another host.</summary>
    public void Failed() => _first = (_first + 1) % place.Hosts.Count;

    private (NpgsqlConnection Connection, PostgresServerFacts Facts)? TryOpen(PostgresHost host)
    {
        var connection = new NpgsqlConnection(place.ConnectionString(host));
        try
        {
            connection.Open();
            if (Scalar(connection, "SELECT pg_is_in_recovery()") is true)
            {
                connection.Dispose();
                return null;
            }

            Prepare(connection);
            return (connection, ReadFacts(connection, host));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What role or database may have set otherwise: the fence needs READ COMMITTED, and a statement timeout that strikes during the commit
    /// would confirm it without the standby. Waiting for locks is bounded by the server instead. The statements of a batch are planned
    /// once for each session: to plan them for every batch takes the server several times as long as to carry them out. The plans are
    /// made while the tables may be empty, and stay: what is joined is looked up in indexes from the start, for a walk over a table that is
    /// cheap then would be repeated for every batch when it has grown.
    /// </summary>
    private void Prepare(NpgsqlConnection connection)
    {
        double longest = Math.Max(1, Math.Min(lockTimeout.TotalMilliseconds, place.CommandDeadline.TotalMilliseconds * 0.8));
        Scalar(
            connection,
            $"""
            SELECT set_config('lock_timeout', '{(long)longest}', false), set_config('statement_timeout', '0', false),
                set_config('default_transaction_isolation', 'read committed', false),
                set_config('idle_in_transaction_session_timeout', '{(long)place.CommandDeadline.TotalMilliseconds}', false),
                set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false),
                set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
                set_config('enable_mergejoin', 'off', false)
            """);
    }

    private PostgresServerFacts ReadFacts(NpgsqlConnection connection, PostgresHost host)
    {
        using var command = new NpgsqlCommand(
            """
            SELECT current_setting('server_encoding'), current_setting('server_version'),
                left(pg_walfile_name(pg_current_wal_lsn()), 8), current_setting('synchronous_commit'),
                current_setting('synchronous_standby_names'), current_setting('fsync'),
                (SELECT system_identifier FROM pg_control_system())
            """,
            connection);
        using NpgsqlDataReader reader = command.ExecuteReader();
        reader.Read();
        string encoding = reader.GetString(0);
        if (encoding is not ("UTF8" or "SQL_ASCII"))
            throw new JournalOpenException($"{place.Description} has the encoding {encoding}; the journal needs UTF8.");
        return new PostgresServerFacts(
            host.ToString(),
            reader.GetString(1),
            unchecked((ulong)reader.GetInt64(6)),
            uint.Parse(reader.GetString(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            reader.GetString(3),
            reader.GetString(4),
            reader.GetString(5));
    }

    private static object? Scalar(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
