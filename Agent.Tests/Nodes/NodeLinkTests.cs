using Agent.Actors.Cluster;
using Agent.Actors.Zones;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Nodes;
using Agent.Tests.TestKit;

namespace Agent.Tests.Nodes;

/// <summary>Links between nodes of this process over loopback, all well or with a node that ends.</summary>
public sealed class NodeLinkTests : IAsyncDisposable
{
    private readonly LinkRig _rig = new();
    private readonly TestAuthority _authority = new();

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        _authority.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Three_nodes_hear_each_other(bool secured)
    {
        string[] names = ["a", "b", "c"];
        TestNode[] nodes =
            [.. await Task.WhenAll(names.Select(name => _rig.StartAsync(name, secured ? _authority.IssueNode(name) : null)))];
        await LinkRig.JoinAsync(nodes);
        foreach (TestNode node in nodes)
            foreach (TestNode other in nodes.Where(other => other != node)) node.Link.Send(other.Name, new RouteAccepted(7));
        foreach (TestNode node in nodes)
        {
            var got = await node.ReceivesAsync(2);
            IEnumerable<FromNode> expected = nodes.Where(other => other != node)
                .Select(other => new FromNode(other.Name, other.Options.Instance, new RouteAccepted(7)));
            Assert.Equal(expected, got.OrderBy(from => from.Node));
        }
        Assert.All(nodes, node => Assert.Equal(2, node.Counts.Sent));
        Assert.All(nodes, node => Assert.All(node.Link.State.Peers, peer => Assert.Equal((true, 1), (peer.IsUp, peer.Version))));
    }

    [Fact]
    public async Task Order_is_kept_under_load_both_ways()
    {
        const int Count = 50_000;
        (TestNode a, TestNode b) = await PairAsync();
        Task[] senders = [SendAllAsync(a, b), SendAllAsync(b, a)];
        await Task.WhenAll(senders);
        foreach (TestNode node in new[] { a, b })
        {
            var got = await node.ReceivesAsync(Count);
            Assert.Equal(Enumerable.Range(0, Count).Select(i => (long)i), got.Select(from => ((RouteAccepted)from.Message).Request));
        }
        Assert.Equal(0, a.Counts.Dropped + b.Counts.Dropped);

        static async Task SendAllAsync(TestNode from, TestNode to)
        {
            for (int i = 0; i < Count; i++)
            {
                // The link never blocks, so the test itself keeps within the queue.
                if (i % 4000 == 0)
                    await Eventually.HoldsAsync(() => from.Link.State.Peers[0].QueuedFrames < 8000, () => "the queue empties");
                from.Link.Send(to.Name, new RouteAccepted(i));
            }
        }
    }

    [Fact]
    public async Task Large_messages_pass_between_small_ones()
    {
        (TestNode a, TestNode b) = await PairAsync();
        var reason = new Agent.Actors.Reasons.Reason("code", new string('x', 900_000));
        var large = new RouteAnswer(1, new ZoneReply(DomainName.Root, ZoneOutcome.Failed, reason));
        for (int i = 0; i < 10; i++)
        {
            a.Link.Send("b", new RouteAccepted(i));
            a.Link.Send("b", large);
        }
        var got = await b.ReceivesAsync(20);
        IEnumerable<object> expected = Enumerable.Range(0, 10).SelectMany(i => new object[] { new RouteAccepted(i), large });
        Assert.Equal(expected, got.Select(from => from.Message));
    }

    [Fact]
    public async Task A_node_that_ends_is_seen_and_its_next_run_is_taken_up()
    {
        (TestNode a, TestNode b) = await PairAsync();
        a.Link.Send("b", new RouteAccepted(1));
        await b.ReceivesAsync(1);
        await b.Link.DisposeAsync();
        await a.IsDownAsync(b);
        a.Link.Send("b", new RouteAccepted(2));
        Assert.Equal(1, a.Counts.Dropped);

        TestNode next = await _rig.StartAsync("b", _authority.IssueNode("b"));
        await LinkRig.JoinAsync(a, next);
        a.Link.Send("b", new RouteAccepted(3));
        next.Link.Send("a", new RouteAccepted(4));
        Assert.Equal(new RouteAccepted(3), (await next.ReceivesAsync(1))[0].Message);
        Assert.Equal(new FromNode("b", next.Options.Instance, new RouteAccepted(4)), (await a.ReceivesAsync(1))[0]);
        LinkChanged[] changes = [.. a.Probe.Changes];
        Assert.Equal([true, false, true], changes.Select(change => change.IsUp));
        Assert.Equal([b.Options.Instance, b.Options.Instance, next.Options.Instance], changes.Select(change => change.Instance));
    }

    [Fact]
    public async Task A_new_run_in_the_list_ends_the_link_to_the_former_at_once()
    {
        (TestNode a, TestNode b) = await PairAsync();
        a.Link.Connect([b.Peer with { Instance = Guid.NewGuid() }]);
        LinkChanged last = a.Probe.Changes[^1];
        Assert.Equal((b.Options.Instance, false), (last.Instance, last.IsUp));
        await a.HasLoggedAsync("it refuses this node: instance");
        await b.HasLoggedAsync("was refused: instance");
        await b.IsDownAsync(a);
    }

    [Fact]
    public async Task A_node_that_is_not_listed_any_more_loses_its_link_both_ways()
    {
        (TestNode a, TestNode b) = await PairAsync();
        b.Link.Connect([]);
        Assert.False(b.Probe.Changes[^1].IsUp);
        await a.IsDownAsync(b);
        await a.HasLoggedAsync("it refuses this node: not-member");
        b.Link.Connect([a.Peer]);
        await a.IsUpAsync(b);
        await b.IsUpAsync(a);
    }

    [Fact]
    public async Task Listing_the_same_again_changes_nothing()
    {
        (TestNode a, TestNode b) = await PairAsync();
        for (int i = 0; i < 5; i++) a.Link.Connect([a.Peer, b.Peer]);
        a.Link.Send("b", new RouteAccepted(1));
        await b.ReceivesAsync(1);
        Assert.Single(a.Probe.Changes);
    }

    [Fact]
    public async Task A_stranger_and_an_unknown_node_get_nothing()
    {
        (TestNode a, TestNode b) = await PairAsync();
        a.Link.Send("nobody", new RouteAccepted(1));
        a.Link.Send("b", "not a message");
        a.Link.Send("b", new RouteAnswer(1, new object()));
        Assert.Equal(3, a.Counts.Dropped);
        a.Link.Send("b", new RouteAccepted(2));
        Assert.Equal(new RouteAccepted(2), (await b.ReceivesAsync(1))[0].Message);
    }

    [Fact]
    public async Task A_free_port_is_told()
    {
        TestNode a = await _rig.StartAsync("a");
        Assert.NotEqual(0, a.Link.EndPoint.Port);
        Assert.Equal($"127.0.0.1:{a.Link.EndPoint.Port}", a.Link.Address);
        TestNode b = await _rig.StartAsync("b", change: options => options with { Advertise = "node-b.example" });
        Assert.Equal($"node-b.example:{b.Link.EndPoint.Port}", b.Link.Address);
    }

    [Fact]
    public async Task Without_tls_only_loopback_is_bound()
    {
        Task<TestNode> start = _rig.StartAsync("a", change: o => o with { Listen = new(System.Net.IPAddress.Any, 0) });
        await Assert.ThrowsAsync<NodeLinkException>(() => start);
        await _rig.StartAsync("b", change: o => o with { Listen = new(System.Net.IPAddress.Any, 0), AllowPlaintext = true });
    }

    private async Task<(TestNode A, TestNode B)> PairAsync()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        TestNode b = await _rig.StartAsync("b", _authority.IssueNode("b"));
        await LinkRig.JoinAsync(a, b);
        return (a, b);
    }
}
