using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Targets;

/// <summary>Changes at a server while the node does not know whether it is still counted in.</summary>
public sealed class OrderPermitTests : TestKitBase
{
    private static readonly DomainName Zone = DomainName.Parse("example.com.");
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(3);

    private readonly Server _server = new();
    private readonly Gate _gate = new();
    private readonly TestProbe _owner;

    public OrderPermitTests() => _owner = CreateTestProbe("owner");

    [Fact]
    public void While_the_permit_is_open_nobody_is_asked()
    {
        IActorRef target = Start();
        Want(target, epoch: 5, serial: 7);
        Assert.Equal(TargetZoneState.Verified, _owner.ExpectMsg<TargetReport>().Progress.State);
        Assert.Empty(_gate.Asked);
    }

    [Fact]
    public void A_change_waits_until_the_fence_is_known_to_hold()
    {
        _gate.IsOpen = false;
        _gate.State = FenceState.Unknown;
        IActorRef target = Start();
        Want(target, epoch: 5, serial: 7);
        Advance(AWhile);
        Assert.Equal(0, _server.Changes);
        Assert.All(_gate.Asked, q => Assert.Equal((3, 5L), (q.Shard, q.Epoch)));
        _gate.State = FenceState.Held;
        Assert.Equal(TargetZoneState.Verified, _owner.ExpectMsg<TargetReport>().Progress.State);
        Assert.Equal(1, _server.Changes);
    }

    [Fact]
    public void A_change_that_waits_goes_on_when_the_permit_opens()
    {
        _gate.IsOpen = false;
        _gate.State = FenceState.Unknown;
        IActorRef target = Start();
        Want(target, epoch: 5, serial: 7);
        Advance(AWhile);
        _gate.IsOpen = true;
        Assert.Equal(TargetZoneState.Verified, _owner.ExpectMsg<TargetReport>().Progress.State);
    }

    [Fact]
    public void The_wish_of_an_owner_that_is_over_is_dropped_without_a_word_and_so_is_what_it_wants_later()
    {
        _gate.IsOpen = false;
        _gate.State = FenceState.Lost;
        IActorRef target = Start();
        Want(target, epoch: 5, serial: 7);
        _owner.ExpectNoMsg(AWhile);
        _gate.IsOpen = true;
        Want(target, epoch: 5, serial: 8);
        _owner.ExpectNoMsg(AWhile);
        Assert.Equal(0, _server.Changes);
        _owner.Send(target, new GetTargetStatus());
        Assert.Equal((0, 0), (_owner.ExpectMsg<TargetStatus>() is { } s ? (s.Behind, s.UnderWay) : (-1, -1)));
        Want(target, epoch: 6, serial: 9);
        Assert.Equal(9u, _owner.ExpectMsg<TargetReport>().Progress.Serial);
    }

    [Fact]
    public void What_the_next_owner_wants_meanwhile_is_not_dropped_with_the_wish_of_the_former()
    {
        _gate.IsOpen = false;
        _gate.State = FenceState.Unknown;
        IActorRef target = Start();
        Want(target, epoch: 5, serial: 7);
        Advance(AWhile);
        Want(target, epoch: 6, serial: 7);
        _gate.Judge = q => q.Epoch == 6 ? FenceState.Held : FenceState.Lost;
        Assert.Equal(7u, _owner.ExpectMsg<TargetReport>().Progress.Serial);
        Assert.Equal(1, _server.Changes);
    }

    [Fact]
    public void A_target_of_the_farm_asks_for_its_own_node_first()
    {
        _gate.IsOpen = false;
        _gate.State = FenceState.Held;
        IActorRef target = Start(new TargetHold(100, 4));
        Want(target, epoch: 5, serial: 7);
        Assert.Equal(TargetZoneState.Verified, _owner.ExpectMsg<TargetReport>().Progress.State);
        Assert.Equal([(100, 4L), (3, 5L)], _gate.Asked.Select(q => (q.Shard, q.Epoch)));
    }

    [Fact]
    public void A_target_of_the_farm_that_another_node_holds_is_left_alone()
    {
        _gate.IsOpen = false;
        _gate.Judge = q => q.Shard == 100 ? FenceState.Lost : FenceState.Held;
        IActorRef target = Start(new TargetHold(100, 4));
        Want(target, epoch: 5, serial: 7);
        _owner.ExpectNoMsg(AWhile);
        Assert.Equal(0, _server.Changes);
    }

    [Fact]
    public void A_holder_orders_nothing_before_it_has_the_target_and_when_it_gives_it_up()
    {
        _gate.IsHolder = false;
        IActorRef target = Start(new TargetHold(100, 4));
        Want(target, epoch: 5, serial: 7);
        _owner.ExpectNoMsg(AWhile);
        Assert.Equal((0, 0), (_server.Changes, _gate.Asked.Count));
        _gate.IsHolder = true;
        Assert.Equal(TargetZoneState.Verified, _owner.ExpectMsg<TargetReport>().Progress.State);
    }

    /// <summary>As it goes on after it stood still: what was under way may take effect behind every look of the next holder.</summary>
    [Fact]
    public void A_holder_that_ends_says_which_zones_its_orders_may_touch()
    {
        TestProbe listener = CreateTestProbe("listener");
        Sys.EventStream.Subscribe(listener.Ref, typeof(ChangesLeftBehind));
        _server.IsSilent = true;
        IActorRef target = Start(new TargetHold(100, 4));
        Want(target, epoch: 5, serial: 7);
        Advance(AWhile);
        Sys.Stop(target);
        ChangesLeftBehind left = listener.ExpectMsg<ChangesLeftBehind>();
        Assert.Equal(("ns", new LeftChange(Zone, Brings: true)), (left.Target, Assert.Single(left.Changes)));

        // It ended, and by then nobody could say whether this node still held the target.
        _server.IsSilent = false;
        _gate.IsOpen = false;
        _gate.State = FenceState.Held;
        IActorRef again = Start(new TargetHold(100, 5));
        Want(again, epoch: 5, serial: 8);
        Advance(AWhile);
        Sys.Stop(again);
        Assert.Equal(Zone, Assert.Single(listener.ExpectMsg<ChangesLeftBehind>().Changes).Zone);

        // And it held the target all the time.
        _gate.IsOpen = true;
        IActorRef last = Start(new TargetHold(100, 6));
        Want(last, epoch: 5, serial: 9);
        Advance(AWhile);
        Sys.Stop(last);
        listener.ExpectNoMsg(AWhile);
    }

    [Fact]
    public void Looking_is_always_allowed()
    {
        _gate.IsOpen = false;
        _server.Serial = 7;
        IActorRef target = Start();
        Want(target, epoch: 5, serial: 7, observeFirst: true);
        Assert.Equal(TargetZoneState.Verified, _owner.ExpectMsg<TargetReport>().Progress.State);
        Assert.Empty(_gate.Asked);
    }

    private IActorRef Start(TargetHold? hold = null) => ActorOf(BackendActor.Props(
        new BackendActorSettings("ns", _server, TimeSpan.FromHours(1)) { Permit = _gate, FenceCheck = _gate, Holder = hold }));

    private void Want(IActorRef target, long epoch, uint serial, bool observeFirst = false) => _owner.Send(
        target, new WantZone(Zone, serial, SampleZones.Content("example.com.", serial), observeFirst) { Shard = 3, Epoch = epoch });

    private sealed class Gate : IOrderPermit, IFenceCheck
    {
        public bool IsOpen { get; set; } = true;

        public bool IsHolder { get; set; } = true;

        public FenceState State { get; set; }

        public Func<FenceQuestion, FenceState>? Judge { get; set; }

        public List<FenceQuestion> Asked { get; } = [];

        public bool Holds(TargetHold hold) => IsHolder;

        public void Check(FenceQuestion question, ReplyTo replyTo)
        {
            Asked.Add(question);
            replyTo.Tell(new FenceAnswer(question.Id, Judge?.Invoke(question) ?? State));
        }
    }

    /// <summary>Does everything at once.</summary>
    private sealed class Server : IZoneBackend
    {
        public uint? Serial { get; set; }

        public int Changes { get; private set; }

        /// <summary>It takes changes and does not answer them.</summary>
        public bool IsSilent { get; set; }

        public BackendTraits Traits { get; } = new("test", 1, TimeSpan.FromSeconds(1));

        public void Apply(ApplyZone order, ReplyTo replyTo)
        {
            Changes++;
            Serial = order.Content.Serial;
            if (!IsSilent) replyTo.Tell(new OrderFinished(order.Id, OrderOutcome.Done, null));
        }

        public void Remove(RemoveZone order, ReplyTo replyTo)
        {
            Changes++;
            Serial = null;
            replyTo.Tell(new OrderFinished(order.Id, OrderOutcome.Done, null));
        }

        public void Observe(ObserveZone order, ReplyTo replyTo) => replyTo.Tell(new ZoneObserved(
            order.Id, Serial is null ? Observation.Absent : Observation.Present, Serial ?? 0, null));

        public void Probe(ProbeServer order, ReplyTo replyTo) => replyTo.Tell(new OrderFinished(order.Id, OrderOutcome.Done, null));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
