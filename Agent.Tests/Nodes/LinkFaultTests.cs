using System.Buffers.Binary;
using Agent.Actors.Cluster;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Nodes;

namespace Agent.Tests.Nodes;

/// <summary>Peers that are slow, dead, of another version, or send anything.</summary>
public sealed class LinkFaultTests : IAsyncDisposable
{
    private static readonly NodePeer Me = new("b", Guid.NewGuid(), "127.0.0.1:9");

    private readonly LinkRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    /// <summary>A later version sends kinds of frames and fields that are not known, an earlier one leaves out what is new: both are
    /// served.</summary>
    [Theory]
    [InlineData(1, 2)]
    [InlineData(0, 1)]
    public async Task A_peer_of_the_next_or_the_former_version_is_served(int lowest, int highest)
    {
        TestNode a = await _rig.StartAsync("a");
        a.Link.Connect([Me]);
        await using var peer = new ScriptedPeer(a, "b");
        byte[] hello = LinkFrames.Write(new LinkHello(new(lowest, highest), LinkRig.Cluster, "b", Me.Instance, a.Options.Instance));
        await peer.SendAsync(Frame(LinkFrames.Hello, [.. hello[NodeCodec.HeadSize..], 0xF8, 0x01, 0x07]));
        await Eventually.HoldsAsync(() => peer.Welcome is not null, () => "a welcome comes");
        Assert.Equal(1, peer.Welcome!.Version);
        await peer.SendAsync(Frame(9, [1, 2, 3]), Frame(3000, [1, 2, 3]), LinkFrames.HeartbeatFrame);
        await peer.SendAsync(Frame(17, [0x08, 0x0E, 0xF8, 0x01, 0x07]));
        Assert.Equal(new RouteAccepted(7), (await a.ReceivesAsync(1))[0].Message);
        Assert.Equal((1, 2), (a.Counts.Received, a.Counts.Skipped));
        await Eventually.HoldsAsync(() => peer.Taken == 2, () => $"both messages count as taken, not {peer.Taken}");
    }

    [Fact]
    public async Task Broken_messages_are_lost_and_the_link_goes_on()
    {
        TestNode a = await _rig.StartAsync("a");
        a.Link.Connect([Me]);
        await using var peer = new ScriptedPeer(a, "b");
        await peer.HelloAsync(a, Me);
        var random = new Random(3);
        for (int i = 0; i < 200; i++)
        {
            var noise = new byte[random.Next(100)];
            random.NextBytes(noise);
            await peer.SendAsync(Frame(34, noise));
        }
        await peer.SendAsync(Frame(17, [0x08, 0x0E]));
        Assert.Equal(new RouteAccepted(7), (await a.ReceivesAsync(1))[0].Message);
        Assert.Equal(200, a.Counts.Broken);
        await a.HasLoggedAsync("a message of kind 34 from b cannot be read");
        Assert.Single(a.Log.Lines, line => line.Text.Contains("cannot be read", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFFFFFFFu)]
    [InlineData(1u)]
    [InlineData(0u)]
    [InlineData(1_100_000u)]
    public async Task A_frame_that_cannot_be_ends_the_stream(uint length)
    {
        TestNode a = await _rig.StartAsync("a");
        a.Link.Connect([Me]);
        await using var peer = new ScriptedPeer(a, "b");
        await peer.HelloAsync(a, Me);
        byte[] frame = new byte[64];
        BinaryPrimitives.WriteUInt32BigEndian(frame, length);
        frame[5] = 17;
        await peer.SendAsync(frame);
        await Eventually.HoldsAsync(() => peer.IsEnded, () => "the stream ends");
        await a.HasLoggedAsync("it sent a frame that is none, or too large a one");
    }

    [Fact]
    public async Task A_second_stream_of_the_same_peer_ends_the_first()
    {
        TestNode a = await _rig.StartAsync("a");
        a.Link.Connect([Me]);
        await using var first = new ScriptedPeer(a, "b");
        await first.HelloAsync(a, Me);
        await first.SendAsync(Frame(17, [0x08, 0x02]));
        await a.ReceivesAsync(1);
        await using var second = new ScriptedPeer(a, "b");
        await second.HelloAsync(a, Me);
        await second.SendAsync(Frame(17, [0x08, 0x04]));
        await a.ReceivesAsync(2);
        await Eventually.HoldsAsync(() => first.IsEnded, () => "the first stream ends");
        Assert.Equal([new RouteAccepted(1), new RouteAccepted(2)], a.Probe.Messages.Select(from => from.Message));
    }

    [Fact]
    public async Task A_silent_sender_is_cut_off()
    {
        TestNode a = await _rig.StartAsync("a", change: options => options with { SilenceMax = TimeSpan.FromMilliseconds(1500) });
        a.Link.Connect([Me]);
        await using var peer = new ScriptedPeer(a, "b");
        await peer.HelloAsync(a, Me);
        await Eventually.HoldsAsync(() => peer.Welcome is not null && peer.IsEnded, () => "the stream ends");
        await a.HasLoggedAsync("the link from b ended: nothing was heard for");
        await using var mute = new ScriptedPeer(a, "b");
        await Eventually.HoldsAsync(() => mute.Refused is not null || mute.IsEnded, () => "who does not greet is refused");
    }

    [Fact]
    public async Task A_dead_peer_behind_a_live_connection_is_noticed_and_found_again()
    {
        static NodeLinkOptions Quick(NodeLinkOptions options) => options with
        {
            SilenceMax = TimeSpan.FromMilliseconds(1500),
            GreetingMax = TimeSpan.FromMilliseconds(1500),
        };
        TestNode a = await _rig.StartAsync("a", change: Quick);
        TestNode b = await _rig.StartAsync("b", change: Quick);
        await using var proxy = new SwallowingProxy(b.Link.EndPoint);
        NodePeer behind = b.Peer with { Address = proxy.Address };
        b.Link.Connect([a.Peer]);
        a.Link.Connect([behind]);
        await a.IsAsync(behind, up: true);
        a.Link.Send("b", new RouteAccepted(1));
        await b.ReceivesAsync(1);
        proxy.Swallow(true);
        await a.IsAsync(behind, up: false);
        await a.HasLoggedAsync("is down: nothing was heard for");
        await b.HasLoggedAsync("the link from a ended: ");
        await a.HasLoggedAsync("no greeting came in time");
        proxy.Swallow(false);
        await a.IsAsync(behind, up: true);
        a.Link.Send("b", new RouteAccepted(2));
        Assert.Equal(new RouteAccepted(2), (await b.ReceivesAsync(2))[1].Message);
    }

    /// <summary>The peer says that it lives and reads nothing: the queue fills, what does not fit is lost and counted, others are served,
    /// and the link is given up in the end.</summary>
    [Fact]
    public async Task A_peer_that_stops_reading_costs_a_bounded_queue_and_its_link()
    {
        await using ScriptedReceiver slow = await ScriptedReceiver.StartAsync("slow", async (context, me, end) =>
        {
            await ScriptedReceiver.GreetAsync(context, me);
            await ScriptedReceiver.BeatAsync(context, end);
        });
        TestNode a = await _rig.StartAsync("a", change: options => options with
        {
            QueueFrames = 1000, QueueOctets = 2 << 20, StallMax = TimeSpan.FromSeconds(3),
        });
        TestNode b = await _rig.StartAsync("b");
        a.Link.Connect([b.Peer, slow.Peer]);
        b.Link.Connect([a.Peer]);
        await a.IsAsync(slow.Peer, up: true);
        await a.IsUpAsync(b);
        var message = new RouteAnswer(1, new ZoneReply(DomainName.Root, ZoneOutcome.Failed, new Reason("code", new string('x', 10_000))));
        await Eventually.HoldsAsync(
            () =>
            {
                for (int i = 0; i < 200; i++) a.Link.Send("slow", message);
                return a.Counts.Dropped > 2000;
            },
            () => "messages are dropped");
        NodeLinkPeer state = a.Link.State.Peers.Single(peer => peer.Peer.Node == "slow");
        Assert.InRange(state.QueuedOctets, 1, 2 << 20);
        Assert.InRange(a.Counts.Sent * 10_000, 0, (2 << 20) + (4 << 20)); // The queue, the window of HTTP/2 and what the kernel holds.
        a.Link.Send("b", new RouteAccepted(5));
        Assert.Equal(new RouteAccepted(5), (await b.ReceivesAsync(1))[0].Message);
        await a.HasLoggedAsync("is down: it took nothing for");
        // It is tried again at once, so that it may be up already when somebody looks.
        Assert.Contains(a.Probe.Changes, change => change.Node == "slow" && !change.IsUp);
        Assert.True(a.Probe.Changes.Last(change => change.Node == "b").IsUp);
    }

    [Fact]
    public async Task No_more_is_sent_than_the_window_allows()
    {
        await using ScriptedReceiver small = await ScriptedReceiver.StartAsync("small", async (context, me, end) =>
        {
            await ScriptedReceiver.GreetAsync(context, me, window: 10);
            await ScriptedReceiver.BeatAsync(context, end);
        });
        TestNode a = await _rig.StartAsync("a");
        a.Link.Connect([small.Peer]);
        await a.IsAsync(small.Peer, up: true);
        for (int i = 0; i < 100; i++) a.Link.Send("small", new RouteAccepted(i));
        await Eventually.HoldsAsync(() => a.Link.State.Peers[0].QueuedFrames == 90, () => $"{a.Link.State.Peers[0].QueuedFrames} wait");
    }

    [Theory]
    [InlineData("garbage", "it sent no greeting")]
    [InlineData("wrong version", "its greeting cannot be read")]
    [InlineData("wrong node", "it is another node, or another run of it")]
    [InlineData("lying count", "it says to have taken what it was not sent")]
    [InlineData("garbage later", "it sent a frame that is none")]
    [InlineData("not found", "it answered with status 404")]
    public async Task A_receiver_that_talks_nonsense_is_left(string what, string why)
    {
        await using ScriptedReceiver odd = await ScriptedReceiver.StartAsync("odd", async (context, me, end) =>
        {
            if (what == "not found") context.Response.StatusCode = 404;
            else if (what == "garbage") await context.Response.BodyWriter.WriteAsync(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3 }, end);
            else if (what == "wrong version") await ScriptedReceiver.GreetAsync(context, me, version: 8);
            else if (what == "wrong node") await ScriptedReceiver.GreetAsync(context, me with { Node = "other" });
            else await ScriptedReceiver.GreetAsync(context, me);
            if (what == "lying count") await context.Response.BodyWriter.WriteAsync(LinkFrames.Write(new LinkTaken(8)), end);
            if (what == "garbage later") await context.Response.BodyWriter.WriteAsync(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 1, 2 }, end);
            if (what != "not found") await ScriptedReceiver.BeatAsync(context, end);
        });
        TestNode a = await _rig.StartAsync("a");
        a.Link.Connect([odd.Peer]);
        await a.HasLoggedAsync(why);
    }

    private static byte[] Frame(int kind, byte[] fields)
    {
        byte[] frame = new byte[NodeCodec.HeadSize + fields.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, 2 + fields.Length);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(4), (ushort)kind);
        fields.CopyTo(frame, NodeCodec.HeadSize);
        return frame;
    }
}
