using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Reads contents and differences out of their rows for any thread, over a connection of its own.</summary>
internal sealed class SqliteContentReader : IDifferenceHistory, IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private SqliteConnection? _connection;
    private SqliteStatement? _select;
    private SqliteStatement? _findDifferences;
    private SqliteStatement? _readDifference;
    private bool _disposed;

    public SqliteContentReader(string path)
    {
        _path = path;
        Contents = new KeptContents(facts => new RecordStream(Read(facts)));
    }

    /// <summary>The contents that lie in rows.</summary>
    public KeptContents Contents { get; }

    /// <summary>The expanded bytes.</summary>
    /// <exception cref="IOException">No such row any more, damage, or the file cannot be read.</exception>
    public byte[] Read(ZoneFacts facts)
    {
        byte[]? packed = Ask(facts.Apex, () => _select!.Scalar(SqliteValues.Of(facts.Hash)) as byte[]);
        return packed is not null
            ? ContentCodec.Expand(packed, facts)
            : throw new IOException($"The content of {facts.Apex} with serial {facts.Serial} is no longer held.");
    }

    /// <inheritdoc/>
    public IReadOnlyList<DifferenceRow> Find(DomainName zone) => Ask(zone, () =>
    {
        var rows = new List<DifferenceRow>();
        using SqliteDataReader reader = _findDifferences!.Query(SqliteValues.Of(zone));
        while (reader.Read())
        {
            rows.Add(new DifferenceRow(
                reader.GetInt64(0),
                reader.ReadHash(1),
                reader.ReadHash(2),
                reader.ReadNumber(3),
                reader.ReadNumber(4),
                reader.GetInt32(5)));
        }

        return rows;
    });

    /// <inheritdoc/>
    public DifferenceSequence? Read(DomainName zone, DifferenceRow row) =>
        Ask(zone, () => _readDifference!.Scalar(row.Id) as byte[]) is { } data ? DifferenceCodec.Unpack(zone, row, data) : null;

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Close();
        }
    }

    private T Ask<T>(DomainName zone, Func<T> read)
    {
        lock (_gate)
        {
            if (_disposed)
                throw new IOException($"The content of {zone} cannot be read: the journal is closed.");
            try
            {
                if (_connection is null)
                    Open();
                return read();
            }
            catch (SqliteException exception)
            {
                Close();
                throw new IOException($"The content of {zone} cannot be read: {SqliteErrors.Text(exception)}.", exception);
            }
        }
    }

    private void Open()
    {
        _connection = SqliteDatabase.OpenReader(_path, TimeSpan.FromSeconds(1));
        _select = new SqliteStatement(_connection, "SELECT data FROM contents WHERE hash = ?1", 1);
        _findDifferences = new SqliteStatement(
            _connection,
            "SELECT id, from_hash, to_hash, from_serial, to_serial, bytes FROM differences WHERE zone = ?1 ORDER BY id DESC",
            1);
        _readDifference = new SqliteStatement(_connection, "SELECT data FROM differences WHERE id = ?1", 1);
    }

    private void Close()
    {
        _findDifferences?.Dispose();
        _readDifference?.Dispose();
        _findDifferences = null;
        _readDifference = null;
        _select?.Dispose();
        _connection?.Dispose();
        _select = null;
        _connection = null;
    }
}
