using System.Globalization;

namespace Agent.Host.Journal;

/// <summary>
/// The folder in which the agent keeps what must survive: database, large contents, spool. Held by one process at a time:
/// the lock is the kernel's (flock), so it ends with the process however that ends.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const int WouldBlock = 11; // EWOULDBLOCK: what a lock held elsewhere gives, and a failing disk does not

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
        ContentsPath = System.IO.Path.Combine(path, "contents");
        SpoolPath = System.IO.Path.Combine(path, "spool");
        DatabasePath = System.IO.Path.Combine(path, "journal.db");
        CreateOwnFolder(ContentsPath);
        CreateOwnFolder(SpoolPath);
    }

    /// <summary>The folder, absolute.</summary>
    public string Path { get; }

    /// <summary>Large contents that the journal refers to, one file each, named by hash.</summary>
    public string ContentsPath { get; }

    /// <summary>Transfers under way and contents that nobody has kept yet; worthless after a restart.</summary>
    public string SpoolPath { get; }

    /// <summary>The SQLite file.</summary>
    public string DatabasePath { get; }

    /// <summary>Creates the folder when it is not there and takes its lock.</summary>
    /// <exception cref="JournalOpenException">Another process holds it, or it cannot be written.</exception>
    public static DataDirectory Open(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        string lockPath = System.IO.Path.Combine(full, "lock");
        try
        {
            CreateOwnFolder(full);
            FileStream held = TakeLock(full, lockPath);
            try
            {
                File.WriteAllText(HolderPath(full), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
                return new DataDirectory(full, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(full, exception);
        }
    }

    /// <summary>Opens something that lies in the folder; what the system has against it is told as when the folder is opened.</summary>
    /// <exception cref="JournalOpenException">It cannot be read or written.</exception>
    public T Use<T>(Func<T> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        try
        {
            return open();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(Path, exception);
        }
    }

    /// <summary>The journal elsewhere that the contents of this folder belong to; null before the first.</summary>
    /// <exception cref="JournalOpenException">The note is damaged.</exception>
    public Guid? ReadJournalIdentity()
    {
        if (!File.Exists(IdentityPath)) return null;
        string text = File.ReadAllText(IdentityPath).Trim();
        return Guid.TryParse(text, out Guid identity)
            ? identity
            : throw new JournalOpenException($"{IdentityPath} is damaged: it must hold the identity of the journal.");
    }

    /// <summary>Notes the journal that the contents belong to from now on.</summary>
    public void WriteJournalIdentity(Guid identity)
    {
        if (ReadJournalIdentity() == identity) return;
        WriteNote(IdentityPath, identity.ToString());
    }

    /// <summary>What was last noted of the servers of the journal elsewhere; null before the first note.</summary>
    internal string? ReadJournalTimeline() => File.Exists(TimelinePath) ? File.ReadAllText(TimelinePath).Trim() : null;

    /// <summary>Notes something of the servers of the journal elsewhere.</summary>
    internal void WriteJournalTimeline(string text) => WriteNote(TimelinePath, text);

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _lock.Dispose();

    private static JournalOpenException Unusable(string path, Exception exception) =>
        new($"The data directory {path} cannot be used: {exception.Message}", exception) { MayPass = DiskTrouble.MayPass(exception) };

    private static FileStream TakeLock(string directory, string lockPath)
    {
        try
        {
            return new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            throw new JournalOpenException(
                $"The data directory {directory} is in use by another agent (process {ReadHolder(directory)}).", exception)
            {
                MayPass = true,
            };
        }
    }

    private static string ReadHolder(string directory)
    {
        try
        {
            return File.ReadAllText(HolderPath(directory)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }

    private void WriteNote(string path, string text)
    {
        string part = path + ".new";
        File.WriteAllText(part, text + "\n");
        DiskSync.File(part);
        File.Move(part, path, overwrite: true);
        DiskSync.Directory(Path);
    }

    private string TimelinePath => System.IO.Path.Combine(Path, "journal-timeline");

    private string IdentityPath => System.IO.Path.Combine(Path, "journal-identity");

    // Beside the lock and not inside: a file that is locked whole cannot be read by those who want to know the holder.
    private static string HolderPath(string directory) => System.IO.Path.Combine(directory, "holder");

    private static void CreateOwnFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly);
    }
}
