using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Rows over a further connection that only reads; it sees what was committed when it was opened.</summary>
internal sealed class SqliteSecondReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteContents _contents;
    private readonly SqliteCandidates _candidates;

    public SqliteSecondReader(ContentStore files, SqliteContentReader reader, RecentContents recent, JournalOptions options, string path)
    {
        _connection = SqliteDatabase.OpenReader(path);
        _contents = new SqliteContents(_connection, files, reader, recent, options.LargestStoredContent);
        _candidates = new SqliteCandidates(_connection, _contents);
        Rows = new SqliteRows(_connection, _contents, _candidates, options.RowsPerPass);
    }

    public SqliteRows Rows { get; }

    public void Dispose()
    {
        Rows.Dispose();
        _candidates.Dispose();
        _contents.Dispose();
        _connection.Dispose();
    }
}
