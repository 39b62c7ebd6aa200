namespace Agent.Actors.Cluster;

/// <summary>A message that belongs to one entity, and so to one shard.</summary>
public interface IShardKeyed
{
    /// <summary>Stable 64-bit hash of the entity's name; the same on every node and in every run.</summary>
    ulong ShardKey { get; }
}
