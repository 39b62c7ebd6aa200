using System.Runtime.InteropServices;

namespace Agent.Actors.Kernel;

/// <summary>
/// CLOCK_BOOTTIME of Linux. The framework reads CLOCK_MONOTONIC only, which stands still while a machine is suspended; a lease does not.
/// Bound here and not beside the sockets of Agent.Dns, because the kernel knows nothing of DNS.
/// </summary>
internal static unsafe class BootClock
{
    private const int BootTime = 7;

    private static readonly delegate* unmanaged<int, TimeSpec*, int> GetTime = Find();

    /// <summary>Null where there is no such clock.</summary>
    internal static TimeSpan? Read()
    {
        TimeSpec time;
        return GetTime is not null && GetTime(BootTime, &time) == 0
            ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
            : null;
    }

    private static delegate* unmanaged<int, TimeSpec*, int> Find() =>
        OperatingSystem.IsLinux()
        && Environment.Is64BitProcess
        && (NativeLibrary.TryLoad("libc.so.6", out nint library) || NativeLibrary.TryLoad("libc", out library))
        && NativeLibrary.TryGetExport(library, "clock_gettime", out nint address)
            ? (delegate* unmanaged<int, TimeSpec*, int>)address
            : null;

    /// <summary><c>struct timespec</c> of 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
