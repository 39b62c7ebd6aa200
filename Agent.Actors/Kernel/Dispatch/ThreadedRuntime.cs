using System.Security.Cryptography;

namespace Agent.Actors.Kernel;

/// <summary>Actors on the thread pool, on the machine's clock.</summary>
public sealed class ThreadedRuntime : ActorRuntime
{
    [ThreadStatic]
    private static KernelRandom? _random;

    private readonly ThreadPoolDispatcher _dispatcher = new();

    private ThreadedRuntime()
    {
    }

    /// <summary>The one instance; it holds nothing of any system.</summary>
    public static ThreadedRuntime Instance { get; } = new();

    /// <inheritdoc/>
    public override KernelClock Clock => SystemClock.Instance;

    /// <summary>A stream per thread, so that turns never share one.</summary>
    public override KernelRandom Random =>
        _random ??= new KernelRandom(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));

    internal override MessageDispatcher Dispatcher => _dispatcher;

    internal override MessageDispatcher CreatePinnedDispatcher() => new PinnedDispatcher();

    internal override KernelTimers CreateTimers() => new TimerThread(Clock);
}
