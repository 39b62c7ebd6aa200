using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>Coordination of an agent that stands alone: every shard is its own, under the epoch that its journal gave this run.</summary>
/// <param name="shardCount">Number of shards.</param>
/// <param name="epoch">Number of this run, counted by the journal.</param>
public sealed class EmbeddedCoordination(int shardCount, long epoch) : ICoordination
{
    /// <inheritdoc/>
    public int ShardCount { get; } = shardCount;

    /// <inheritdoc/>
    public void Subscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        for (int shard = 0; shard < ShardCount; shard++)
        {
            subscriber.Tell(new ShardAcquired(shard, epoch));
        }
    }
}
