using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>
/// The port to whoever says which node owns which shard. A single agent uses <see cref="EmbeddedCoordination"/>, where this
/// node owns them all; the actors behind it cannot tell the difference.
/// </summary>
public interface ICoordination
{
    /// <summary>Number of shards of the cluster; never changes while it lives.</summary>
    int ShardCount { get; }

    /// <summary>
    /// Tells <paramref name="subscriber"/> each <see cref="ShardAcquired"/> and <see cref="ShardLost"/> from now on, starting with
    /// what this node owns already.
    /// </summary>
    void Subscribe(IActorRef subscriber);
}

/// <summary>This node owns the shard from now on.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">Strictly larger than every epoch under which the shard was owned before, on any node.</param>
public sealed record ShardAcquired(int Shard, long Epoch)
{
    /// <summary>The owner before did not give it up in good order: a late command of it may still arrive at a server.</summary>
    public bool AfterCrash { get; init; }
}

/// <summary>
/// Published on the event stream by whoever finds that this node's epoch is over, such as a journal that refuses it: every shard host of
/// the node stops at once, and none is started again before the coordination gives a new epoch.
/// </summary>
/// <param name="Why">For people.</param>
public sealed record OwnershipEnded(string Why);

/// <summary>
/// Published on the event stream by whoever finds that the store has this shard under a later epoch: this ownership is over, whatever the
/// coordination says, and its host stops at once.
/// </summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">The epoch that is over; an ownership under another is not meant.</param>
public sealed record ShardFenced(int Shard, long Epoch);

/// <summary>This node does not own the shard any more; its host stops at once.</summary>
public sealed record ShardLost(int Shard);
