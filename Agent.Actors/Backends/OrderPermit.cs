using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <summary>
/// The port to whoever knows whether this node may change servers without asking. Asked before each single change; so it must cost
/// nothing and never wait.
/// </summary>
public interface IOrderPermit
{
    /// <summary>False when the node cannot be sure any more that it is still counted in.</summary>
    bool IsOpen { get; }

    /// <summary>Whether this node holds a target of the whole farm by that ownership: it has become the owner for everybody, and has not
    /// begun to give it up. Says nothing of the lease.</summary>
    bool Holds(TargetHold hold) => true;
}

/// <summary>The permit of an agent that stands alone.</summary>
public sealed class StandingPermit : IOrderPermit
{
    /// <summary>The one instance.</summary>
    public static StandingPermit Instance { get; } = new();

    /// <inheritdoc/>
    public bool IsOpen => true;
}

/// <summary>The port to the fence in the journal, for the time in which the permit is closed.</summary>
public interface IFenceCheck
{
    /// <summary>Finds out whether the epoch still stands; answered by one <see cref="FenceAnswer"/>. Never blocks.</summary>
    void Check(FenceQuestion question, ReplyTo replyTo);
}

/// <summary>Does the shard still belong to the epoch?</summary>
/// <param name="Id">Comes back in the answer.</param>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">Epoch of the one who wants to act.</param>
public sealed record FenceQuestion(long Id, int Shard, long Epoch);

/// <summary>Answer to <see cref="FenceQuestion"/>.</summary>
/// <param name="Id">Number of the question.</param>
/// <param name="State">What the journal says.</param>
public sealed record FenceAnswer(long Id, FenceState State);

/// <summary>What the journal says of an epoch.</summary>
public enum FenceState
{
    /// <summary>It stands.</summary>
    Held = 0,

    /// <summary>Another has followed; final.</summary>
    Lost = 1,

    /// <summary>The store is away: it is asked again.</summary>
    Unknown = 2,
}

/// <summary>By which ownership a node holds a target of the whole farm: the shard that the target's name falls into.</summary>
public sealed record TargetHold(int Shard, long Epoch);
