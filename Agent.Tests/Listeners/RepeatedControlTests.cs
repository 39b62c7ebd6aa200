using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Tests.Cluster;
using Agent.Tests.TestKit;

namespace Agent.Tests.Listeners;

/// <summary>A client repeats a message while the link to the zone's owner is cut.</summary>
public sealed class RepeatedControlTests : TestKitBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly Requests.RecordingPath _path = new();
    private readonly Wire _wire = new();
    private readonly IActorRef _region;
    private readonly ControlGate _gate;

    public RepeatedControlTests()
    {
        _region = ActorOf(ShardRegionActor.Props(
            new ShardRegionSettings(
                new ClusterCoordination(1), Props.Create(static _ => new Silent(), 0), new UnplacedZones(), Patience, MaxHeld: 10)
            {
                Peers = new RegionPeers("a", CreateTestProbe("view").Ref, _wire),
            }));
        _region.Tell(new ViewChanged(new ClusterViews(1).Join("a").Join("b").Own(0, "b").View));
        _gate = new ControlGate(new ControlDesk(_region, Sys.Clock));
        RunReady();
    }

    [Theory]
    [InlineData(Requests.CreateType)]
    [InlineData(Requests.DeleteType)]
    public void What_was_answered_SERVFAIL_is_not_carried_out_when_the_link_is_back(int type)
    {
        _wire.IsCut = true;
        byte[] message = Requests.Message(0x7400, (ushort)type, Requests.PrivateClass);
        for (int second = 0; second < 25; second += 5)
        {
            _gate.Post(Requests.Control(message, _path), (long)Now.TotalMilliseconds);
            Advance(TimeSpan.FromSeconds(5));
        }

        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([0xF002, 0xF002, 0xF002, 0xF002, 0xF002], _path.Sent.Select(sent => (int)Requests.FlagsOf(sent)));
        _wire.IsCut = false;
        _region.Tell(new LinkChanged("b", ClusterViews.InstanceOf("b"), IsUp: true, "for a test"));
        Advance(Patience);
        Assert.Empty(_wire.Sent);
        Assert.Equal(0, Ask<RegionState>(_region, new GetRegionState()).Waiting);
    }

    [Fact]
    public void One_request_is_on_its_way_and_its_answer_is_for_all()
    {
        byte[] message = Requests.Message(0x7400, Requests.CreateType, Requests.PrivateClass);
        _gate.Post(Requests.Control(message, _path), 0);
        _gate.Post(Requests.Control(message, _path), 0);
        RunReady();
        RouteRequest request = Assert.IsType<RouteRequest>(Assert.Single(_wire.Sent));
        var create = (CreateZone)request.Message;
        _region.Tell(new FromNode("b", ClusterViews.InstanceOf("b"), new RouteAccepted(request.Request)));
        _region.Tell(new FromNode(
            "b", ClusterViews.InstanceOf("b"), new RouteAnswer(request.Request, new ZoneReply(create.Zone, ZoneOutcome.Done))));
        RunReady();
        Assert.Equal([0xF400, 0xF400], _path.Sent.Select(sent => (int)Requests.FlagsOf(sent)));
    }

    private sealed class Silent : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
        }
    }

    private sealed class Wire : INodeTransport
    {
        public bool IsCut { get; set; }

        public List<object> Sent { get; } = [];

        public void Connect(ImmutableArray<NodePeer> peers)
        {
        }

        public void Send(string node, object message)
        {
            if (!IsCut) Sent.Add(message);
        }

        public void Receive(IActorRef receiver)
        {
        }
    }
}
