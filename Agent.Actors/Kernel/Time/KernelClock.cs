namespace Agent.Actors.Kernel;

/// <summary>Time as actors see it. Deadlines and intervals use <see cref="Monotonic"/>; only what is shown or sent to others uses
/// <see cref="UtcNow"/>.</summary>
public abstract class KernelClock : TimeProvider
{
    /// <summary>Time since an arbitrary start; never goes back.</summary>
    public abstract TimeSpan Monotonic { get; }

    /// <summary>
    /// Time since an arbitrary start of its own, which goes on while the machine is suspended; never goes back. What others hold against us
    /// meanwhile, a lease above all, is reckoned with it.
    /// </summary>
    public virtual TimeSpan SinceBoot => Monotonic;

    /// <summary>Civil time; may jump.</summary>
    public DateTimeOffset UtcNow => GetUtcNow();

    /// <summary>Timestamps are <see cref="Monotonic"/> in units of 100 ns.</summary>
    public sealed override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public sealed override long GetTimestamp() => Monotonic.Ticks;
}
