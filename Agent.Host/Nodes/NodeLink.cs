using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Host.Configuration;

namespace Agent.Host.Nodes;

/// <summary>
/// The link between agents over HTTP/2 with mutual TLS. Each node opens one stream to each other node and sends its messages there, so that
/// there is one order for each pair and direction. docs/node-link.md has the protocol.
/// </summary>
/// <remarks>Every member may be called from any thread.</remarks>
public sealed partial class NodeLink : INodeTransport, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkParts _parts;
    private readonly LinkServer _server;
    private volatile ImmutableDictionary<string, LinkedPeer> _peers = ImmutableDictionary<string, LinkedPeer>.Empty;
    private readonly List<Task> _ending = [];
    private bool _isDisposed;

    private NodeLink(LinkParts parts)
    {
        _parts = parts;
        _server = new LinkServer(parts, node => _peers.GetValueOrDefault(node));
    }

    /// <summary>Where it listens; the port is real also when 0 was asked for.</summary>
    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Where peers reach it, for the membership.</summary>
    public string Address { get; private set; } = "";

    /// <summary>How the links stand.</summary>
    public NodeLinkState State => new(
        [.. _peers.Values.Select(peer => peer.Outgoing.State).OrderBy(state => state.Peer.Node, StringComparer.Ordinal)],
        _parts.Metrics.Counts,
        _parts.Puller.Waiting);

    /// <summary>Binds and starts.</summary>
    /// <param name="contents">Where contents from other nodes are put.</param>
    /// <exception cref="NodeLinkException">The options or the certificate cannot be used.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<NodeLink> StartAsync(
        NodeLinkOptions options, IContentCache contents, ILoggerProvider logging, ILogger<NodeLink> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem) throw new NodeLinkException(problem);
        HostEndpoint? advertised = options.Advertise is { } text ? HostEndpoint.Parse(text, 0) : new(options.Listen.Address.ToString(), 0);
        if (advertised is null) throw new NodeLinkException($"'{options.Advertise}' is neither a host nor a host and port");
        NodeTls? tls = options.Tls is { } files ? new NodeTls(files, options.Cluster, options.Node, logger) : null;
        var link = new NodeLink(new LinkParts(options, tls, contents, logger));
        link.EndPoint = await link._server.StartAsync(logging);
        link.Address = (advertised.Port > 0 ? advertised : advertised with { Port = link.EndPoint.Port }).ToString();
        LogListening(logger, link.EndPoint, tls is null ? "without TLS" : "with mutual TLS", link.Address);
        return link;
    }

    /// <inheritdoc/>
    public void Receive(IActorRef receiver) => _parts.Receiver = receiver;

    /// <inheritdoc/>
    public void Connect(ImmutableArray<NodePeer> peers)
    {
        Dictionary<string, NodePeer> wanted = [];
        foreach (NodePeer peer in peers.Where(peer => peer.Node != _parts.Options.Node)) wanted[peer.Node] = peer;
        lock (_gate)
        {
            if (_isDisposed) return;
            ImmutableDictionary<string, LinkedPeer>.Builder next = _peers.ToBuilder();
            LinkedPeer[] gone = [.. _peers.Values.Where(peer => wanted.GetValueOrDefault(peer.Peer.Node) != peer.Peer)];
            foreach (LinkedPeer peer in gone)
            {
                next.Remove(peer.Peer.Node);
                End(peer, wanted.ContainsKey(peer.Peer.Node) ? "another run of it has come" : "it is not a member any more");
            }
            NodePeer[] news = [.. wanted.Values.Where(peer => !next.ContainsKey(peer.Node))];
            LinkedPeer[] added = [.. news.Select(peer => new LinkedPeer(peer, _parts))];
            foreach (LinkedPeer peer in added) next[peer.Peer.Node] = peer;
            _peers = next.ToImmutable();
            foreach (LinkedPeer peer in added) peer.Outgoing.Start();
            _ending.RemoveAll(task => task.IsCompleted);
        }
        _server.CutUnlisted();
    }

    /// <inheritdoc/>
    public void Send(string node, object message)
    {
        if (_peers.TryGetValue(node, out LinkedPeer? peer)) peer.Outgoing.Send(message);
        else _parts.Metrics.CountDropped("no_link");
    }

    /// <inheritdoc/>
    public bool IsLinked(string node) => _peers.TryGetValue(node, out LinkedPeer? peer) && peer.Outgoing.IsUp;

    /// <summary>Ends all links; the peers see it at once.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (_gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            foreach (LinkedPeer peer in _peers.Values) End(peer, "this node stops");
            _peers = _peers.Clear();
            ending = [.. _ending];
        }
        await _server.StopAsync();
        await Task.WhenAll(ending);
        _parts.Tls?.Dispose();
    }

    private void End(LinkedPeer peer, string why)
    {
        peer.Remove(why);
        _ending.Add(peer.Outgoing.Running);
    }

    [LoggerMessage(EventId = 600, EventName = "node-link-listening", Level = LogLevel.Information,
        Message = "node link listens on {EndPoint} {Security}, peers reach it at {Address}")]
    private static partial void LogListening(ILogger logger, IPEndPoint endPoint, string security, string address);
}
