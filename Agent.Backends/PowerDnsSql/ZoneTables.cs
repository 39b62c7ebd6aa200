using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Agent.Backends.PowerDnsSql;

/// <summary>
/// The tables of PowerDNS as far as one zone goes. Changes are made within one transaction: nothing of it is seen before
/// <see cref="CommitAsync"/>. All values go as parameters.
/// </summary>
internal sealed class ZoneTables : IAsyncDisposable
{
    // Below the least number of parameters that a statement may have (999 in old SQLite).
    private const int RowsPerInsert = 100;
    private const int RowsPerDelete = 500;
    private const int NamesPerSelect = 20;

    private const string SelectRows = "SELECT id, name, type, content, ttl, prio, disabled, ordername, auth, domain_id FROM records";

    private static readonly string[] Columns = ["domain_id", "name", "type", "content", "ttl", "prio", "disabled", "ordername", "auth"];

    private readonly DbConnection _connection;
    private readonly DbTransaction? _transaction;
    private readonly string _rowLock;

    private ZoneTables(DbConnection connection, DbTransaction? transaction, string rowLock) =>
        (_connection, _transaction, _rowLock) = (connection, transaction, rowLock);

    /// <summary>Connects, and begins where something is to be changed: who only looks does not wait for those who change.</summary>
    public static async Task<ZoneTables> OpenAsync(PowerDnsSqlOptions options, bool isForChange, CancellationToken cancellation)
    {
        DbConnection connection = options.Connect();
        try
        {
            await connection.OpenAsync(cancellation);
            // More would lock the room between rows in MySQL, and zones that are made beside each other would stop each other there.
            DbTransaction? transaction = isForChange
                ? await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation) : null;
            return new ZoneTables(connection, transaction, options.RowLock);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The zone's number and kind; no number when there is no such zone.</summary>
    public async Task<(long? Id, string Kind)> FindAsync(string name, CancellationToken cancellation)
    {
        await using DbCommand command = Command($"SELECT id, type FROM domains WHERE name = @p0 {_rowLock}", name);
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (Number(reader, 0), reader.GetString(1)) : (null, "");
    }

    /// <summary>Makes a zone and gives it its number.</summary>
    public async Task<long> CreateAsync(string name, string kind, CancellationToken cancellation)
    {
        await RunAsync("INSERT INTO domains (name, type) VALUES (@p0, @p1)", cancellation, name, kind);
        return (await FindAsync(name, cancellation)).Id ?? throw new DataException($"the row of {name} is not to be found");
    }

    /// <summary>Changes the kind of a zone; it comes from nowhere else any more.</summary>
    public Task SetKindAsync(long zone, string kind, CancellationToken cancellation) =>
        RunAsync("UPDATE domains SET type = @p1, master = NULL WHERE id = @p0", cancellation, zone, kind);

    /// <summary>What is set of these kinds of metadata.</summary>
    public async Task<Dictionary<string, string>> MetadataAsync(long zone, CancellationToken cancellation)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        await using DbCommand command = Command("SELECT kind, content FROM domainmetadata WHERE domain_id = @p0", zone);
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            metadata[reader.GetString(0)] = await reader.IsDBNullAsync(1, cancellation) ? "" : reader.GetString(1);
        return metadata;
    }

    /// <summary>Sets metadata, or takes it away.</summary>
    public async Task SetMetadataAsync(long zone, string kind, string? content, CancellationToken cancellation)
    {
        await RunAsync("DELETE FROM domainmetadata WHERE domain_id = @p0 AND kind = @p1", cancellation, zone, kind);
        if (content is not null)
        {
            await RunAsync(
                "INSERT INTO domainmetadata (domain_id, kind, content) VALUES (@p0, @p1, @p2)", cancellation, zone, kind, content);
        }
    }

    /// <summary>PowerDNS has an active key for the zone.</summary>
    public async Task<bool> IsSignedAsync(long zone, CancellationToken cancellation)
    {
        await using DbCommand command = Command("SELECT active FROM cryptokeys WHERE domain_id = @p0", zone);
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            if (!await reader.IsDBNullAsync(0, cancellation) && reader.GetBoolean(0))
                return true;
        }

        return false;
    }

    /// <summary>All rows of the zone as they come, by number; a disabled one is nothing that we have.</summary>
    public async IAsyncEnumerable<(long Id, RecordRow? Row)> RowsAsync(
        long zone, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using DbCommand command = Command($"{SelectRows} WHERE domain_id = @p0", zone);
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            yield return Row(reader);
    }

    /// <summary>The rows at some names of the zone.</summary>
    /// <remarks>The database is asked for the names alone, of whatever zone: a planner that knows nothing of its tables yet might else go
    /// through all rows of the zone.</remarks>
    public async IAsyncEnumerable<(long Id, RecordRow? Row)> RowsAtAsync(
        long zone, IEnumerable<string> names, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (string[] part in names.Chunk(NamesPerSelect))
        {
            await using DbCommand command = Command($"{SelectRows} WHERE name IN ({Places(part.Length)})", [.. part]);
            await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                if (!reader.IsDBNull(9) && Number(reader, 9) == zone)
                    yield return Row(reader);
            }
        }
    }

    /// <summary>Takes rows away.</summary>
    public async Task DeleteRowsAsync(IReadOnlyList<long> ids, CancellationToken cancellation)
    {
        foreach (long[] part in ids.Chunk(RowsPerDelete))
        {
            await RunAsync($"DELETE FROM records WHERE id IN ({Places(part.Length)})", cancellation, [.. part.Cast<object>()]);
        }
    }

    /// <summary>Adds rows.</summary>
    public async Task InsertRowsAsync(long zone, IEnumerable<RecordRow> rows, CancellationToken cancellation)
    {
        foreach (RecordRow[] part in rows.Chunk(RowsPerInsert))
        {
            StringBuilder text = new($"INSERT INTO records ({string.Join(", ", Columns)}) VALUES ");
            List<object?> values = [];
            foreach (RecordRow row in part)
            {
                text.Append(values.Count == 0 ? "(" : ", (");
                text.AppendJoin(", ", Columns.Select((_, i) => $"@p{(values.Count + i).ToString(CultureInfo.InvariantCulture)}"));
                text.Append(')');
                bool isEmptyName = row.Type is null;
                values.AddRange(
                [
                    zone, row.Name, row.Type, row.Content, isEmptyName ? null : (int)row.Ttl, isEmptyName ? null : row.Priority, false,
                    row.OrderName, row.IsAuthoritative,
                ]);
            }

            await RunAsync(text.ToString(), cancellation, [.. values]);
        }
    }

    /// <summary>Takes the zone away with all that belongs to it.</summary>
    public async Task DeleteAsync(long zone, CancellationToken cancellation)
    {
        foreach (string table in (string[])["records", "comments", "domainmetadata", "cryptokeys"])
            await RunAsync($"DELETE FROM {table} WHERE domain_id = @p0", cancellation, zone);
        await RunAsync("DELETE FROM domains WHERE id = @p0", cancellation, zone);
    }

    /// <summary>The names of the zones that do not come from elsewhere, one more than <paramref name="maximum"/> at most.</summary>
    public async Task<List<string>> NamesAsync(int maximum, CancellationToken cancellation)
    {
        List<string> names = [];
        await using DbCommand command = Command("SELECT name FROM domains WHERE type IN ('NATIVE', 'MASTER')");
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation);
        while (names.Count <= maximum && await reader.ReadAsync(cancellation))
            names.Add(reader.GetString(0));
        return names;
    }

    /// <summary>Returns when the table of records can be read as this driver needs it.</summary>
    public Task CheckAsync(CancellationToken cancellation) => RunAsync(
        $"SELECT {string.Join(", ", Columns)} FROM records WHERE domain_id = @p0 AND name = @p1", cancellation, -1, "");

    /// <summary>All that was changed is there at once.</summary>
    public Task CommitAsync(CancellationToken cancellation) => _transaction!.CommitAsync(cancellation);

    /// <summary>Ends; what was not committed was not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_transaction is not null)
            await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static long Number(DbDataReader reader, int column) =>
        Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture);

    private static string Places(int count) =>
        string.Join(", ", Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"@p{i}")));

    private static (long Id, RecordRow? Row) Row(DbDataReader reader)
    {
        bool isDisabled = !reader.IsDBNull(6) && reader.GetBoolean(6);
        return (Number(reader, 0), isDisabled ? null : new RecordRow(
            Text(reader, 1) ?? "",
            Text(reader, 2),
            Text(reader, 3),
            reader.IsDBNull(4) ? 0 : Number(reader, 4),
            reader.IsDBNull(5) ? 0 : (int)Number(reader, 5),
            Text(reader, 7),
            reader.IsDBNull(8) || reader.GetBoolean(8)));
    }

    private static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private async Task RunAsync(string text, CancellationToken cancellation, params object?[] values)
    {
        await using DbCommand command = Command(text, values);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private DbCommand Command(string text, params object?[] values)
    {
        DbCommand command = _connection.CreateCommand();
        command.Transaction = _transaction;
#pragma warning disable CA2100 // The text is made of constants and places for parameters.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach ((int i, object? value) in values.Index())
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i.ToString(CultureInfo.InvariantCulture)}";
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
