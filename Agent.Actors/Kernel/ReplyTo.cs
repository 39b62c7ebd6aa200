namespace Agent.Actors.Kernel;

/// <summary>
/// Where the answer of a port goes: an actor and the incarnation that asked. The work behind a port outlives a restart of the actor; the
/// new incarnation never asked and must not be told.
/// </summary>
/// <param name="Actor">The asking actor.</param>
/// <param name="Incarnation">Its incarnation when it asked.</param>
/// <remarks>Any thread may answer. An adapter answers each request exactly once, also when it is cancelled.</remarks>
public readonly record struct ReplyTo(IActorRef Actor, int Incarnation)
{
    /// <summary>Who hears the answer as well, whatever became of the actor that asked; null for nobody.</summary>
    public IActorRef? Witness { get; init; }

    /// <summary>Delivers the answer, or counts it in <see cref="KernelCounters.StaleReplies"/> when the actor was restarted
    /// meanwhile.</summary>
    public void Tell(object answer, IActorRef? sender = null)
    {
        Witness?.Tell(answer, sender);
        if (Actor is ActorCell cell) cell.TellReply(answer, sender, Incarnation);
        else Actor.Tell(answer, sender);
    }

    /// <summary>
    /// The same for an adapter that has nothing else to do on this thread: if it is one of the pool, the actor has its turn here and now,
    /// and no other thread is woken for it. Not while a lock is held, and not from a loop that others wait for.
    /// </summary>
    public void TellLast(object answer)
    {
        Witness?.Tell(answer);
        if (Actor is ActorCell cell) ThreadPoolDispatcher.TellHere(cell, answer, Incarnation);
        else Actor.Tell(answer);
    }
}
