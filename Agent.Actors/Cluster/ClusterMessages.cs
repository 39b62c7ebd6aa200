using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>Asks to be told every view from now on, beginning with the present one.</summary>
public sealed record SubscribeView(IActorRef Subscriber);

/// <summary>The cluster as its store now says.</summary>
public sealed record ViewChanged(ClusterView View);

/// <summary>Asks for the present view; answered by <see cref="ClusterState"/>.</summary>
public sealed record GetClusterState;

/// <summary>The cluster as this node sees it.</summary>
/// <param name="View">As last heard.</param>
/// <param name="IsCurrent">Whether the store can be heard; when not, the view may be old.</param>
/// <param name="Why">Why not.</param>
public sealed record ClusterState(ClusterView View, bool IsCurrent, string? Why);

/// <summary>Published on the event stream: this node is a member and may claim shards.</summary>
/// <param name="Lease">Its lease.</param>
/// <param name="Instance">This run's name.</param>
/// <param name="Revision">Create revision of its key.</param>
public sealed record NodeJoined(long Lease, Guid Instance, long Revision);

/// <summary>Published on the event stream by an actor that has just begun, and may have missed that this node joined: whoever keeps the
/// lease tells it <see cref="NodeJoined"/>, if it is so.</summary>
public sealed record MembershipWanted(IActorRef Asker);

/// <summary>Published on the event stream: the membership is over, and with it every ownership.</summary>
public sealed record NodeExpelled(Guid Instance, string Why);

/// <summary>Tells the keeper of the lease to give every shard away before the node ends, or not to any more.</summary>
public sealed record SetLeaving(bool Leaving);

/// <summary>Published on the event stream: this node gives every shard away from now on, or not any more.</summary>
public sealed record NodeLeaves(bool Leaving);

/// <summary>Tells the keeper of the lease what stands for this node's placement from now on: see
/// <see cref="MemberRecord.Placement"/>.</summary>
public sealed record SetPlacement(string Placement);

/// <summary>Asks a region to stop admitting messages to a shard and to end its host in good order; answered by
/// <see cref="ShardDrained"/>.</summary>
public sealed record DrainShard(int Shard, long Epoch);

/// <summary>Nothing of the shard runs here any more.</summary>
public sealed record ShardDrained(int Shard, long Epoch);

/// <summary>Asks a shard's host to let what is under way come to its end, to begin nothing, and to stop.</summary>
public sealed record EndShard;

/// <summary>Tells the keeper of the lease to give the membership up at once and to join under a new name of its run.</summary>
public sealed record LeaveAndRejoin(string Why);

/// <summary>Asks how many shards this node hosts; answered by <see cref="OwnedShards"/>.</summary>
public sealed record GetOwnedShards;

/// <summary>How many shards this node hosts.</summary>
/// <param name="Hosted">So many.</param>
/// <param name="IsIdle">Nothing is hosted, claimed or being given up.</param>
public sealed record OwnedShards(int Hosted, bool IsIdle);
