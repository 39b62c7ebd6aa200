namespace Agent.Actors.Kernel;

/// <summary>Stops the receiver after the messages that are already in its mailbox.</summary>
public sealed record PoisonPill
{
    private PoisonPill() { }

    /// <summary>The one instance.</summary>
    public static PoisonPill Instance { get; } = new();
}

/// <summary>Makes the receiver fail with <see cref="ActorKilledException"/>, so that its supervisor decides.</summary>
public sealed record Kill
{
    private Kill() { }

    /// <summary>The one instance.</summary>
    public static Kill Instance { get; } = new();
}

/// <summary>A watched actor is gone for good. Comes exactly once per watch, also when the actor was dead before it was watched.</summary>
/// <param name="ActorRef">The actor that was watched.</param>
public sealed record Terminated(IActorRef ActorRef);

/// <summary>No message arrived for the time given to <see cref="IActorContext.SetReceiveTimeout"/>; repeats until a message comes or it is
/// cleared.</summary>
public sealed record ReceiveTimeout
{
    private ReceiveTimeout() { }

    /// <summary>The one instance.</summary>
    public static ReceiveTimeout Instance { get; } = new();
}

/// <summary>A message of this kind does not count as activity for the receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>An answer that reports an error; a task of <see cref="ActorRefs.Ask"/> fails with <paramref name="Cause"/>.</summary>
public sealed record Failure(Exception Cause);

/// <summary>Why a message was not handled by its receiver.</summary>
public enum DeadLetterReason
{
    /// <summary>The receiver had stopped.</summary>
    Stopped,

    /// <summary>The bounded mailbox was full.</summary>
    MailboxFull,

    /// <summary>The bounded stash was full.</summary>
    StashFull,

    /// <summary>The receiver threw while it handled the message.</summary>
    Failed,

    /// <summary>The message was addressed to the dead-letter office, usually an answer to a message without a sender.</summary>
    NoReceiver,
}

/// <summary>Published on the event stream for each message that no actor handled; counted in
/// <see cref="KernelCounters.DeadLetters"/>.</summary>
public sealed record DeadLetter(object Message, IActorRef? Sender, IActorRef Recipient, DeadLetterReason Reason, Exception? Cause = null);

/// <summary>
/// A message that somebody waits for: it is told when it has become a dead letter, so that it can answer in its own words instead of
/// leaving its sender to a timeout. Called on any thread, within the turn that found it dead.
/// </summary>
public interface IUndeliverable
{
    /// <summary>Nobody will handle the message, or its receiver threw while it did.</summary>
    /// <param name="sender">Who sent it; null when nobody was named.</param>
    void OnUndelivered(IActorRef? sender);
}

/// <summary>Published on the event stream when an actor passed a message to <c>Unhandled</c>.</summary>
public sealed record UnhandledMessage(object Message, IActorRef Sender, IActorRef Recipient);

/// <summary>Published on the event stream when a supervisor has decided about a failed child.</summary>
public sealed record ActorFailed(IActorRef Actor, Exception Cause, Directive Directive);

/// <summary>
/// A failure that no supervisor may repair reached the top, usually an actor that found its own state impossible. The host ends the
/// process; the failed part of the tree stays suspended until then.
/// </summary>
public sealed record FatalError(IActorRef Actor, Exception Cause);
