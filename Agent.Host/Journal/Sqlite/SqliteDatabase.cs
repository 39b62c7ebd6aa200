using Agent.Actors.Kernel;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// Opens the file and judges it. A file that is not whole is refused: an agent that starts empty would take every zone for
/// unknown. A new one is built beside its place and renamed, so that a file at the place is always a finished database.
/// </summary>
internal static class SqliteDatabase
{
    private const long LargestFullyChecked = 64L << 20;

    private static ReadOnlySpan<byte> Header => "SQLite format 3\0"u8;

    /// <summary>
    /// Checks the file and opens it for writing. Only at the start of the process may a missing one be created: under way its
    /// absence is a failure like any other.
    /// </summary>
    /// <exception cref="JournalOpenException">Damaged, of a newer program, missing where contents exist, or not accessible.</exception>
    public static SqliteConnection Open(DataDirectory directory, JournalOptions options, TimeProvider clock, bool mayCreate)
    {
        SqliteLibrary.Initialize();
        string path = directory.DatabasePath;
        try
        {
            if (mayCreate && !File.Exists(path))
                Create(directory, clock);
            CheckHeader(path);
            SqliteConnection connection = Connect(path, SqliteOpenMode.ReadWrite, options.LockTimeout);
            try
            {
                Check(connection, path);
                Configure(connection, options);
                SqliteSchema.Upgrade(connection, clock);
                return connection;
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new JournalOpenException($"The journal {path} cannot be opened: {SqliteErrors.Describe(exception)}", exception)
            {
                MayPass = SqliteErrors.MayPass(exception),
            };
        }
    }

    /// <summary>A further connection that only reads; the write-ahead log lets it see committed rows without waiting.</summary>
    /// <param name="lockTimeout">How long a query waits for a file that another process has locked.</param>
    public static SqliteConnection OpenReader(string path, TimeSpan lockTimeout) => Connect(path, SqliteOpenMode.ReadOnly, lockTimeout);

    private static SqliteConnection Connect(string path, SqliteOpenMode mode, TimeSpan lockTimeout)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            // Beyond the wait below the package would poll a locked file for so many seconds more.
            DefaultTimeout = 1,
        }.ConnectionString);
        try
        {
            connection.Open();
            Run(connection, $"PRAGMA busy_timeout = {(long)lockTimeout.TotalMilliseconds}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Create(DataDirectory directory, TimeProvider clock)
    {
        string path = directory.DatabasePath;
        if (File.Exists(path + "-wal") || Directory.EnumerateFiles(directory.ContentsPath).Any())
        {
            throw new JournalOpenException(
                $"The journal {path} is missing, but the directory holds what belonged to one. "
                + "Restore it, or empty the directory to start anew.");
        }
        string part = path + ".new";
        foreach (string left in (string[])[part, part + "-wal", part + "-shm", part + "-journal"])
            File.Delete(left);
        using (SqliteConnection connection = Connect(part, SqliteOpenMode.ReadWriteCreate, TimeSpan.Zero))
        {
            Run(connection, "PRAGMA journal_mode = DELETE");
            Run(connection, "PRAGMA synchronous = FULL");
            SqliteSchema.Upgrade(connection, clock);
        }
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(part, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        DiskSync.File(part);
        FaultPoint.Pass("journal.built");
        File.Move(part, path);
        FaultPoint.Pass("journal.created");
        DiskSync.Directory(directory.Path);
    }

    private static void CheckHeader(string path)
    {
        Span<byte> start = stackalloc byte[16];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.SequenceEqual(Header))
            throw Damaged(path, "it does not begin as a database");
    }

    private static void Configure(SqliteConnection connection, JournalOptions options)
    {
        Run(connection, "PRAGMA journal_mode = WAL");
        Run(connection, "PRAGMA synchronous = FULL");
        Run(connection, "PRAGMA journal_size_limit = 67108864");
        if (options.MaximumBytes > 0)
        {
            long pageSize = (long)Run(connection, "PRAGMA page_size")!;
            Run(connection, $"PRAGMA max_page_count = {Math.Max(1, options.MaximumBytes / pageSize)}");
        }
    }

    private static void Check(SqliteConnection connection, string path)
    {
        HashSet<int> taken;
        int oldestReader;
        try
        {
            (taken, oldestReader) = SqliteSchema.Read(connection);
            // The whole check reads every page: seconds for a large file, which a restart must not cost.
            if (new FileInfo(path).Length <= LargestFullyChecked && Run(connection, "PRAGMA quick_check(1)") is not "ok")
                throw Damaged(path, "its pages contradict each other");
        }
        catch (SqliteException exception) when (SqliteErrors.IsDamage(exception))
        {
            throw Damaged(path, SqliteErrors.Text(exception));
        }
        if (taken.Count == 0)
            throw Damaged(path, "the tables are missing");
        if (oldestReader > SqliteSchema.Current)
        {
            throw new JournalOpenException(
                $"The journal {path} was written by a newer program (schema {taken.Max()}, read by programs from {oldestReader} on; "
                + $"this one knows {SqliteSchema.Current}). Nothing was changed.");
        }
    }

    private static JournalOpenException Damaged(string path, string what) => new(
        $"The journal {path} is damaged: {what}. Nothing was changed; restore it from a copy, or move the directory away to start anew.");

    private static object? Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
