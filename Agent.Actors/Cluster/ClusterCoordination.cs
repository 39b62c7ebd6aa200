using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>Coordination of a node of a cluster: the <see cref="ShardOwnerActor"/> tells the region itself.</summary>
/// <param name="shardCount">Number of shards.</param>
public sealed class ClusterCoordination(int shardCount) : ICoordination
{
    /// <inheritdoc/>
    public int ShardCount { get; } = shardCount;

    /// <inheritdoc/>
    public void Subscribe(IActorRef subscriber) => ArgumentNullException.ThrowIfNull(subscriber);
}
