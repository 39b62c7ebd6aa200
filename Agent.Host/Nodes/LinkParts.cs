using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Host.Telemetry;

namespace Agent.Host.Nodes;

/// <summary>What the parts of a link share.</summary>
internal sealed class LinkParts
{
    public LinkParts(NodeLinkOptions options, NodeTls? tls, IContentCache contents, ILogger logger)
    {
        Options = options;
        Tls = tls;
        Contents = contents;
        Offers = new ContentOffers(options.OfferedContents, options.OfferedOctets);
        Logger = logger;
        Puller = new ContentPuller(this);
    }

    public NodeLinkOptions Options { get; }

    public NodeTls? Tls { get; }

    public IContentCache Contents { get; }

    public ContentOffers Offers { get; }

    public ContentPuller Puller { get; }

    public NodeLinkMetrics Metrics { get; } = new();

    public RepeatGuard Repeats { get; } = new(TimeProvider.System);

    public ILogger Logger { get; }

    /// <summary>Whom to tell; set before there are peers.</summary>
    public IActorRef? Receiver { get; set; }

    public void Tell(LinkedPeer from, object message)
    {
        if (from.IsGone) return;
        Metrics.CountReceived(message);
        Receiver?.Tell(new FromNode(from.Peer.Node, from.Peer.Instance, message));
    }
}
