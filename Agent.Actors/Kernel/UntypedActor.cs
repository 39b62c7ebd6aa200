namespace Agent.Actors.Kernel;

/// <summary>The base of every actor: private state, and one message at a time.</summary>
/// <remarks>
/// All methods run in the actor's turn, never two at once. They must not block and must not start tasks: what takes time is asked of
/// a port, and its answer comes back as a message.
/// </remarks>
public abstract class UntypedActor
{
    private readonly ActorCell _cell;

    /// <summary>Binds the actor to its place in the tree; <see cref="Context"/> can be used from here on.</summary>
    /// <exception cref="InvalidOperationException">The actor is made with <c>new</c> instead of <c>ActorOf</c>.</exception>
    protected UntypedActor()
    {
        _cell = ActorCell.Running ?? throw new InvalidOperationException("An actor is created by ActorOf, through its Props.");
    }

    /// <summary>The actor's surroundings.</summary>
    protected IActorContext Context => _cell;

    /// <summary>This actor's reference.</summary>
    protected IActorRef Self => _cell;

    /// <summary>Who sent the message being handled; the dead-letter office if nobody.</summary>
    protected IActorRef Sender => _cell.Sender;

    /// <summary>This actor's timers.</summary>
    protected ITimerScheduler Timers => _cell;

    /// <summary>Messages put aside.</summary>
    protected IStash Stash => _cell;

    /// <summary>The system's clock, virtual in simulation.</summary>
    protected KernelClock Clock => _cell.System.Clock;

    /// <summary>The system's random numbers, replayed from the seed in simulation.</summary>
    protected KernelRandom Random => _cell.System.Random;

    /// <summary>How failures of children are answered; return a static instance.</summary>
    protected internal virtual SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Default;

    /// <summary>Handles one message, unless <see cref="Become"/> chose another handler.</summary>
    protected internal abstract void OnReceive(object message);

    /// <summary>Runs before the first message, and by default after each restart.</summary>
    protected internal virtual void PreStart()
    {
    }

    /// <summary>Runs after the last message, when all children are gone, and by default before each restart.</summary>
    protected internal virtual void PostStop()
    {
    }

    /// <summary>Runs on the failed instance before it is replaced; by default stops all children and calls
    /// <see cref="PostStop"/>.</summary>
    /// <param name="reason">What was thrown.</param>
    /// <param name="message">The message being handled then, if any; it is not handled again.</param>
    protected internal virtual void PreRestart(Exception reason, object? message)
    {
        foreach (IActorRef child in _cell.Children)
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }
        PostStop();
    }

    /// <summary>Runs on the fresh instance after a restart; by default calls <see cref="PreStart"/>.</summary>
    protected internal virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>Call it for a message that the actor does not know: it is counted and published as
    /// <see cref="UnhandledMessage"/>.</summary>
    /// <exception cref="DeathPactException">The message is a <see cref="Terminated"/>: who watches must say what death means to
    /// it.</exception>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
            throw new DeathPactException($"{terminated.ActorRef.Path} terminated, {Self.Path} did not handle it.");
        _cell.System.OnUnhandled(message, Sender, Self);
    }

    /// <summary>Replaces the message handler; pass a cached delegate where it happens often.</summary>
    protected void Become(Action<object> handler) => _cell.Become(handler);

    /// <summary>Pushes a message handler.</summary>
    protected void BecomeStacked(Action<object> handler) => _cell.BecomeStacked(handler);

    /// <summary>Returns to the handler below.</summary>
    protected void UnbecomeStacked() => _cell.UnbecomeStacked();
}
