namespace Agent.Actors.Kernel;

/// <summary>What the kernel counts.</summary>
internal enum KernelCounter
{
    Started,
    Stopped,
    Failed,
    Restarted,
    DeadLetters,
    Unhandled,
    StaleReplies,
    StaleTimers,
}

/// <summary>Totals of one actor system since its start; read from any thread.</summary>
public sealed class KernelCounters
{
    private readonly long[] _values = new long[(int)KernelCounter.StaleTimers + 1];

    /// <summary>Actors created.</summary>
    public long Started => Read(KernelCounter.Started);

    /// <summary>Actors terminated.</summary>
    public long Stopped => Read(KernelCounter.Stopped);

    /// <summary>Failures reported to supervisors; each level of an escalation counts.</summary>
    public long Failed => Read(KernelCounter.Failed);

    /// <summary>Restarts carried out.</summary>
    public long Restarted => Read(KernelCounter.Restarted);

    /// <summary>Messages that no actor handled.</summary>
    public long DeadLetters => Read(KernelCounter.DeadLetters);

    /// <summary>Messages that their actor did not know.</summary>
    public long Unhandled => Read(KernelCounter.Unhandled);

    /// <summary>Answers of ports that came for an earlier incarnation and were dropped.</summary>
    public long StaleReplies => Read(KernelCounter.StaleReplies);

    /// <summary>Timer messages that were cancelled or replaced after they had fired and were dropped.</summary>
    public long StaleTimers => Read(KernelCounter.StaleTimers);

    internal void Increment(KernelCounter counter) => Interlocked.Increment(ref _values[(int)counter]);

    private long Read(KernelCounter counter) => Interlocked.Read(ref _values[(int)counter]);
}
