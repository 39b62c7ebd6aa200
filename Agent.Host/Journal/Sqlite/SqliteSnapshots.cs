using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Rows over a further connection that only reads; each query sees what was committed when it began.</summary>
internal sealed class SqliteSnapshots : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteContents _contents;
    private readonly SqliteCandidates _candidates;

    public SqliteSnapshots(ContentStore files, SqliteContentReader reader, RecentContents recent, JournalOptions options, string path)
    {
        _connection = SqliteDatabase.OpenReader(path, options.LockTimeout);
        _contents = new SqliteContents(_connection, files, reader, recent, options.LargestStoredContent);
        _candidates = new SqliteCandidates(_connection, _contents);
        Rows = new SqliteRows(_connection, _contents, _candidates);
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
