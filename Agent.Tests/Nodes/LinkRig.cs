using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Bench.Peers;
using Agent.Host.Nodes;
using Agent.Host.Transfers;
using Agent.Tests.Journal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Nodes;

/// <summary>Links of several nodes in this process, each with what it received.</summary>
internal sealed class LinkRig : IAsyncDisposable
{
    public const string Cluster = "c1";

    private readonly ConcurrentBag<TestNode> _nodes = [];
    private int _contents;

    public TemporaryFolder Folder { get; } = new("link");

    /// <summary>Starts the link of a node; with short times unless the test says otherwise.</summary>
    public async Task<TestNode> StartAsync(
        string name, NodeTlsFiles? tls = null, Func<NodeLinkOptions, NodeLinkOptions>? change = null, Guid? instance = null)
    {
        var options = new NodeLinkOptions
        {
            Cluster = Cluster,
            Node = name,
            Instance = instance ?? Guid.NewGuid(),
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = tls,
            ReconnectMin = TimeSpan.FromMilliseconds(20),
            ReconnectMax = TimeSpan.FromMilliseconds(200),
        };
        options = change?.Invoke(options) ?? options;
        string spool = Folder.CreateFolder($"spool{Interlocked.Increment(ref _contents)}");
        var logger = new RecordingLogger<NodeLink>();
        var cache = new SpoolContentCache(new SpoolDirectory(spool));
        NodeLink link = await NodeLink.StartAsync(options, cache, NullLoggerProvider.Instance, logger);
        var node = new TestNode(options, link, logger, spool);
        link.Receive(node.Probe);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Lists all nodes with each other and waits until all links are up.</summary>
    public static async Task JoinAsync(params TestNode[] nodes)
    {
        foreach (TestNode node in nodes) node.Link.Connect([.. nodes.Select(other => other.Peer)]);
        foreach (TestNode node in nodes)
            foreach (TestNode other in nodes.Where(other => other != node)) await node.IsUpAsync(other);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TestNode node in _nodes) await node.Link.DisposeAsync();
        Folder.Dispose();
    }
}

/// <summary>One node of a <see cref="LinkRig"/>.</summary>
internal sealed record TestNode(NodeLinkOptions Options, NodeLink Link, RecordingLogger<NodeLink> Log, string Spool)
{
    public LinkProbe Probe { get; } = new();

    public string Name => Options.Node;

    public NodePeer Peer => new(Options.Node, Options.Instance, Link.Address);

    public NodeLinkCounts Counts => Link.State.Counts;

    public Task IsUpAsync(TestNode other) => IsAsync(other.Peer, up: true);

    public Task IsDownAsync(TestNode other) => IsAsync(other.Peer, up: false);

    /// <summary>Waits until the last thing told of a link is that it is up, or down.</summary>
    public Task IsAsync(NodePeer peer, bool up) => Eventually.HoldsAsync(
        () => Probe.Changes.LastOrDefault(change => change.Node == peer.Node && change.Instance == peer.Instance)?.IsUp == up,
        () => $"{Name} sees {peer.Node} {(up ? "up" : "down")}; {string.Join("; ", Log.Lines.Select(line => line.Text))}");

    public Task HasLoggedAsync(string text) => Eventually.HoldsAsync(
        () => Log.Lines.Any(line => line.Text.Contains(text, StringComparison.Ordinal)),
        () => $"{Name} logs '{text}'; {string.Join("; ", Log.Lines.Select(line => line.Text))}");

    /// <summary>Waits until so many messages have come.</summary>
    public async Task<ImmutableArray<FromNode>> ReceivesAsync(int count)
    {
        await Eventually.HoldsAsync(() => Probe.Count >= count, () => $"{Name} has {Probe.Count} of {count} messages");
        return Probe.Messages;
    }
}

/// <summary>Takes what a link tells.</summary>
internal sealed class LinkProbe : IActorRef
{
    private readonly ConcurrentQueue<FromNode> _messages = new();
    private readonly ConcurrentQueue<LinkChanged> _changes = new();

    public string Path => "/test/link";

    /// <summary>Called with each message, on the link's thread.</summary>
    public Action<FromNode>? OnMessage { get; set; }

    public int Count => _messages.Count;

    public ImmutableArray<FromNode> Messages => [.. _messages];

    public ImmutableArray<LinkChanged> Changes => [.. _changes];

    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is FromNode from)
        {
            _messages.Enqueue(from);
            OnMessage?.Invoke(from);
        }
        else if (message is LinkChanged change)
        {
            _changes.Enqueue(change);
        }
    }
}
