using Agent.Dns.Zones;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>Reads contents out of their rows for any thread, one at a time, over a session of its own.</summary>
internal sealed class PostgresContentReader(PostgresConnector connector) : IDisposable
{
    private readonly Lock _gate = new();
    private NpgsqlConnection? _connection;
    private bool _disposed;

    /// <summary>The expanded bytes.</summary>
    /// <exception cref="IOException">No such row any more, damage, or the database cannot be read.</exception>
    public byte[] Read(ZoneFacts facts)
    {
        byte[]? packed;
        lock (_gate)
        {
            if (_disposed)
                throw new IOException($"The content of {facts.Apex} cannot be read: the journal is closed.");
            // A session that was open may have died unnoticed, of a restart of the server perhaps: then a fresh one is tried.
            bool wasOpen = _connection is not null;
            try
            {
                packed = Select(facts.Hash);
            }
            catch (Exception) when (wasOpen && _connection is null)
            {
                packed = Select(facts.Hash);
            }
        }
        return packed is not null
            ? ContentCodec.Expand(packed, facts)
            : throw new IOException($"The content of {facts.Apex} with serial {facts.Serial} is no longer held.");
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Close();
        }
    }

    private byte[]? Select(ContentHash hash)
    {
        try
        {
            _connection ??= connector.Open().Connection;
            using var select = new NpgsqlCommand("SELECT data FROM contents WHERE hash = $1", _connection);
            select.Parameters.AddOctets(PostgresValues.Of(hash));
            return select.ExecuteScalar() as byte[];
        }
        catch (Exception exception) when (PostgresErrors.IsOutside(exception) || exception is JournalOpenException)
        {
            Close();
            connector.Failed();
            throw new IOException($"The journal cannot be read: {PostgresErrors.Text(exception)}.", exception);
        }
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
