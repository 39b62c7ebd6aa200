namespace Agent.Actors.Cluster;

/// <summary>
/// Says without a lock whether this node's lease holds for certain at this moment: whatever it owns nobody else can have claimed. When it
/// is closed nothing is lost yet, but only the journal's fence can say who owns a shard.
/// </summary>
/// <remarks>One writer, the lease's keeper; read by any thread. The gate shortens the time in which two nodes act; safety is the
/// fence's.</remarks>
public sealed class OwnershipGate
{
    private readonly Func<TimeSpan> _sinceBoot;
    private long _openUntilTicks;

    /// <summary>A closed gate.</summary>
    /// <param name="sinceBoot">A clock that goes on while the machine is suspended.</param>
    public OwnershipGate(Func<TimeSpan> sinceBoot) => _sinceBoot = sinceBoot;

    /// <summary>True while the lease holds for certain.</summary>
    public bool IsOpen => _sinceBoot().Ticks < Volatile.Read(ref _openUntilTicks);

    internal void OpenUntil(TimeSpan sinceBoot) => Volatile.Write(ref _openUntilTicks, sinceBoot.Ticks);

    internal void Close() => Volatile.Write(ref _openUntilTicks, 0);
}
