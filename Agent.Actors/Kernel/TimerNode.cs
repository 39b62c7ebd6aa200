namespace Agent.Actors.Kernel;

/// <summary>Something that becomes due; linked into the runtime's timer structure without further allocation.</summary>
internal abstract class TimerNode : Mail
{
    internal TimerNode? Earlier;
    internal TimerNode? Later;

    /// <summary>When it is due, in ticks of the structure that holds it.</summary>
    internal long Due;

    /// <summary>Where the wheel holds it; -1 when it does not.</summary>
    internal int Slot = -1;

    /// <summary>Runs on the timer's thread: post something, and return.</summary>
    internal abstract void Fire();
}

/// <summary>
/// One started timer of an actor, and at the same time the mail it becomes. Each start makes a new entry, so the entry is its own
/// generation: a mail that is no longer the entry under its key is void.
/// </summary>
internal class TimerEntry(ActorCell cell, object key, object message, TimeSpan? interval) : TimerNode
{
    internal readonly object Key = key;
    internal readonly object Message = message;
    internal readonly TimeSpan? Interval = interval;

    internal override void Fire() => cell.PostTimer(this);
}

/// <summary>Looks whether the actor has been quiet for its receive timeout.</summary>
internal sealed class ReceiveTimeoutEntry(ActorCell cell, TimeSpan timeout)
    : TimerEntry(cell, ReceiveTimeoutKey, ReceiveTimeout.Instance, interval: null)
{
    internal static readonly object ReceiveTimeoutKey = new();

    internal readonly TimeSpan Timeout = timeout;
}
