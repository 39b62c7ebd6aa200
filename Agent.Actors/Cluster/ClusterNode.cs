using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>The actors that make an agent a node of a cluster, put together in one way for the program and for the simulation.</summary>
/// <param name="View">Knows the cluster.</param>
/// <param name="Keeper">Keeps the lease.</param>
/// <param name="Desk">Writes what operators want.</param>
/// <param name="Gate">Open while the lease holds for certain.</param>
public sealed record ClusterNode(IActorRef View, IActorRef Keeper, IActorRef Desk, OwnershipGate Gate)
{
    /// <summary>The owner of shards; known once the region is there.</summary>
    public IActorRef? Owner { get; private set; }

    /// <summary>Starts what does not need the zones: from here on the view is known, and nobody is a member yet.</summary>
    /// <param name="system">The node's actors.</param>
    /// <param name="settings">Settings.</param>
    public static ClusterNode Watch(ActorSystem system, ClusterNodeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(settings);
        var gate = new OwnershipGate(settings.SinceBoot);
        IActorRef view = system.ActorOf(ClusterViewActor.Props(new ClusterViewSettings(settings.Store, settings.Keys)), "cluster-view");
        IActorRef keeper = system.ActorOf(LeaseKeeperActor.Props(new LeaseKeeperSettings(settings, view, gate)), "lease-keeper");
        IActorRef desk = system.ActorOf(
            ClusterDeskActor.Props(new ClusterDeskSettings(settings.Keys, settings.Store, view)), "cluster-desk");
        return new ClusterNode(view, keeper, desk, gate);
    }

    /// <summary>Takes <see cref="AskNode"/>; null before the node works, and where nothing is asked.</summary>
    public IActorRef? Questions { get; private set; }

    /// <summary>Starts the rest: the node stands for election, and claims what is assigned to it.</summary>
    /// <param name="system">The node's actors.</param>
    /// <param name="settings">The settings of <see cref="Watch"/>.</param>
    /// <param name="region">The door to the zones.</param>
    /// <param name="targets">Takes messages for targets from other nodes.</param>
    /// <param name="transport">The link to the other nodes.</param>
    public void Work(ActorSystem system, ClusterNodeSettings settings, IActorRef region, IActorRef targets, INodeTransport transport)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(transport);
        Questions = settings.Desk is { } desk
            ? system.ActorOf(NodeQuestionsActor.Props(new NodeQuestionsSettings(transport, desk)), "node-questions")
            : null;
        IActorRef link = system.ActorOf(
            NodeLinkActor.Props(new NodeLinkSettings(settings.Node, View, region, targets, transport) { Questions = Questions }),
            "node-link");
        transport.Receive(link);
        Owner = system.ActorOf(
            ShardOwnerActor.Props(new ShardOwnerSettings(
                settings.Node, settings.Config.Shards, settings.Keys, settings.Store, View, Keeper, region, settings.DrainMax)),
            "shard-owner");
        TimeSpan ttl = settings.Times.TimeToLive;
        system.ActorOf(
            CoordinatorActor.Props(new CoordinatorSettings(
                settings.Node,
                settings.Keys,
                settings.Store,
                View,
                settings.Bounds,
                Stabilize: ttl / 5,
                Tick: ttl / 15,
                ClaimMax: ttl * (4.0 / 3),
                HandoffMax: ttl * 2)),
            "coordinator");
    }
}

/// <summary>Settings of a node of a cluster.</summary>
/// <param name="Node">Name of this node.</param>
/// <param name="Process">This run of the program.</param>
/// <param name="Address">Where its link listens.</param>
/// <param name="Version">Its program, for people.</param>
/// <param name="Protocol">The newest version of the link that it speaks.</param>
/// <param name="Servers">What it drives.</param>
/// <param name="Config">What this node takes the cluster for.</param>
/// <param name="Keys">The cluster's keys.</param>
/// <param name="Store">What all nodes agree through.</param>
/// <param name="Times">The times of the lease.</param>
/// <param name="Memory">Remembers the lease over a restart.</param>
/// <param name="SinceBoot">A clock that goes on while the machine is suspended.</param>
/// <param name="DrainMax">How long a shard's host may take to end in good order.</param>
/// <param name="Bounds">Bounds of moves.</param>
public sealed record ClusterNodeSettings(
    string Node,
    Guid Process,
    string Address,
    string Version,
    int Protocol,
    NodeRecord Servers,
    ConfigRecord Config,
    ClusterKeys Keys,
    IClusterStore Store,
    LeaseTimes Times,
    ILeaseMemory Memory,
    Func<TimeSpan> SinceBoot,
    TimeSpan DrainMax,
    RebalanceBounds Bounds)
{
    /// <summary>Stands for what the configuration says of where things belong; null when it is not told.</summary>
    public string? Placement { get; init; }

    /// <summary>Answers for this node what the others ask; null: nothing.</summary>
    public INodeDesk? Desk { get; init; }
}
