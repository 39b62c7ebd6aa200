namespace Agent.Actors.Kernel;

/// <summary>Well-known references, and the verbs that are built on <see cref="IActorRef.Tell"/>.</summary>
public static class ActorRefs
{
    /// <summary>Says at a call site that no answer is wanted.</summary>
    public static IActorRef? NoSender => null;

    /// <summary>Passes a message on so that the receiver sees the sender of the message now being handled.</summary>
    /// <exception cref="InvalidOperationException">Called from outside an actor, where there is no such message.</exception>
    public static void Forward(this IActorRef target, object message)
    {
        ArgumentNullException.ThrowIfNull(target);
        ActorCell running = ActorCell.Running ?? throw new InvalidOperationException("Forward is for actors; use Tell from outside.");
        target.Tell(message, running.SenderOrNull);
    }

    /// <summary>Sends a message and waits for the one answer to it. For the outside of the actor system only: HTTP handlers, command line,
    /// tests.</summary>
    /// <param name="target">A local actor.</param>
    /// <param name="message">The question; the actor answers with <c>Sender.Tell(answer)</c>.</param>
    /// <param name="timeout">How long to wait, on the clock of the actor's system.</param>
    /// <param name="cancellation">Gives up early; the actor is not told.</param>
    /// <returns>
    /// The answer. The task fails with <see cref="AskTimeoutException"/> when none came in time, with <see cref="AskFailedException"/> when
    /// the question became a dead letter or the answer is of another type, and with the carried exception when the answer is a
    /// <see cref="Failure"/>.
    /// </returns>
    public static Task<T> Ask<T>(this IActorRef target, object message, TimeSpan timeout, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target is not ActorCell cell) throw new ArgumentException("Only a local actor can be asked.", nameof(target));
        PromiseRef<T> promise = new(target, cell.System, timeout, cancellation);
        target.Tell(message, promise);
        return promise.Task;
    }
}
