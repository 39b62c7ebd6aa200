using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// Reads contents out of the database for any thread, one at a time, over a session of its own; the large ones into the files of this node.
/// </summary>
internal sealed class PostgresContentReader(PostgresConnector connector, ContentStore files) : IDifferenceHistory, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _fetching = new();
    private NpgsqlConnection? _connection;
    private KeptContents? _rows;
    private KeptContents? _anywhere;
    private bool _disposed;

    /// <summary>The contents that lie in rows.</summary>
    public KeptContents Contents => _rows ??= new KeptContents(facts => new RecordStream(Read(facts)));

    /// <summary>All contents, wherever they lie.</summary>
    public KeptContents AllContents => _anywhere ??= new KeptContents(Open);

    /// <summary>The expanded bytes of a content in its row.</summary>
    /// <exception cref="IOException">No such row any more, damage, or the database cannot be read.</exception>
    public byte[] Read(ZoneFacts facts) => TryRead(facts) ?? throw Gone(facts);

    /// <summary>A content from wherever it lies.</summary>
    /// <exception cref="IOException">It is not held any more, damaged, or the database cannot be read.</exception>
    public RecordStream Open(ZoneFacts facts) =>
        files.Find(facts)?.Open() ?? (TryRead(facts) is { } octets ? new RecordStream(octets) : FileOf(facts, lookAtAll: false).Open());

    /// <summary>The file of a large content, fetched when this node has none.</summary>
    /// <param name="lookAtAll">Take a file that is there only after a look at every octet.</param>
    /// <exception cref="IOException">It is not held any more, damaged, or the database or the file cannot be read or written.</exception>
    public FileZoneContent FileOf(ZoneFacts facts, bool lookAtAll)
    {
        if ((lookAtAll ? files.FindWhole(facts) : files.Find(facts)) is { } found) return found;
        lock (_fetching)
        {
            // Perhaps somebody else has just fetched it.
            return files.Find(facts) ?? files.Fetch(facts, Parts(facts));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<DifferenceRow> Find(DomainName zone) => Ask(zone, connection =>
    {
        using var select = new NpgsqlCommand(
            "SELECT id, from_hash, to_hash, from_serial, to_serial, bytes FROM differences WHERE zone = $1 ORDER BY id DESC", connection);
        select.Parameters.AddOctets(PostgresValues.Of(zone));
        var rows = new List<DifferenceRow>();
        using NpgsqlDataReader reader = select.ExecuteReader();
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
    public DifferenceSequence? Read(DomainName zone, DifferenceRow row)
    {
        byte[]? data = Ask(zone, connection =>
        {
            using var select = new NpgsqlCommand("SELECT data FROM differences WHERE id = $1", connection);
            select.Parameters.AddNumber(row.Id);
            return select.ExecuteScalar() as byte[];
        });
        return data is null ? null : DifferenceCodec.Unpack(zone, row, data);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Close();
        }
    }

    private static IOException Gone(ZoneFacts facts) => new($"The content of {facts.Apex} with serial {facts.Serial} is no longer held.");

    private byte[]? TryRead(ZoneFacts facts)
    {
        byte[]? packed = Ask(facts.Apex, connection =>
        {
            using var select = new NpgsqlCommand("SELECT data FROM contents WHERE hash = $1", connection);
            select.Parameters.AddOctets(PostgresValues.Of(facts.Hash));
            return select.ExecuteScalar() as byte[];
        });
        return packed is null ? null : ContentCodec.Expand(packed, facts);
    }

    /// <summary>Others may read between two parts.</summary>
    private IEnumerable<byte[]> Parts(ZoneFacts facts)
    {
        for (int part = 0; part < PostgresBodies.PartsOf(facts); part++)
            yield return Ask(facts.Apex, connection => PostgresBodies.ReadPart(connection, facts, part)) ?? throw Gone(facts);
    }

    private T Ask<T>(DomainName zone, Func<NpgsqlConnection, T> read)
    {
        lock (_gate)
        {
            if (_disposed)
                throw new IOException($"The content of {zone} cannot be read: the journal is closed.");
            // A session that was open may have died unnoticed, of a restart of the server perhaps: then a fresh one is tried.
            bool wasOpen = _connection is not null;
            try
            {
                return Select(read);
            }
            catch (Exception) when (wasOpen && _connection is null)
            {
                return Select(read);
            }
        }
    }

    private T Select<T>(Func<NpgsqlConnection, T> read)
    {
        try
        {
            _connection ??= connector.Open().Connection;
            return read(_connection);
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
