using System.Collections.Immutable;
using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>
/// The port to the other nodes. Messages may be lost, never doubled, and arrive in the order in which they were sent to one node as long
/// as the link to it lives; nothing says that one arrived but an answer of the peer's actors. Knows no DNS: what a message is, its codec
/// knows.
/// </summary>
public interface INodeTransport
{
    /// <summary>Whom to be linked with from now on. A node that is not listed any more, or has another instance, loses its link.</summary>
    void Connect(ImmutableArray<NodePeer> peers);

    /// <summary>Sends, or drops the message when there is no link, the peer is too slow, or it is too large. Never blocks, never
    /// throws.</summary>
    void Send(string node, object message);

    /// <summary>Whether what is sent to the node would reach it now, as far as can be told; true of a port that cannot tell.</summary>
    bool IsLinked(string node) => true;

    /// <summary>Messages from other nodes are told to <paramref name="receiver"/> as <see cref="FromNode"/>, and changes of links as
    /// <see cref="LinkChanged"/>. One receiver; to be called once, before <see cref="Connect"/>.</summary>
    void Receive(IActorRef receiver);
}

/// <summary>Another node of the cluster.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Instance">Its present run.</param>
/// <param name="Address">Where its link listens, as host and port.</param>
public sealed record NodePeer(string Node, Guid Instance, string Address);

/// <summary>A message from another node.</summary>
/// <param name="Node">Name of the sender, proven by its certificate where the link has TLS.</param>
/// <param name="Instance">Run of the sender.</param>
/// <param name="Message">What was sent.</param>
public sealed record FromNode(string Node, Guid Instance, object Message);

/// <summary>The link to a node came up or broke. While it is down, what is sent is lost.</summary>
public sealed record LinkChanged(string Node, Guid Instance, bool IsUp, string Why);
