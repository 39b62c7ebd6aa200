using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Reads contents out of their rows for any thread, over a connection of its own.</summary>
internal sealed class SqliteContentReader : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private SqliteConnection? _connection;
    private SqliteStatement? _select;
    private bool _disposed;

    public SqliteContentReader(string path) => _path = path;

    /// <summary>The expanded bytes.</summary>
    /// <exception cref="IOException">No such row any more, damage, or the file cannot be read.</exception>
    public byte[] Read(ZoneFacts facts)
    {
        byte[]? packed;
        lock (_gate)
        {
            if (_disposed)
                throw new IOException($"The content of {facts.Apex} cannot be read: the journal is closed.");
            try
            {
                _connection ??= SqliteDatabase.OpenReader(_path);
                _select ??= new SqliteStatement(_connection, "SELECT data FROM contents WHERE hash = ?1", 1);
                packed = _select.Scalar(SqliteValues.Of(facts.Hash)) as byte[];
            }
            catch (SqliteException exception)
            {
                Close();
                throw new IOException($"The content of {facts.Apex} cannot be read: {SqliteErrors.Text(exception)}.", exception);
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

    private void Close()
    {
        _select?.Dispose();
        _connection?.Dispose();
        _select = null;
        _connection = null;
    }
}
