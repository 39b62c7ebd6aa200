using System.Collections.Immutable;
using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>
/// Where the link between nodes ends on this one: keeps it connected to the members of the cluster, and hands what comes to the actors that
/// it is for.
/// </summary>
public sealed class NodeLinkActor : UntypedActor
{
    private readonly NodeLinkSettings _settings;
    private ImmutableArray<NodePeer> _peers = [];

    private NodeLinkActor(NodeLinkSettings settings) => _settings = settings;

    /// <summary>The recipe.</summary>
    public static Props Props(NodeLinkSettings settings) => Kernel.Props.Create(static s => new NodeLinkActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart() => _settings.View.Tell(new SubscribeView(Self), Self);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case ViewChanged changed: Connect(changed.View); break;
            case FromNode { Message: RouteRequest or RouteAccepted or RouteAnswer or RouteRefused or AskShards or ShardsAnswer } x:
                _settings.Region.Tell(x, Self);
                break;
            // Each answer is counted by itself; the sum says nothing more.
            case FromNode { Message: ShardsAnswered }: break;
            case FromNode { Message: NodeQuestion or NodeAnswer } x: _settings.Questions?.Tell(x, Self); break;
            case FromNode x: _settings.Targets.Tell(x, Self); break;
            case LinkChanged x:
                _settings.Region.Tell(x, Self);
                _settings.Targets.Tell(x, Self);
                break;
            default: Unhandled(message); break;
        }
    }

    private void Connect(ClusterView view)
    {
        ImmutableArray<NodePeer> peers =
        [
            .. view.Members.Values.Where(member => member.Record.Node != _settings.Node)
                .Select(member => new NodePeer(member.Record.Node, member.Record.Process, member.Record.Address)),
        ];
        if (peers.SequenceEqual(_peers)) return;
        _peers = peers;
        _settings.Transport.Connect(peers);
    }
}

/// <summary>Settings of the end of the link.</summary>
/// <param name="Node">Name of this node.</param>
/// <param name="View">The actor that knows the view.</param>
/// <param name="Region">Takes what is for zones.</param>
/// <param name="Targets">Takes what is for targets.</param>
/// <param name="Transport">The link.</param>
public sealed record NodeLinkSettings(string Node, IActorRef View, IActorRef Region, IActorRef Targets, INodeTransport Transport)
{
    /// <summary>Takes questions of other nodes and the answers to ours; null: there are none.</summary>
    public IActorRef? Questions { get; init; }
}
