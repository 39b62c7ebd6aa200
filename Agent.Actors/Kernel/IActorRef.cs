namespace Agent.Actors.Kernel;

/// <summary>The address of an actor: the only way to reach it, valid across restarts of the actor behind it.</summary>
/// <remarks>Safe to use from any thread. Two references denote the same actor exactly when they are the same object.</remarks>
public interface IActorRef
{
    /// <summary>Where the actor stands in its system's tree, for people and logs: <c>/user/parent/child</c>.</summary>
    string Path { get; }

    /// <summary>Puts <paramref name="message"/> into the actor's mailbox and returns at once; delivery is at most once.</summary>
    /// <remarks>
    /// Messages of one sender arrive in the order they were sent. The sender is never implied: without
    /// <paramref name="sender"/> the receiver's <c>Sender</c> is the dead-letter office. A message for a stopped actor becomes a
    /// <see cref="DeadLetter"/>.
    /// </remarks>
    void Tell(object message, IActorRef? sender = null);
}
