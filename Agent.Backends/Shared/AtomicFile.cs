using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Microsoft.Win32.SafeHandles;

namespace Agent.Backends.Shared;

/// <summary>
/// Replaces a file so that every reader, and every restart, sees the old content or the new one whole: a temporary file beside it,
/// written, brought to the disk, renamed over the old one, and the folder brought to the disk. Blocks; not for an actor's thread.
/// </summary>
/// <remarks>
/// The modification time is set by hand and always later than that of the file replaced. Servers skip a reload when the time did not
/// move, and the kernel's own stamps only move with its clock tick, some milliseconds.
/// </remarks>
public static partial class AtomicFile
{
    private const string TemporaryPrefix = ".agent-";
    private const string TemporarySuffix = ".tmp";
    private const int OpenCloseOnExec = 0x80000;
    private const int CurrentFolder = -100;
    private const long TimeOmitted = (1L << 30) - 2;
    private const long UnixEpochSeconds = 62_135_596_800;

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly TimeSpan SmallestStep = TimeSpan.FromMilliseconds(1);
    private static readonly string OfThisProcess = TemporaryPrefix + Guid.NewGuid().ToString("N") + "-";

    private static long _temporaries;

    /// <summary>Writes the file anew. When <paramref name="write"/> or the disk fails, the old file stays as it was.</summary>
    /// <param name="path">The file, there or not.</param>
    /// <param name="now">The time to stamp it with.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The disk is full, gone or failing.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not write there.</exception>
    public static void Replace(string path, DateTimeOffset now, Action<Stream> write)
    {
        string temporary = WriteBeside(path, write, flushToDisk: true);
        try
        {
            PutInPlace(temporary, path, now);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }

        AwaitDisk(changes: 1, () => FlushFolder(FolderOf(path)));
    }

    /// <summary>Moves the modification time on without a change of content, by at least <paramref name="step"/> and at least to
    /// now.</summary>
    public static void Touch(string path, DateTimeOffset now, TimeSpan step) => Stamp(path, now, File.GetLastWriteTimeUtc(path), step);

    /// <summary>Deletes the file if it is there, for good.</summary>
    public static void Delete(string path)
    {
        if (!File.Exists(path))
            return;
        File.Delete(path);
        FaultPoint.Pass("file.deleted");
        FlushFolder(FolderOf(path));
    }

    /// <summary>Takes away what a crash in the middle of <see cref="Replace"/> left behind. Only for a folder that no other process
    /// writes to in this way.</summary>
    public static void DeleteLeftovers(string folder)
    {
        foreach (string leftover in Directory.EnumerateFiles(folder, TemporaryPrefix + "*" + TemporarySuffix))
            File.Delete(leftover);
    }

    /// <summary>Creates and deletes a temporary file.</summary>
    /// <exception cref="IOException">The disk is full, gone or failing.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not write there.</exception>
    public static void CheckWritable(string folder)
    {
        string temporary = TemporaryIn(folder);
        try
        {
            File.WriteAllBytes(temporary, [0]);
        }
        catch
        {
            // On a full disk the file is made all the same, and stays empty.
            TryDelete(temporary);
            throw;
        }

        File.Delete(temporary);
    }

    /// <summary>Writes a temporary file beside <paramref name="path"/>; nothing stays of it when that fails.</summary>
    /// <returns>Where it is.</returns>
    internal static string WriteBeside(string path, Action<Stream> write, bool flushToDisk)
    {
        string temporary = TemporaryIn(FolderOf(path));
        try
        {
            using NewFile file = new(temporary, Mode);
            write(file);
            file.Flush();
            if (flushToDisk)
                AwaitDisk(changes: 1, file.FlushToDisk);
            return temporary;
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Stamps the temporary file and renames it over <paramref name="path"/>; not yet for good.</summary>
    /// <returns>Whether there was none before.</returns>
    internal static bool PutInPlace(string temporary, string path, DateTimeOffset now)
    {
        FileInfo before = new(path);
        bool isNew = !before.Exists;
        Stamp(temporary, now, isNew ? DateTime.MinValue : before.LastWriteTimeUtc);
        FaultPoint.Pass("file.written");
        // The runtime's own way would ask first whether it is there.
        if (Rename(temporary, path) != 0)
            throw new IOException($"cannot rename {temporary} to {path}: {LastError()}");
        FaultPoint.Pass("file.renamed");
        return isNew;
    }

    /// <summary>Gives a file a second name in the same file system, so that it stays when the first one is given to another.</summary>
    /// <exception cref="IOException">The file system does not let us.</exception>
    internal static void Link(string path, string secondPath)
    {
        if (LinkFile(path, secondPath) != 0)
            throw new IOException($"cannot link {path} as {secondPath}: {LastError()}");
    }

    /// <summary>A handle to synchronize a folder or its file system by.</summary>
    internal static SafeFileHandle OpenFolder(string folder)
    {
        SafeFileHandle handle = Open(folder, OpenCloseOnExec);
        return handle.IsInvalid ? throw new IOException($"cannot open the folder {folder}: {LastError()}") : handle;
    }

    /// <summary>Waits until everything written to the file system before is on the disk.</summary>
    internal static void FlushFileSystem(SafeFileHandle folder, string path)
    {
        if (SyncFileSystem(folder) != 0)
            throw new IOException($"the file system of {path} cannot be synchronized: {LastError()}");
    }

    /// <summary>Waits for the disk, and counts that as a wait of each change that is held up by it.</summary>
    internal static void AwaitDisk(int changes, Action flush)
    {
        long started = Stopwatch.GetTimestamp();
        flush();
        TimeSpan waited = Stopwatch.GetElapsedTime(started);
        for (int change = 0; change < changes; change++)
            ChangeMetrics.Waited(ChangeWait.TargetDisk, waited);
    }

    /// <summary>Deletes a temporary file; one that resists goes at the next start.</summary>
    internal static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report.
        }
    }

    private static string LastError() => new Win32Exception(Marshal.GetLastPInvokeError()).Message;

    private static string TemporaryIn(string folder) =>
        Path.Combine(folder, string.Create(
            CultureInfo.InvariantCulture, $"{OfThisProcess}{Interlocked.Increment(ref _temporaries):x}{TemporarySuffix}"));

    private static void Stamp(string path, DateTimeOffset now, DateTime previousUtc, TimeSpan? step = null)
    {
        DateTime earliest = previousUtc == DateTime.MinValue ? previousUtc : previousUtc + (step ?? SmallestStep);
        DateTime stamp = now.UtcDateTime > earliest ? now.UtcDateTime : earliest;
        (long seconds, long ticks) = Math.DivRem(stamp.Ticks, TimeSpan.TicksPerSecond);
        Timestamp modified = new(seconds - UnixEpochSeconds, ticks * TimeSpan.NanosecondsPerTick);
        if (SetTimes(CurrentFolder, path, [new Timestamp(0, TimeOmitted), modified], flags: 0) != 0)
            throw new IOException($"cannot set the time of {path}: {LastError()}");
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    private static void FlushFolder(string folder)
    {
        using SafeFileHandle handle = OpenFolder(folder);
        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkFile(string path, string secondPath);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string path, string newPath);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetTimes(int folder, string path, ReadOnlySpan<Timestamp> times, int flags);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(SafeFileHandle folder);

    /// <summary>As the kernel has it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Timestamp(long Seconds, long Nanoseconds);
}
