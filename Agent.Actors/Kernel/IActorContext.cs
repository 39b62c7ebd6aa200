namespace Agent.Actors.Kernel;

/// <summary>What an actor sees of its surroundings.</summary>
/// <remarks>Belongs to the actor: use it only while one of the actor's own methods runs, and never hand it out. What would change
/// the actor is refused from elsewhere with an <see cref="InvalidOperationException"/>.</remarks>
public interface IActorContext
{
    /// <summary>This actor's reference.</summary>
    IActorRef Self { get; }

    /// <summary>Who sent the message being handled; the dead-letter office if nobody.</summary>
    IActorRef Sender { get; }

    /// <summary>The supervisor of this actor.</summary>
    IActorRef Parent { get; }

    /// <summary>The system that this actor lives in.</summary>
    ActorSystem System { get; }

    /// <summary>The children that have not terminated, in no particular but a repeatable order.</summary>
    IReadOnlyList<IActorRef> Children { get; }

    /// <summary>How often this actor has been restarted; wraps at 65536.</summary>
    int Incarnation { get; }

    /// <summary>The number given to <see cref="ActorOf(Props, uint)"/>; 0 for named actors.</summary>
    uint EntityId { get; }

    /// <summary>Creates a child. Its constructor and <c>PreStart</c> run later, in its own turn.</summary>
    /// <param name="props">How to make the actor.</param>
    /// <param name="name">Unique among the living children; without one the kernel makes a name starting with <c>$</c>.</param>
    /// <exception cref="InvalidActorNameException">The name is taken, empty, or contains <c>/</c>, or starts with <c>$</c> or
    /// <c>#</c>.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    /// <summary>Creates a child that is known by a number instead of a name, for the many small actors of a shard.</summary>
    /// <exception cref="InvalidActorNameException">The number is taken.</exception>
    IActorRef ActorOf(Props props, uint entityId);

    /// <summary>The living child of that name, or null.</summary>
    IActorRef? Child(string name);

    /// <summary>The living child of that number, or null.</summary>
    IActorRef? Child(uint entityId);

    /// <summary>Stops an actor after the message it is handling; messages still waiting become dead letters.</summary>
    void Stop(IActorRef actor);

    /// <summary>Asks to be told by <see cref="Terminated"/> when the actor is gone. Watching twice is watching once.</summary>
    /// <returns>The actor, for chaining.</returns>
    IActorRef Watch(IActorRef actor);

    /// <summary>As <see cref="Watch"/>, with a message of one's own instead of <see cref="Terminated"/>.</summary>
    /// <exception cref="InvalidOperationException">The actor is already watched with something else.</exception>
    IActorRef WatchWith(IActorRef actor, object message);

    /// <summary>Ends a watch; a notice that is already in the mailbox is dropped.</summary>
    void Unwatch(IActorRef actor);

    /// <summary>Replaces the message handler on top of the behaviour stack. A restart returns to <c>OnReceive</c>.</summary>
    void Become(Action<object> handler);

    /// <summary>Pushes a message handler; <see cref="UnbecomeStacked"/> returns to the one below.</summary>
    void BecomeStacked(Action<object> handler);

    /// <summary>Drops the top handler; without one this does nothing.</summary>
    void UnbecomeStacked();

    /// <summary>Asks for a <see cref="ReceiveTimeout"/> after this long without a message; null ends it.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>The return address for a request to a port. Answers sent to it after a restart of this actor are dropped and
    /// counted.</summary>
    ReplyTo ReplyTo();
}
