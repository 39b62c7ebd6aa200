using System.Diagnostics;

namespace Agent.Actors.Kernel;

/// <summary>The machine's clock. On Linux its monotonic part stands still while the machine is suspended.</summary>
public sealed class SystemClock : KernelClock
{
    private static readonly long Start = Stopwatch.GetTimestamp();

    private SystemClock()
    {
    }

    /// <summary>The one instance.</summary>
    public static SystemClock Instance { get; } = new();

    /// <inheritdoc/>
    public override TimeSpan Monotonic => Stopwatch.GetElapsedTime(Start);

    /// <inheritdoc/>
    /// <remarks>Where the system has no such clock (anything but Linux) it is <see cref="Monotonic"/>.</remarks>
    public override TimeSpan SinceBoot => BootClock.Read() ?? Monotonic;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow;
}
