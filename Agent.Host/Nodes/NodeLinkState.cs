using System.Collections.Immutable;
using Agent.Actors.Cluster;

namespace Agent.Host.Nodes;

/// <summary>The link to one peer as it stands.</summary>
/// <param name="Peer">As it is listed.</param>
/// <param name="IsUp">Whether messages can be sent.</param>
/// <param name="Version">Version of the protocol that is spoken; 0 while it is down.</param>
/// <param name="QueuedFrames">Messages that wait.</param>
/// <param name="QueuedOctets">Their octets.</param>
public sealed record NodeLinkPeer(NodePeer Peer, bool IsUp, int Version, int QueuedFrames, long QueuedOctets);

/// <summary>All links of a node as they stand.</summary>
/// <param name="Peers">In order of their names.</param>
/// <param name="Counts">What was done so far.</param>
/// <param name="WaitingForContent">Messages held back until their content is here.</param>
public sealed record NodeLinkState(ImmutableArray<NodeLinkPeer> Peers, NodeLinkCounts Counts, int WaitingForContent);
