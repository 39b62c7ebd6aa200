using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Actors.Anycast;

/// <summary>
/// The process is about to end: asks the node to withdraw, and to wait for another announcer before that as long as the policy says.
/// Answered by <see cref="AnycastLeft"/>.
/// </summary>
public sealed record LeaveAnycast;

/// <summary>The node is withdrawn.</summary>
/// <param name="WasAnnounced">It was announced when it was asked: routers need a moment to hear of it.</param>
public sealed record AnycastLeft(bool WasAnnounced);

/// <summary>Settings of the actor that decides about anycast.</summary>
/// <param name="Policy">The thresholds.</param>
/// <param name="Board">Shows the decision.</param>
/// <param name="Announcer">Tells routers.</param>
/// <param name="Region">The door to all zones.</param>
/// <param name="Targets">The directory of targets.</param>
/// <param name="Shards">Number of shards.</param>
/// <param name="IsStuck">Whether the runtime does not get to its work; asked from the actor's turn.</param>
/// <param name="Cluster">The cluster; null for an agent that stands alone.</param>
public sealed record AnycastSettings(
    AnycastPolicy Policy,
    AnycastBoard Board,
    IAnnouncer Announcer,
    IActorRef Region,
    IActorRef Targets,
    int Shards,
    Func<bool> IsStuck,
    AnycastCluster? Cluster);

/// <summary>What is asked before a withdrawal.</summary>
/// <param name="Node">Name of this node.</param>
/// <param name="Keys">The cluster's keys.</param>
/// <param name="Store">What all nodes agree through.</param>
/// <param name="View">The actor that knows the view.</param>
public sealed record AnycastCluster(string Node, ClusterKeys Keys, IClusterStore Store, IActorRef View);
