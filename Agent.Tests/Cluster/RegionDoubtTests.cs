using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cluster;

/// <summary>Answers of a host whose node cannot be sure of its lease: the gate is closed, and the test plays the fence.</summary>
public sealed class RegionDoubtTests : TestKitBase
{
    private readonly ClusterViews _views = new ClusterViews(4).Join("a").Join("b");
    private readonly PlayedTransport _transport = new();
    private readonly OwnershipGate _gate;
    private readonly TestProbe _fence;
    private readonly TestProbe _hosts;
    private readonly TestProbe _client;
    private readonly IActorRef _region;

    public RegionDoubtTests()
    {
        _gate = new OwnershipGate(() => Sim.Now);
        _fence = CreateTestProbe("fence");
        _hosts = CreateTestProbe("hosts");
        _client = CreateTestProbe("client");
        Props host = Props.Create(static to => new Host(to), _hosts.Ref);
        _region = ActorOf(ShardRegionActor.Props(
            new ShardRegionSettings(new ClusterCoordination(4), host, new Unplaced(), TimeSpan.FromSeconds(4), MaxHeld: 10)
            {
                Peers = new RegionPeers("a", CreateTestProbe("view").Ref, _transport) { Gate = _gate, Check = new Fence(_fence.Ref) },
            }));
        Tell(new ShardAcquired(0, 7));
        _hosts.ExpectMsg<ShardStart>();
        _hosts.ExpectMsg<AllShardsTaken>();
    }

    [Fact]
    public void While_the_gate_is_open_an_answer_goes_out_at_once()
    {
        _gate.OpenUntil(TimeSpan.FromMinutes(1));
        Answer("done");
        Assert.Equal("done", _client.ExpectMsg<string>());
    }

    [Fact]
    public void While_it_is_closed_an_answer_waits_for_the_fence()
    {
        Answer("done");
        Asked asked = _fence.ExpectMsg<Asked>();
        Assert.Equal((0, 7L), (asked.Shard, asked.Epoch));
        Assert.Equal(0, _client.Waiting);
        Tell(new OwnershipChecked(asked.Request, true));
        Assert.Equal("done", _client.ExpectMsg<string>());
    }

    [Fact]
    public void What_an_owner_said_that_is_over_is_asked_of_the_next_one()
    {
        Answer("unknown");
        Tell(new OwnershipChecked(_fence.ExpectMsg<Asked>().Request, false));
        Assert.Equal(0, _client.Waiting);
        Tell(new ShardLost(0));
        _views.Own(0, "b");
        Tell(new ViewChanged(_views.View));
        Assert.IsType<RouteRequest>(Assert.Single(_transport.Sent).Message);
    }

    [Fact]
    public void When_the_fence_cannot_be_asked_it_is_asked_again_until_the_gate_opens()
    {
        Answer("done");
        Tell(new OwnershipChecked(_fence.ExpectMsg<Asked>().Request, null));
        Advance(TimeSpan.FromSeconds(1.1));
        Tell(new OwnershipChecked(_fence.ExpectMsg<Asked>().Request, null));
        _gate.OpenUntil(TimeSpan.FromMinutes(1));
        Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal("done", _client.ExpectMsg<string>());
    }

    [Fact]
    public void A_shard_is_served_from_when_its_host_has_taken_it_until_it_is_told_to_end()
    {
        Assert.True(_gate.Serves(0, 7));
        Assert.False(_gate.Serves(0, 6));
        Tell(new DrainShard(0, 7));
        Assert.False(_gate.Serves(0, 7));
    }

    private void Answer(string answer)
    {
        _client.Send(_region, new Keyed());
        _hosts.ExpectMsg<Keyed>();
        _hosts.Reply(answer);
        RunReady();
    }

    private void Tell(object message)
    {
        _region.Tell(message);
        RunReady();
    }

    private sealed record Keyed : IShardKeyed
    {
        public ulong ShardKey => 4;
    }

    private sealed record Asked(long Request, int Shard, long Epoch);

    private sealed class Fence(IActorRef to) : IOwnershipCheck
    {
        public void Check(long request, int shard, long epoch, ReplyTo replyTo) => to.Tell(new Asked(request, shard, epoch));
    }

    private sealed class Unplaced : IUnplaced
    {
        public void Answer(IShardKeyed message, IActorRef sender, IActorRef self) => sender.Tell("not placed", self);
    }

    private sealed class PlayedTransport : INodeTransport
    {
        public List<(string Node, object Message)> Sent { get; } = [];

        public void Connect(ImmutableArray<NodePeer> peers)
        {
        }

        public void Send(string node, object message) => Sent.Add((node, message));

        public void Receive(IActorRef receiver)
        {
        }
    }

    /// <summary>Takes its shard at once, and passes everything on.</summary>
    private sealed class Host(IActorRef to) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            if (message is ShardStart start) Context.Parent.Tell(new ShardTaken(start.Shard, start.Epoch), Self);
            to.Tell(message, Sender);
        }
    }
}
