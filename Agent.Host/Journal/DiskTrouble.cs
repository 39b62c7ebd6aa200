namespace Agent.Host.Journal;

/// <summary>Which failures of files are those of a disk that may be well again later, and not of a path or a permission.</summary>
internal static class DiskTrouble
{
    private const int Failed = 5; // EIO

    private const int AllFilesOpen = 23; // ENFILE

    private const int OwnFilesOpen = 24; // EMFILE

    private const int Full = 28; // ENOSPC

    private const int ReadOnly = 30; // EROFS

    private const int TimedOut = 110; // ETIMEDOUT: a disk elsewhere, as the next two

    private const int Stale = 116; // ESTALE

    private const int NotConnected = 107; // ENOTCONN

    private const int OverQuota = 122; // EDQUOT

    /// <summary>Whether the same may succeed later although nobody changed a setting.</summary>
    public static bool MayPass(Exception exception) => exception is IOException && exception.HResult
        is Failed or AllFilesOpen or OwnFilesOpen or Full or ReadOnly or NotConnected or TimedOut or Stale or OverQuota;
}
