using System.Collections.Concurrent;

namespace Agent.Actors.Cluster;

/// <summary>
/// Says without a lock whether this node's lease holds for certain at this moment: whatever it owns nobody else can have claimed. When it
/// is closed nothing is lost yet, but only the journal's fence can say who owns a shard.
/// </summary>
/// <remarks>The lease is written by its keeper, what is served by the region; both are read by any thread. The gate shortens the time in
/// which two nodes act; safety is the fence's.</remarks>
public sealed class OwnershipGate
{
    private readonly ConcurrentDictionary<int, long> _served = new();
    private readonly Func<TimeSpan> _sinceBoot;
    private long _openUntilTicks;

    /// <summary>A closed gate.</summary>
    /// <param name="sinceBoot">A clock that goes on while the machine is suspended.</param>
    public OwnershipGate(Func<TimeSpan> sinceBoot) => _sinceBoot = sinceBoot;

    /// <summary>True while the lease holds for certain.</summary>
    public bool IsOpen => _sinceBoot().Ticks < Volatile.Read(ref _openUntilTicks);

    /// <summary>
    /// Whether this node serves the shard under that epoch: its host has taken it in the store of the zones, so that no owner before can
    /// write any more, and has not been told to end. Says nothing of the lease.
    /// </summary>
    public bool Serves(int shard, long epoch) => _served.TryGetValue(shard, out long served) && served == epoch;

    /// <summary>Written by the region alone.</summary>
    internal void Begin(int shard, long epoch) => _served[shard] = epoch;

    /// <summary>Before anybody else can hear that the shard is free.</summary>
    internal void End(int shard) => _served.TryRemove(shard, out _);

    internal void OpenUntil(TimeSpan sinceBoot) => Volatile.Write(ref _openUntilTicks, sinceBoot.Ticks);

    internal void Close() => Volatile.Write(ref _openUntilTicks, 0);
}
