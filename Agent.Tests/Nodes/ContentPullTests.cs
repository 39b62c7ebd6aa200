using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Zones;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;
using Agent.Host.Nodes;
using Agent.Tests.Journal;
using Agent.Tests.TestKit;
using Microsoft.AspNetCore.Http;

namespace Agent.Tests.Nodes;

/// <summary>Contents of zones that travel inside messages, or are fetched because of them.</summary>
public sealed class ContentPullTests : IAsyncDisposable
{
    private readonly LinkRig _rig = new();
    private readonly TestAuthority _authority = new();

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task A_small_content_travels_inside_its_message()
    {
        (TestNode a, TestNode b) = await PairAsync();
        MemoryZoneContent content = TestZones.Small("zone.example.", 5);
        a.Link.Send("b", Wish(content));
        Assert.Equal(TestZones.ReadAll(content), TestZones.ReadAll(ContentOf((await b.ReceivesAsync(1))[0])));
        Assert.Equal(0, b.Counts.PullsDone);
    }

    [Fact]
    public async Task A_large_content_is_fetched_once_for_all_that_wait_and_lies_in_the_spool()
    {
        (TestNode a, TestNode b) = await PairAsync();
        MemoryZoneContent content = TestZones.Large("zone.example.", 5, 5_000_000);
        for (int i = 0; i < 4; i++) a.Link.Send("b", Wish(content, target: $"t{i}"));
        var got = await b.ReceivesAsync(4);
        ZoneContent fetched = ContentOf(got[0]);
        Assert.IsType<FileZoneContent>(fetched);
        Assert.Equal(content.Facts, fetched.Facts);
        Assert.Equal(TestZones.ReadAll(content), TestZones.ReadAll(fetched));
        Assert.Equal(1, b.Counts.PullsDone);
        Assert.Single(Directory.GetFiles(b.Spool));

        // Somebody still refers to it: no other fetch is needed.
        a.Link.Send("b", new RouteAnswer(9, new ZoneContentReply(content.Apex, content)));
        Assert.Equal(fetched, ((ZoneContentReply)((RouteAnswer)(await b.ReceivesAsync(5))[4].Message).Answer).Content);
        Assert.Equal(1, b.Counts.PullsDone);
        GC.KeepAlive(fetched);
    }

    [Fact]
    public async Task Messages_about_one_thing_keep_their_order_and_others_pass()
    {
        TestNode b = await _rig.StartAsync("b");
        var mayGive = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryZoneContent content = TestZones.Large("zone.example.", 5, 50_000);
        await using ScriptedReceiver giver = await GiverAsync(content.Bytes, mayGive.Task);
        b.Link.Connect([giver.Peer]);
        await using var peer = new ScriptedPeer(b, "giver");
        await peer.HelloAsync(b, giver.Peer);
        WishForTarget first = Wish(content, generation: 1);
        WishForTarget second = Wish(content, generation: 2) with { Wish = new WantZone(content.Apex, 2, null, true) };
        WishForTarget elsewhere = second with { Target = "t2" };
        await peer.SendAsync(Encode(first), Encode(second), Encode(elsewhere), Encode(new RouteAccepted(7)));
        await b.ReceivesAsync(2);
        Assert.Equal([elsewhere, new RouteAccepted(7)], b.Probe.Messages.Select(from => from.Message));
        Assert.Equal(2, b.Link.State.WaitingForContent);
        mayGive.SetResult();
        var got = await b.ReceivesAsync(4);
        Assert.Equal([1L, 2L], got.Skip(2).Select(from => ((WishForTarget)from.Message).Wish.Generation));
        Assert.Equal(0, b.Link.State.WaitingForContent);
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("shorter")]
    [InlineData("longer")]
    [InlineData("other facts")]
    [InlineData("not on offer")]
    public async Task A_content_that_is_not_what_was_said_is_refused_and_takes_its_message_with_it(string what)
    {
        TestNode b = await _rig.StartAsync("b");
        MemoryZoneContent content = TestZones.Large("zone.example.", 5, 50_000);
        byte[] octets = content.Bytes.ToArray();
        if (what == "changed") octets[^1] ^= 1;
        if (what == "shorter") octets = octets[..^211];
        if (what == "longer") octets = [.. octets, .. octets[^211..]];
        await using ScriptedReceiver giver = await GiverAsync(what == "not on offer" ? null : octets, Task.CompletedTask);
        b.Link.Connect([giver.Peer]);
        await using var peer = new ScriptedPeer(b, "giver");
        await peer.HelloAsync(b, giver.Peer);
        ZoneContent said = what == "other facts" ? new SaidContent(content.Facts with { Serial = 6 }) : content;
        await peer.SendAsync(Encode(Wish(said)), Encode(new RouteAccepted(7)));
        await Eventually.HoldsAsync(() => b.Counts.PullsFailed == 1, () => "the fetch fails");
        Assert.Equal([new RouteAccepted(7)], b.Probe.Messages.Select(from => from.Message));
        Assert.Equal(1, b.Counts.Dropped);
        Assert.Empty(Directory.GetFiles(b.Spool));
        await b.HasLoggedAsync("the content of zone.example. with serial");
    }

    [Fact]
    public async Task A_giver_that_stands_still_is_left_and_the_next_try_succeeds()
    {
        TestNode b = await _rig.StartAsync("b", change: options => options with { PullSilenceMax = TimeSpan.FromMilliseconds(300) });
        MemoryZoneContent content = TestZones.Large("zone.example.", 5, 50_000);
        var mayGive = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedReceiver giver = await GiverAsync(content.Bytes, mayGive.Task);
        b.Link.Connect([giver.Peer]);
        await using var peer = new ScriptedPeer(b, "giver");
        await peer.HelloAsync(b, giver.Peer);
        await peer.SendAsync(Encode(Wish(content)));
        await b.HasLoggedAsync("it came too slowly");
        mayGive.SetResult();
        await peer.SendAsync(Encode(Wish(content)));
        Assert.Equal(content.Facts, ContentOf((await b.ReceivesAsync(1))[0]).Facts);
    }

    [Fact]
    public async Task What_is_not_on_offer_any_more_is_lost_and_offered_again_by_the_next_try()
    {
        TestNode a = await _rig.StartAsync("a", change: options => options with { OfferedContents = 1 });
        TestNode b = await _rig.StartAsync("b", change: options => options with { MaxPulls = 1 });
        await LinkRig.JoinAsync(a, b);
        MemoryZoneContent[] contents = [.. Enumerable.Range(1, 20).Select(i => TestZones.Large($"z{i}.example.", (uint)i, 100_000))];
        HashSet<DomainName> arrived = [];
        await Eventually.HoldsAsync(
            () =>
            {
                IEnumerable<MemoryZoneContent> left = contents.Where(content => !arrived.Contains(content.Apex));
                foreach (MemoryZoneContent content in left) a.Link.Send("b", Wish(content));
                arrived.UnionWith(b.Probe.Messages.Select(from => ((WishForTarget)from.Message).Wish.Zone));
                return arrived.Count == contents.Length;
            },
            () => $"{arrived.Count} of {contents.Length} contents came");
    }

    [Fact]
    public async Task Who_may_not_talk_may_not_fetch()
    {
        (TestNode a, TestNode b) = await PairAsync();
        MemoryZoneContent content = TestZones.Large("zone.example.", 5, 50_000);
        a.Link.Send("b", Wish(content));
        await b.ReceivesAsync(1);
        NodeTls bCertificate = new(_authority.IssueNode("b2", names => names.AddDnsName("b")), LinkRig.Cluster, "b", a.Log);
        using HttpClient client = new PeerConnector(a.Peer, b.Options, bCertificate).CreateClient();
        Assert.Equal(HttpStatusCode.OK, await AskAsync("b", LinkRig.Cluster, content.Hash.ToString()));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync("b", LinkRig.Cluster, new string('0', 64)));
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync("b", LinkRig.Cluster, "../../etc/passwd"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("c", LinkRig.Cluster, content.Hash.ToString()));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("a", LinkRig.Cluster, content.Hash.ToString()));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("b", "other", content.Hash.ToString()));
        a.Link.Connect([]);
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("b", LinkRig.Cluster, content.Hash.ToString()));

        async Task<HttpStatusCode> AskAsync(string node, string cluster, string hash)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, LinkServer.ContentPath + Uri.EscapeDataString(hash))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            request.Headers.Add(LinkServer.NodeHeader, node);
            request.Headers.Add(LinkServer.ClusterHeader, cluster);
            using HttpResponseMessage response = await client.SendAsync(request);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task A_node_that_is_gone_takes_the_fetches_from_it_along()
    {
        TestNode b = await _rig.StartAsync("b");
        MemoryZoneContent content = TestZones.Large("zone.example.", 5, 50_000);
        await using ScriptedReceiver giver = await GiverAsync(content.Bytes, new TaskCompletionSource().Task);
        b.Link.Connect([giver.Peer]);
        await using var peer = new ScriptedPeer(b, "giver");
        await peer.HelloAsync(b, giver.Peer);
        await peer.SendAsync(Encode(Wish(content)));
        await Eventually.HoldsAsync(() => b.Link.State.WaitingForContent == 1, () => "it waits");
        b.Link.Connect([]);
        await Eventually.HoldsAsync(() => b.Link.State.WaitingForContent == 0, () => "nothing waits");
        Assert.Empty(b.Probe.Messages);
    }

    private static WishForTarget Wish(ZoneContent content, string target = "t1", long generation = 1) =>
        new(generation, target, 3, 4, new WantZone(content.Apex, generation, content, true));

    private static ZoneContent ContentOf(FromNode from) => ((WishForTarget)from.Message).Wish.Content!;

    private static byte[] Encode(object message)
    {
        Assert.Equal(EncodeOutcome.Written, NodeCodec.TryEncode(message, 1, 1 << 20, null, out byte[] frame));
        return frame;
    }

    /// <summary>A node that gives one content, whatever it is asked for, when it may.</summary>
    private static Task<ScriptedReceiver> GiverAsync(ReadOnlyMemory<byte>? octets, Task mayGive) =>
        ScriptedReceiver.StartAsync("giver", async (context, me, end) =>
        {
            if (HttpMethods.IsPost(context.Request.Method))
            {
                await ScriptedReceiver.GreetAsync(context, me);
                await ScriptedReceiver.BeatAsync(context, end);
            }
            await mayGive.WaitAsync(end);
            context.Response.StatusCode = octets is null ? 404 : 200;
            context.Response.ContentLength = octets?.Length;
            if (octets is { } given) await context.Response.BodyWriter.WriteAsync(given, end);
        });

    private async Task<(TestNode A, TestNode B)> PairAsync()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        TestNode b = await _rig.StartAsync("b", _authority.IssueNode("b"));
        await LinkRig.JoinAsync(a, b);
        return (a, b);
    }

    /// <summary>Facts that need not be true.</summary>
    private sealed class SaidContent(ZoneFacts facts) : ZoneContent(facts)
    {
        public override RecordStream Open() => throw new IOException("there is none");
    }
}
