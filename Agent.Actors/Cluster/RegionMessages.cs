using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>Told to a shard's host when its region has become the owner; the host loads what it needs and then serves.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">Epoch of the ownership, for every write.</param>
public sealed record ShardStart(int Shard, long Epoch)
{
    /// <summary>The owner before did not give it up in good order: a late command of it may still arrive at a server.</summary>
    public bool AfterCrash { get; init; }
}

/// <summary>Goes to every shard of the cluster that has an owner, with the original sender.</summary>
public sealed record ToAllShards(object Message);

/// <summary>Published on the event stream by a region that broke and began anew: whoever made it the owner of shards tells it so once more;
/// what was hosted has come to an end.</summary>
public sealed record RegionRestarted;

/// <summary>Told to the region by a shard's host: it has taken the shard, and no owner before can write any more.</summary>
public sealed record ShardTaken(int Shard, long Epoch);

/// <summary>Told by the region to the hosts of its shards: all of them have been taken. What is better done when nobody waits for his rows
/// any more can begin.</summary>
public sealed record AllShardsTaken;

/// <summary>Asks a region how it stands; answered by <see cref="RegionState"/>.</summary>
public sealed record GetRegionState;

/// <summary>How a region stands.</summary>
/// <param name="Total">Shards in all.</param>
/// <param name="Owned">Shards that this node hosts.</param>
/// <param name="Reachable">Shards that have an owner, here or on another node that this one is linked with, or was a moment ago.</param>
/// <param name="Waiting">Messages that wait for an owner or for its answer.</param>
public sealed record RegionState(int Total, int Owned, int Reachable, int Waiting)
{
    /// <summary>Shards that this node hosts and whose zones it has not read from the journal yet.</summary>
    public int Unread { get; init; }
}

/// <summary>Settings of a region.</summary>
/// <param name="Coordination">Says which shards are ours.</param>
/// <param name="HostProps">Recipe of a shard's host.</param>
/// <param name="Unplaced">Answers what could not be placed.</param>
/// <param name="HoldAtMost">How long a message may wait for an owner.</param>
/// <param name="MaxHeld">How many messages may wait in all.</param>
public sealed record ShardRegionSettings(
    ICoordination Coordination,
    Props HostProps,
    IUnplaced Unplaced,
    TimeSpan HoldAtMost,
    int MaxHeld)
{
    /// <summary>How long a message that says what is wanted may wait for an owner.</summary>
    public TimeSpan HoldWishAtMost { get; init; } = HoldAtMost;

    /// <summary>Messages that may wait for one shard.</summary>
    public int MaxHeldPerShard { get; init; } = MaxHeld;

    /// <summary>The other nodes; null for an agent that stands alone.</summary>
    public RegionPeers? Peers { get; init; }
}

/// <summary>How a region reaches the other nodes.</summary>
/// <param name="Node">Name of this node.</param>
/// <param name="View">The actor that knows the view.</param>
/// <param name="Transport">The link.</param>
public sealed record RegionPeers(string Node, IActorRef View, INodeTransport Transport)
{
    /// <summary>Says whether this node's lease holds for certain; null when nobody knows: then every answer of a host counts.</summary>
    public OwnershipGate? Gate { get; init; }

    /// <summary>Who is asked about an ownership while the gate is closed; goes with the gate.</summary>
    public IOwnershipCheck? Check { get; init; }
}

/// <summary>The port to the fence of the shards, for the time in which the gate is closed.</summary>
public interface IOwnershipCheck
{
    /// <summary>Finds out whether a shard is still held under the epoch; answered by one <see cref="OwnershipChecked"/>. Never
    /// blocks.</summary>
    void Check(long request, int shard, long epoch, ReplyTo replyTo);
}

/// <summary>What the fence says of an ownership.</summary>
/// <param name="Request">Number of the question.</param>
/// <param name="IsHeld">True and false are certain; null when it could not be asked.</param>
public sealed record OwnershipChecked(long Request, bool? IsHeld);

/// <summary>Answers messages that found no owner in time, in the words of their protocol.</summary>
public interface IUnplaced
{
    /// <summary>Tells <paramref name="sender"/> that the message was not handled.</summary>
    void Answer(IShardKeyed message, IActorRef sender, IActorRef self);
}
