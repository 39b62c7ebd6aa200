namespace Agent.Actors.Kernel;

/// <summary>Gives actors their turns. <see cref="Schedule"/> is the only way by which one becomes runnable.</summary>
internal abstract class MessageDispatcher
{
    /// <summary>Takes over a mailbox that has mail and no turn; runs it once, and again as long as it asks for it.</summary>
    internal abstract void Schedule(OneWordMailbox mailbox);

    /// <summary>The actor that had the dispatcher to itself has terminated; called from its last turn.</summary>
    internal virtual void Release()
    {
    }
}
