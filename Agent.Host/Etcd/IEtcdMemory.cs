namespace Agent.Host.Etcd;

/// <summary>
/// What outlives every agent and every etcd: whose revisions the epochs of shards have come from. The journal keeps it, because it is the
/// journal that refuses a lower epoch. Any thread.
/// </summary>
public interface IEtcdMemory
{
    /// <summary>What is known now.</summary>
    /// <exception cref="IOException">It cannot be said at the moment.</exception>
    Task<EtcdPast> RecallAsync();

    /// <summary>
    /// Notes the etcd that epochs come from now. One that is known already stands, unless this one comes with a higher incarnation.
    /// </summary>
    /// <returns>What stands.</returns>
    /// <exception cref="IOException">It cannot be noted at the moment.</exception>
    Task<EtcdPast> RememberAsync(ulong cluster, int incarnation);
}

/// <summary>The etcd that the cluster has worked with.</summary>
/// <param name="Cluster">Its number; 0 when none has been noted yet.</param>
/// <param name="Incarnation">The cluster's incarnation under which it was noted.</param>
/// <param name="Epoch">The highest epoch that a shard was taken under; 0 for none.</param>
public sealed record EtcdPast(ulong Cluster, int Incarnation, long Epoch);
