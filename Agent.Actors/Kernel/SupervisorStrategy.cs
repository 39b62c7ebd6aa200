using System.Diagnostics;

namespace Agent.Actors.Kernel;

/// <summary>What a supervisor does about a failed child.</summary>
public enum Directive
{
    /// <summary>The child goes on with its state and its next message.</summary>
    Resume,

    /// <summary>The child is replaced by a fresh instance behind the same reference and mailbox.</summary>
    Restart,

    /// <summary>The child is stopped for good.</summary>
    Stop,

    /// <summary>The supervisor fails with the same cause, so that its own supervisor decides.</summary>
    Escalate,
}

/// <summary>The rule by which an actor answers failures of its children. Immutable; keep one static instance per kind of actor.</summary>
public abstract class SupervisorStrategy
{
    private readonly Func<Exception, Directive> _decider;

    private protected SupervisorStrategy(int maxRetries, TimeSpan? withinTimeRange, Func<Exception, Directive>? decider)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRetries, -1);
        MaxRetries = maxRetries;
        WithinTimeRange = withinTimeRange;
        _decider = decider ?? DefaultDecider;
    }

    /// <summary>One for one, no limit, <see cref="DefaultDecider"/>.</summary>
    public static SupervisorStrategy Default { get; } = new OneForOneStrategy();

    /// <summary>Restarts a child at most so often within <see cref="WithinTimeRange"/>, then stops it; -1 is no limit.</summary>
    public int MaxRetries { get; }

    /// <summary>The window of <see cref="MaxRetries"/>; null counts over the child's whole life.</summary>
    public TimeSpan? WithinTimeRange { get; }

    internal abstract bool ConcernsSiblings { get; }

    /// <summary>
    /// Impossible state (<see cref="UnreachableException"/>) escalates up to <see cref="FatalError"/>: an actor that contradicts itself
    /// must not go on with what it holds. A failed start, <see cref="Kill"/> and an unhandled <see cref="Terminated"/> stop the child;
    /// everything else restarts it.
    /// </summary>
    public static Directive DefaultDecider(Exception cause) => cause switch
    {
        UnreachableException => Directive.Escalate,
        ActorInitializationException { InnerException: UnreachableException } => Directive.Escalate,
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    };

    internal Directive Decide(Exception cause) => _decider(cause);
}

/// <summary>Only the failed child is concerned.</summary>
public sealed class OneForOneStrategy(int maxRetries = -1, TimeSpan? withinTimeRange = null, Func<Exception, Directive>? decider = null)
    : SupervisorStrategy(maxRetries, withinTimeRange, decider)
{
    internal override bool ConcernsSiblings => false;
}

/// <summary>Children that only make sense together: what is done to the failed child (restart, stop) is done to all.</summary>
public sealed class AllForOneStrategy(int maxRetries = -1, TimeSpan? withinTimeRange = null, Func<Exception, Directive>? decider = null)
    : SupervisorStrategy(maxRetries, withinTimeRange, decider)
{
    internal override bool ConcernsSiblings => true;
}
