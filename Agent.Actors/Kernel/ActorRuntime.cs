namespace Agent.Actors.Kernel;

/// <summary>
/// What actors run on: who takes turns on which thread, what time it is, and where randomness comes from. There are two: threads
/// (<see cref="ThreadedRuntime"/>), and a node of the simulation.
/// </summary>
public abstract class ActorRuntime
{
    private protected ActorRuntime()
    {
    }

    /// <summary>Time.</summary>
    public abstract KernelClock Clock { get; }

    /// <summary>Random numbers for the running turn.</summary>
    public abstract KernelRandom Random { get; }

    internal abstract MessageDispatcher Dispatcher { get; }

    internal virtual IDeliveryProbe? Probe => null;

    internal abstract MessageDispatcher CreatePinnedDispatcher();

    internal abstract KernelTimers CreateTimers();
}

/// <summary>Sees each delivery, for the trace of the simulation.</summary>
internal interface IDeliveryProbe
{
    void OnMessage(ActorCell cell, object message);

    /// <summary>Runs within the actor's own failure handling, before and after its handler; what it throws is the actor's
    /// failure.</summary>
    void AroundMessage(ActorCell cell);

    void OnSystemMail(ActorCell cell, SystemMail mail);

    void OnFailure(ActorCell cell, Exception cause);

    /// <summary>A fatal error that the system's owner did not ask to be told of.</summary>
    void OnFatalError(FatalError error);
}

/// <summary>Holds what becomes due later. Any thread may start and cancel.</summary>
internal abstract class KernelTimers
{
    internal abstract void Start(TimerNode node, TimeSpan delay);

    internal abstract void Cancel(TimerNode node);

    /// <summary>Nothing becomes due from here on.</summary>
    internal abstract void Close();
}
