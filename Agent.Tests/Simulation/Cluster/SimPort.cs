using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// One node's end of something outside. It belongs to one life of the node: after a crash nothing leaves through it and nothing comes in,
/// while what had left goes its way.
/// </summary>
internal abstract class SimPort(SimScheduler sim, SimNode node, KernelRandom random)
{
    private static readonly TimeSpan WakeJitter = TimeSpan.FromMilliseconds(1);

    private readonly int _life = node.Lives;

    public SimNode Node => node;

    protected SimScheduler Sim => sim;

    protected KernelRandom Random => random;

    /// <summary>The node of this adapter has crashed, perhaps to live again with other adapters.</summary>
    protected bool IsDead => !node.IsUp || node.Lives != _life;

    /// <summary>Counts a call; false when the node is dead, perhaps from this call on.</summary>
    protected bool TryCall() => !IsDead && node.NotePortCall();

    /// <summary>
    /// A request leaves the node and arrives after its way. A node that was paused in the middle of the call sends it when it runs again,
    /// and knows of nothing that happened meanwhile.
    /// </summary>
    protected void Leave(TimeSpan way, Action arrive)
    {
        TimeSpan pause = node.PausedFor;
        if (pause == TimeSpan.Zero) sim.Schedule(way, arrive);
        else node.Schedule(pause, () => sim.Schedule(way, arrive));
    }

    /// <summary>
    /// Something comes to the node. While it is paused, some of it is in a mailbox already and some still in a socket: then whoever wakes
    /// finds a timer and an answer in either order.
    /// </summary>
    protected void Reach(TimeSpan way, Action act) => sim.Schedule(way, () =>
    {
        if (IsDead) return;
        TimeSpan pause = node.PausedFor;
        if (pause == TimeSpan.Zero || random.Chance(0.5)) act();
        else node.Schedule(pause + random.NextTimeSpan(WakeJitter), act);
    });
}
