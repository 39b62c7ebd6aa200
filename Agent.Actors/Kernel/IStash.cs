namespace Agent.Actors.Kernel;

/// <summary>Messages that an actor has put aside to handle later, in their order. Bounded by <see cref="Props.WithStash"/>.</summary>
/// <remarks>A restart returns stashed messages to the mailbox; a stop turns them into dead letters.</remarks>
public interface IStash
{
    /// <summary>How many messages are put aside.</summary>
    int Count { get; }

    /// <summary>Puts the message being handled aside; what happens when the stash is full is the policy of
    /// <see cref="Props.WithStash"/>.</summary>
    /// <exception cref="StashOverflowException">The stash is full, under <see cref="StashOverflow.Fail"/>.</exception>
    /// <exception cref="InvalidOperationException">No message is being handled, or it was stashed already.</exception>
    void Stash();

    /// <summary>Returns all stashed messages to the front of the mailbox, oldest first.</summary>
    void UnstashAll();
}

/// <summary>What happens when a message is to be stashed and the stash is full.</summary>
public enum StashOverflow
{
    /// <summary>The actor fails with <see cref="StashOverflowException"/>; its supervisor decides.</summary>
    Fail,

    /// <summary>The message being stashed becomes a dead letter.</summary>
    DropNewest,

    /// <summary>The message stashed longest ago becomes a dead letter.</summary>
    DropOldest,
}
