namespace Agent.Actors.Kernel;

/// <summary>A link of a mailbox's chain.</summary>
public abstract class Mail
{
    // The next older mail while in the inbound word, the next younger one in the drained remainder.
    internal Mail? Next;

    private protected Mail()
    {
    }
}

/// <summary>
/// A message that is its own envelope, for what arrives by the hundred thousand: telling it allocates nothing. It can be in one mailbox at
/// a time and carries no sender.
/// </summary>
public abstract class IntrusiveMessage : Mail
{
    /// <summary>A message that is in no mailbox.</summary>
    protected IntrusiveMessage() => Next = OneWordMailbox.Unlinked;
}

/// <summary>The ordinary envelope: 40 bytes.</summary>
internal sealed class UserMail(object message, IActorRef? sender) : Mail
{
    internal readonly object Message = message;
    internal readonly IActorRef? Sender = sender;
}

/// <summary>An answer of a port, meant for one incarnation only.</summary>
internal sealed class ReplyMail(object message, IActorRef? sender, int incarnation) : Mail
{
    internal readonly object Message = message;
    internal readonly IActorRef? Sender = sender;
    internal readonly int Incarnation = incarnation;
}

/// <summary>A notice of death on its way to the watcher's handler; void when the watch has ended meanwhile.</summary>
internal sealed class TerminatedMail(WatchEntry watch) : Mail
{
    internal readonly WatchEntry Watch = watch;
}

/// <summary>Mail that overtakes messages and is served while the actor is suspended.</summary>
internal abstract class SystemMail : Mail;

internal sealed class CreateMail : SystemMail;

internal sealed class StopMail : SystemMail;

internal sealed class SuspendMail : SystemMail;

internal sealed class ResumeMail(Exception cause) : SystemMail
{
    internal readonly Exception Cause = cause;
}

internal sealed class RecreateMail(Exception cause) : SystemMail
{
    internal readonly Exception Cause = cause;
}

internal sealed class FailedMail(ActorCell child, Exception cause, ActorCell origin) : SystemMail
{
    internal readonly ActorCell Origin = origin;
    internal readonly ActorCell Child = child;
    internal readonly Exception Cause = cause;
}

internal sealed class WatchMail(ActorCell watcher) : SystemMail
{
    internal readonly ActorCell Watcher = watcher;
}

internal sealed class UnwatchMail(ActorCell watcher) : SystemMail
{
    internal readonly ActorCell Watcher = watcher;
}

/// <summary>Tells the parent and every watcher that the subject has terminated.</summary>
internal sealed class DeathMail(IActorRef subject) : SystemMail
{
    internal readonly IActorRef Subject = subject;
}
