using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cluster;

/// <summary>The region of node a, with a host, a view and a link that the test plays. Shard 0 is asked throughout.</summary>
public sealed class RegionRoutingTests : TestKitBase
{
    private readonly PlayedTransport _transport = new();
    private readonly TestProbe _hosts;
    private readonly TestProbe _client;
    private readonly TestProbe _owner;
    private readonly IActorRef _region;
    private long _lastRequest;
    private readonly ClusterViews _views = new ClusterViews(4).Join("a").Join("b").Join("c");

    public RegionRoutingTests()
    {
        _hosts = CreateTestProbe("hosts");
        _client = CreateTestProbe("client");
        _owner = CreateTestProbe("owner");
        TestProbe view = CreateTestProbe("view");
        Props host = Props.Create(static to => new Host(to), _hosts.Ref);
        _region = ActorOf(ShardRegionActor.Props(
            new ShardRegionSettings(new ClusterCoordination(4), host, new Unplaced(), TimeSpan.FromSeconds(4), MaxHeld: 10)
            {
                HoldWishAtMost = TimeSpan.FromSeconds(25),
                Peers = new RegionPeers("a", view.Ref, _transport),
            }));
        view.ExpectMsg<SubscribeView>();
    }

    [Fact]
    public void A_message_goes_to_the_owner_under_its_epoch_and_the_answer_comes_back()
    {
        OwnedBy("b");
        _client.Send(_region, new Keyed(1));
        RouteRequest sent = Sent<RouteRequest>("b");
        Assert.Equal((0, _views.View.Owners[0].CreateRevision, new Keyed(1)), (sent.Shard, sent.Epoch, (Keyed)sent.Message));
        From("b", new RouteAccepted(sent.Request));
        From("b", new RouteAnswer(sent.Request, "done"));
        Assert.Equal("done", _client.ExpectMsg<string>());
        Assert.Equal(0, Ask<RegionState>(_region, new GetRegionState()).Waiting);
    }

    [Fact]
    public void The_next_message_of_an_entity_waits_until_the_owner_has_taken_the_one_before()
    {
        OwnedBy("b");
        _client.Send(_region, new Keyed(1));
        _client.Send(_region, new Keyed(2));
        RouteRequest first = Sent<RouteRequest>("b");
        Assert.Empty(_transport.Take());
        From("b", new RouteAccepted(first.Request));
        Assert.Equal(new Keyed(2), Sent<RouteRequest>("b").Message);
    }

    [Fact]
    public void What_the_owner_does_not_confirm_is_sent_again_under_the_same_number()
    {
        OwnedBy("b");
        _client.Send(_region, new Keyed(1));
        RouteRequest first = Sent<RouteRequest>("b");
        Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(first, Sent<RouteRequest>("b"));
    }

    [Fact]
    public void A_new_owner_is_sent_what_the_former_one_has_taken_and_not_answered_in_the_old_order()
    {
        OwnedBy("b");
        _client.Send(_region, new Keyed(1));
        From("b", new RouteAccepted(Sent<RouteRequest>("b").Request));
        _client.Send(_region, new Keyed(2));
        From("b", new RouteAccepted(Sent<RouteRequest>("b").Request));
        OwnedBy("c");
        RouteRequest again = Sent<RouteRequest>("c");
        Assert.Equal(new Keyed(1), again.Message);
        From("c", new RouteAccepted(again.Request));
        Assert.Equal(new Keyed(2), Sent<RouteRequest>("c").Message);
    }

    [Fact]
    public void A_shard_that_comes_here_takes_what_waited()
    {
        OwnedBy("b");
        _client.Send(_region, new Keyed(1));
        Sent<RouteRequest>("b");
        _views.Disown(0);
        Tell(new ViewChanged(_views.View));
        Acquire(50);
        Assert.Equal(new Keyed(1), _hosts.ExpectMsg<Keyed>());
        _hosts.Reply("here");
        Assert.Equal("here", _client.ExpectMsg<string>());
    }

    [Fact]
    public void A_refusal_waits_for_a_moment_and_is_then_tried_again()
    {
        OwnedBy("b");
        _client.Send(_region, new Keyed(1));
        From("b", new RouteRefused(Sent<RouteRequest>("b").Request));
        Assert.Empty(_transport.Take());
        Advance(TimeSpan.FromMilliseconds(300));
        Sent<RouteRequest>("b");
    }

    [Fact]
    public void What_nobody_answers_is_answered_at_its_deadline_and_wishes_have_a_longer_one()
    {
        _client.Send(_region, new Keyed(1));
        _client.Send(_region, new Keyed(2, ChangesWish: true));
        Assert.Equal(new NotPlaced(1), _client.ExpectMsg<NotPlaced>(TimeSpan.FromSeconds(4.5)));
        _client.ExpectNoMsg(TimeSpan.FromSeconds(20));
        Assert.Equal(new NotPlaced(2), _client.ExpectMsg<NotPlaced>(TimeSpan.FromSeconds(1)));
        Assert.Equal(0, Ask<RegionState>(_region, new GetRegionState()).Waiting);
    }

    [Fact]
    public void A_wish_is_not_repeated_behind_a_later_one_that_was_answered()
    {
        OwnedBy("b");
        foreach (int number in new[] { 1, 2 })
        {
            _client.Send(_region, new Keyed(number, ChangesWish: true));
            From("b", new RouteAccepted(Sent<RouteRequest>("b").Request));
        }

        From("b", new RouteAnswer(_lastRequest, "second"));
        Assert.Equal("second", _client.ExpectMsg<string>());
        OwnedBy("c");
        Assert.Equal(new NotPlaced(1), _client.ExpectMsg<NotPlaced>());
        Assert.Empty(_transport.Take());
    }

    [Fact]
    public void A_message_from_another_node_is_handed_over_once_however_often_it_comes()
    {
        Acquire(50);
        var request = new RouteRequest(9, 0, 50, new Keyed(1));
        From("b", request);
        From("b", request);
        _hosts.ExpectMsg<Keyed>();
        Assert.Equal([new RouteAccepted(9), new RouteAccepted(9)], _transport.Take().Select(sent => sent.Message));
        _hosts.Reply("done");
        RunReady();
        Assert.Equal(new RouteAnswer(9, "done"), Sent<RouteAnswer>("b"));
        From("b", request);
        Assert.Equal([new RouteAccepted(9), new RouteAnswer(9, "done")], _transport.Take().Select(sent => sent.Message));
        _hosts.ExpectNoMsg();
    }

    [Theory]
    [InlineData(0, 49)]
    [InlineData(1, 50)]
    [InlineData(-1, 50)]
    [InlineData(99, 50)]
    public void Whoever_is_wrong_about_the_owner_hears_so(int shard, long epoch)
    {
        Acquire(50);
        From("b", new RouteRequest(9, shard, epoch, new Keyed(1)));
        Assert.Equal(new RouteRefused(9), Sent<RouteRefused>("b"));
        _hosts.ExpectNoMsg();
    }

    [Fact]
    public void A_draining_shard_admits_nothing_and_what_it_interrupts_goes_to_the_next_owner()
    {
        Acquire(50);
        _client.Send(_region, new Keyed(1));
        _hosts.ExpectMsg<Keyed>();
        IActorRef asker = _hosts.LastSender;
        From("b", new RouteRequest(9, 0, 50, new Keyed(5)));
        _hosts.ExpectMsg<Keyed>();
        IActorRef peer = _hosts.LastSender;
        _transport.Take();
        _owner.Send(_region, new DrainShard(0, 50));
        _hosts.ExpectMsg<EndShard>();
        _client.Send(_region, new Keyed(2));
        asker.Tell(new Interrupted());
        peer.Tell(new Interrupted());
        RunReady();
        Assert.Equal(new RouteRefused(9), Sent<RouteRefused>("b"));
        _hosts.ExpectNoMsg();
        Assert.Equal(new ShardDrained(0, 50), _owner.ExpectMsg<ShardDrained>());
        OwnedBy("c");
        Assert.Equal(new Keyed(1), Sent<RouteRequest>("c").Message);
    }

    [Fact]
    public void A_question_to_all_shards_goes_to_every_node_and_its_answers_come_back()
    {
        Acquire(50);
        Tell(new ViewChanged(_views.View));
        _client.Send(_region, new ToAllShards("how many?"));
        _hosts.ExpectMsg("how many?");
        (string Node, object Message)[] asked = _transport.Take();
        Assert.Equal(["b", "c"], asked.Select(sent => sent.Node));
        From("b", new ShardsAnswer(((AskShards)asked[0].Message).Request, 7));
        Assert.Equal(7, _client.ExpectMsg<int>());
    }

    [Fact]
    public void An_owner_without_a_link_is_out_of_reach_after_a_moment()
    {
        foreach (int shard in new[] { 1, 2, 3 }) _views.Own(shard, "c");
        OwnedBy("b");
        Assert.Equal(4, Reachable);
        Link("b", isUp: false);
        Assert.Equal(4, Reachable);
        Advance(TimeSpan.FromSeconds(4));
        Link("b", isUp: true);
        Link("b", isUp: false);
        Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(4, Reachable);
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, Reachable);
        Link("b", isUp: true);
        Assert.Equal(4, Reachable);
    }

    [Fact]
    public void An_owner_that_was_never_linked_is_out_of_reach_after_a_moment()
    {
        _transport.Cut.Add("b");
        OwnedBy("b");
        Assert.Equal(1, Reachable);
        Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(0, Reachable);
    }

    [Fact]
    public void The_number_of_messages_is_bounded()
    {
        for (int number = 0; number < 12; number++) _client.Send(_region, new Keyed(number));
        Assert.Equal([new NotPlaced(10), new NotPlaced(11)], _client.ReceiveN<NotPlaced>(2));
    }

    private int Reachable => Ask<RegionState>(_region, new GetRegionState()).Reachable;

    private void Link(string node, bool isUp)
    {
        if (isUp) _transport.Cut.Remove(node);
        else _transport.Cut.Add(node);
        Tell(new LinkChanged(node, ClusterViews.InstanceOf(node), isUp, "for a test"));
    }

    private void OwnedBy(string node)
    {
        if (_views.View.Owners.ContainsKey(0)) _views.Disown(0);
        _views.Own(0, node);
        Tell(new ViewChanged(_views.View));
    }

    private void Acquire(long epoch)
    {
        Tell(new ShardAcquired(0, epoch));
        _hosts.ExpectMsg<ShardStart>();
    }

    private void Tell(object message)
    {
        _region.Tell(message);
        RunReady();
    }

    private void From(string node, object message) => Tell(new FromNode(node, ClusterViews.InstanceOf(node), message));

    private T Sent<T>(string node)
    {
        RunReady();
        (string to, object message) = Assert.Single(_transport.Take());
        Assert.Equal(node, to);
        if (message is RouteRequest request) _lastRequest = request.Request;
        return Assert.IsType<T>(message);
    }

    private sealed record Keyed(int Number, bool ChangesWish = false) : IShardKeyed
    {
        public ulong ShardKey => 4;

        bool IShardKeyed.ChangesWish => ChangesWish;
    }

    private sealed record NotPlaced(int Number);

    private sealed record Interrupted : IEntityAnswer
    {
        public bool IsInterrupted => true;

        public bool IsFromFormerOwner => false;
    }

    private sealed class Unplaced : IUnplaced
    {
        public void Answer(IShardKeyed message, IActorRef sender, IActorRef self) =>
            sender.Tell(new NotPlaced(((Keyed)message).Number), self);
    }

    private sealed class PlayedTransport : INodeTransport
    {
        private readonly List<(string Node, object Message)> _sent = [];

        public HashSet<string> Cut { get; } = [];

        public bool IsLinked(string node) => !Cut.Contains(node);

        public void Connect(ImmutableArray<NodePeer> peers)
        {
        }

        public void Send(string node, object message) => _sent.Add((node, message));

        public void Receive(IActorRef receiver)
        {
        }

        public (string Node, object Message)[] Take()
        {
            (string Node, object Message)[] sent = [.. _sent];
            _sent.Clear();
            return sent;
        }
    }

    /// <summary>Passes everything on with its sender, and ends when it is told so behind <see cref="EndShard"/>.</summary>
    private sealed class Host(IActorRef to) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            to.Tell(message, Sender);
            if (message is EndShard) Timers.StartSingleTimer(this, PoisonPill.Instance, TimeSpan.FromSeconds(1));
        }
    }
}
