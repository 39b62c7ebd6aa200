namespace Agent.Actors.Kernel;

/// <summary>The recipe for an actor: a factory, its argument, and the shape of its mailbox. Immutable; share one among all actors of a
/// kind.</summary>
public sealed class Props
{
    /// <summary>The stash bound of actors whose recipe does not name one.</summary>
    public const int DefaultStashCapacity = 1000;

    // The last system that used this recipe; one recipe is nearly always used by one system.
    private CellShared? _shared;

    private Props(Func<object?, UntypedActor> factory, object? argument)
    {
        Factory = factory;
        Argument = argument;
    }

    private Props(Props other)
    {
        Factory = other.Factory;
        Argument = other.Argument;
        MailboxCapacity = other.MailboxCapacity;
        StashCapacity = other.StashCapacity;
        StashOverflow = other.StashOverflow;
        IsPinned = other.IsPinned;
    }

    /// <summary>Bound of the mailbox in messages; 0 means that senders bound it upstream.</summary>
    public int MailboxCapacity { get; private init; }

    /// <summary>Bound of the stash in messages.</summary>
    public int StashCapacity { get; private init; } = DefaultStashCapacity;

    /// <summary>What happens when the stash is full.</summary>
    public StashOverflow StashOverflow { get; private init; }

    /// <summary>True when the actor has a thread of its own. Ignored in simulation.</summary>
    public bool IsPinned { get; private init; }

    private Func<object?, UntypedActor> Factory { get; }

    private object? Argument { get; }

    /// <summary>A recipe with one argument. Pass a static lambda, so that a restart cannot find state that the dead instance left
    /// behind.</summary>
    public static Props Create<TArgument>(Func<TArgument, UntypedActor> factory, TArgument argument)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props(boxed => factory((TArgument)boxed!), argument);
    }

    /// <summary>A recipe without an argument.</summary>
    public static Props Create(Func<UntypedActor> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props(_ => factory(), argument: null);
    }

    /// <summary>The same recipe with a mailbox that refuses messages beyond <paramref name="capacity"/> and makes them dead
    /// letters.</summary>
    /// <remarks>What the kernel itself delivers (timers, answers of ports, notices of termination) is not counted.</remarks>
    public Props WithBoundedMailbox(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        return new Props(this) { MailboxCapacity = capacity };
    }

    /// <summary>The same recipe with another stash bound.</summary>
    public Props WithStash(int capacity, StashOverflow overflow)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        return new Props(this) { StashCapacity = capacity, StashOverflow = overflow };
    }

    /// <summary>The same recipe for an actor with a thread of its own, for the few whose turn must never wait behind others.</summary>
    public Props WithPinnedDispatcher() => new(this) { IsPinned = true };

    internal UntypedActor CreateActor() => Factory(Argument);

    internal CellShared SharedIn(ActorSystem system)
    {
        CellShared? shared = Volatile.Read(ref _shared);
        if (shared is not null && shared.System == system) return shared;
        shared = new CellShared(system, this, system.DispatcherFor(this));
        // A pinned dispatcher belongs to one actor and is not shared.
        if (!IsPinned) Volatile.Write(ref _shared, shared);
        return shared;
    }
}

/// <summary>What all actors of one recipe in one system have in common, so that a cell spends one word on it.</summary>
internal sealed class CellShared(ActorSystem system, Props props, MessageDispatcher dispatcher)
{
    internal readonly ActorSystem System = system;
    internal readonly Props Props = props;
    internal readonly MessageDispatcher Dispatcher = dispatcher;
}
