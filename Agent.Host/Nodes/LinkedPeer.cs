using Agent.Actors.Cluster;

namespace Agent.Host.Nodes;

/// <summary>A run of another node, from when it was listed until it is not any more.</summary>
internal sealed class LinkedPeer : IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private readonly Lazy<HttpClient> _pulls;
    private volatile bool _isGone;

    public LinkedPeer(NodePeer peer, LinkParts parts)
    {
        Peer = peer;
        Gone = _gone.Token;
        var connector = new PeerConnector(peer, parts.Options, parts.Tls);
        _pulls = new Lazy<HttpClient>(connector.CreateClient);
        Outgoing = new OutgoingLink(this, connector, parts);
    }

    public NodePeer Peer { get; }

    public OutgoingLink Outgoing { get; }

    /// <summary>Cancelled when the peer is not listed any more.</summary>
    public CancellationToken Gone { get; }

    /// <summary>The peer is not listed any more: nothing of it is told.</summary>
    public bool IsGone => _isGone;

    /// <summary>Fetches contents, over a connection of its own: a large one does not hold up messages.</summary>
    public HttpClient Pulls => _pulls.Value;

    /// <summary>The peer is not listed any more.</summary>
    public void Remove(string why)
    {
        _isGone = true;
        Outgoing.Stop(why);
        _ = _gone.CancelAsync(); // What waits for it goes on elsewhere, not in the caller's locks.
    }

    public void Dispose()
    {
        if (_pulls.IsValueCreated) _pulls.Value.Dispose();
    }
}
