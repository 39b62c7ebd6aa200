using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Agent.Host.Journal;

/// <summary>
/// Waits until something is on the disk. A new name survives a power cut only when its folder was synchronized too, and
/// the framework cannot open folders.
/// </summary>
internal static partial class DiskSync
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC, the same on x64 and arm64 Linux

    /// <summary>Synchronizes the bytes of a file.</summary>
    public static void File(string path)
    {
        const FileShare Share = FileShare.ReadWrite | FileShare.Delete;
        using SafeFileHandle handle = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, Share);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Synchronizes the names in a folder.</summary>
    public static void Directory(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;
        int descriptor = OpenDescriptor(path, ReadOnlyCloseOnExec);
        if (descriptor < 0)
            throw new IOException($"{path} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Synchronize(handle) != 0)
            throw new IOException($"{path} cannot be synchronized: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(SafeFileHandle handle);
}
