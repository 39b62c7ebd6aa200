using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Agent.Host.Journal.Sqlite;

/// <summary>One prepared statement with numbered parameters (?1, ?2, ...), kept for the life of its connection.</summary>
/// <remarks>
/// What writes, and what reads one value, goes to SQLite without the package's commands: those look up the name of each parameter anew at
/// every run, which cost more than SQLite itself with rows of many columns. Who waits for a lock is SQLite (busy_timeout).
/// </remarks>
internal sealed class SqliteStatement : IDisposable
{
    private const int TextOnStackBytes = 512;

    private readonly SqliteConnection _connection;
    private readonly string _sql;
    private readonly int _parameters;
    private SqliteCommand? _command;
    private sqlite3_stmt? _prepared;

    public SqliteStatement(SqliteConnection connection, string sql, int parameters)
    {
        _connection = connection;
        _sql = sql;
        _parameters = parameters;
    }

    /// <summary>Runs it to its end.</summary>
    public void Execute(params ReadOnlySpan<object?> values) => _ = Run(values, toEnd: true);

    /// <summary>The first column of the first row; null when there is none.</summary>
    public object? Scalar(params ReadOnlySpan<object?> values) => Run(values, toEnd: false);

    /// <summary>The rows; the caller disposes the reader before the statement runs again.</summary>
    public SqliteDataReader Query(params ReadOnlySpan<object?> values)
    {
        Check(values);
        if (_command is null)
        {
            _command = _connection.CreateCommand();
            _command.CommandText = _sql;
            for (int i = 1; i <= _parameters; i++)
                _command.Parameters.Add(new SqliteParameter { ParameterName = "?" + i });
        }

        for (int i = 0; i < values.Length; i++)
            _command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return _command.ExecuteReader();
    }

    public void Dispose()
    {
        _command?.Dispose();
        _prepared?.Dispose();
    }

    private object? Run(ReadOnlySpan<object?> values, bool toEnd)
    {
        Check(values);
        sqlite3 database = _connection.Handle ?? throw new InvalidOperationException("the connection to the journal is closed");
        sqlite3_stmt statement = _prepared ??= Prepare(database);
        try
        {
            for (int i = 0; i < values.Length; i++)
                Expect(Bind(statement, i + 1, values[i]), database);
            int step = raw.sqlite3_step(statement);
            object? first = step == raw.SQLITE_ROW ? Column(statement) : null;
            while (toEnd && step == raw.SQLITE_ROW)
                step = raw.sqlite3_step(statement);
            if (step is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
                Expect(step, database);
            return first;
        }
        finally
        {
            _ = raw.sqlite3_reset(statement);
            // A large content would stay in memory until the next one.
            _ = raw.sqlite3_clear_bindings(statement);
        }
    }

    private sqlite3_stmt Prepare(sqlite3 database)
    {
        Expect(raw.sqlite3_prepare_v2(database, _sql, out sqlite3_stmt prepared), database);
        return prepared;
    }

    private void Check(ReadOnlySpan<object?> values)
    {
        if (values.Length != _parameters)
            throw new ArgumentException($"{_parameters} values are needed, not {values.Length}.", nameof(values));
    }

    private static void Expect(int code, sqlite3 database)
    {
        if (code != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(code, database);
    }

    private static int Bind(sqlite3_stmt statement, int index, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(statement, index),
        long number => raw.sqlite3_bind_int64(statement, index, number),
        int number => raw.sqlite3_bind_int64(statement, index, number),
        string text => BindText(statement, index, text),
        // An empty span has no address, which SQLite takes for NULL.
        byte[] { Length: 0 } => raw.sqlite3_bind_zeroblob(statement, index, 0),
        byte[] octets => raw.sqlite3_bind_blob(statement, index, octets),
        _ => throw new ArgumentException($"A {value.GetType().Name} is no value of a column.", nameof(value)),
    };

    private static int BindText(sqlite3_stmt statement, int index, string text)
    {
        if (text.Length == 0)
            return raw.sqlite3_bind_text(statement, index, text);
        Span<byte> room = stackalloc byte[TextOnStackBytes];
        return Encoding.UTF8.TryGetBytes(text, room, out int length)
            ? raw.sqlite3_bind_text(statement, index, room[..length])
            : raw.sqlite3_bind_text(statement, index, Encoding.UTF8.GetBytes(text));
    }

    private static object? Column(sqlite3_stmt statement) => raw.sqlite3_column_type(statement, 0) switch
    {
        raw.SQLITE_INTEGER => raw.sqlite3_column_int64(statement, 0),
        raw.SQLITE_FLOAT => raw.sqlite3_column_double(statement, 0),
        raw.SQLITE_TEXT => raw.sqlite3_column_text(statement, 0).utf8_to_string(),
        raw.SQLITE_BLOB => raw.sqlite3_column_blob(statement, 0).ToArray(),
        _ => null,
    };
}
