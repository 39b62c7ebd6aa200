using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Targets;

/// <summary>A target on another node, message by message.</summary>
public sealed class RemoteTargetTests : TestKitBase
{
    private static readonly Guid First = new(1, 0, 0, new byte[8]);
    private static readonly Guid Second = new(2, 0, 0, new byte[8]);
    private static readonly Reason Why = new(ReasonCode.TargetAway, "for a test");

    private readonly Wire _wire = new();
    private readonly TestProbe _owner;
    private readonly TestProbe _events;
    private readonly IActorRef _directory;
    private readonly IActorRef _target;
    private long _generation;

    public RemoteTargetTests()
    {
        _owner = CreateTestProbe("owner");
        _events = CreateTestProbe("events");
        Sys.EventStream.Subscribe(_events.Ref, typeof(TargetHealthChanged));
        _directory = ActorOf(TargetDirectoryActor.Props(new TargetDirectorySettings([], new TargetLink("a", _wire) { WindowMax = 10 })));
        Cluster(First);
        _owner.Send(_directory, new GetTargetSet());
        _target = Assert.Single(_owner.ExpectMsg<TargetSetChanged>().Targets.Targets, t => t.Key == "ns@b").Value;
    }

    [Fact]
    public void Nothing_goes_out_before_the_health_of_the_target_was_heard()
    {
        Want("z.example.");
        Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_wire.Wishes());
        Tell(First, new TargetHealthTold("ns", true, null, 0));
        Assert.Single(_wire.Wishes());
        _events.ExpectNoMsg();
    }

    [Fact]
    public void A_wish_is_told_again_until_it_has_arrived_with_a_look_first()
    {
        Up();
        Want("z.example.");
        Advance(TimeSpan.FromSeconds(8));
        WishForTarget[] wishes = [.. _wire.Wishes()];
        Assert.InRange(wishes.Length, 3, 4);
        Assert.Equal([false, true], wishes.Select(w => w.Wish.ObserveFirst).Take(2));
        Assert.Single(wishes.Select(w => w.Request).Distinct());
        Assert.All(wishes, w => Assert.Null(w.Wish.ToldAt));
        Tell(First, new WishTaken(wishes[0].Request));
        Tell(First, new TargetHealthTold("ns", true, null, 0));
        Advance(TimeSpan.FromSeconds(15));
        Tell(First, new TargetHealthTold("ns", true, null, 0));
        Assert.Empty(_wire.Wishes());
        Advance(TimeSpan.FromSeconds(16));
        Assert.Single(_wire.Wishes());
    }

    [Fact]
    public void A_report_comes_back_under_the_name_that_all_nodes_know()
    {
        Up();
        Want("z.example.");
        WishForTarget wish = Assert.Single(_wire.Wishes());
        Assert.Equal(("ns", 2, 7L), (wish.Target, wish.Shard, wish.Epoch));
        Report(wish, TargetZoneState.Pending);
        Assert.Equal(("ns@b", TargetZoneState.Pending), Heard());
        Report(wish, TargetZoneState.Verified);
        Assert.Equal(("ns@b", TargetZoneState.Verified), Heard());
        Assert.Equal(0, Status().Behind);
        Report(wish, TargetZoneState.Away);
        _owner.ExpectNoMsg();
    }

    [Fact]
    public void A_newer_wish_replaces_the_older_and_reports_on_that_are_not_heard_any_more()
    {
        Up();
        Want("z.example.");
        Want("z.example.");
        WishForTarget[] wishes = [.. _wire.Wishes()];
        Assert.True(wishes[0].Request < wishes[1].Request);
        Report(wishes[0], TargetZoneState.Verified);
        _owner.ExpectNoMsg();
        Assert.Equal(1, Status().Behind);
        Report(wishes[1], TargetZoneState.Verified);
        Assert.Equal(TargetZoneState.Verified, Heard().State);
    }

    [Fact]
    public void Only_so_many_wishes_are_on_their_way_and_those_that_wait_are_held_once_for_each_zone()
    {
        Up();
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < 100; i++) Want($"z{i}.example.");
        }

        RunReady();
        Assert.Equal((100, 10), (Status().Behind, Status().UnderWay));
        var served = new Dictionary<DomainName, long>();
        for (int round = 0; round < 200 && Status().Behind > 0; round++)
        {
            foreach (WishForTarget wish in _wire.Wishes().ToArray())
            {
                served[wish.Wish.Zone] = wish.Wish.Generation;
                Tell(First, new WishTaken(wish.Request));
                Report(wish, TargetZoneState.Verified);
            }
        }

        Assert.Equal((0, 0), (Status().Behind, Status().UnderWay));
        Assert.Equal(Enumerable.Range(401, 100).Select(g => (long)g), served.Values.Order());
    }

    [Fact]
    public void A_target_that_is_away_holds_nothing_and_everybody_tells_it_anew_on_its_return()
    {
        Up();
        Want("z.example.");
        Tell(First, new TargetHealthTold("ns", false, Why, 0));
        Assert.Equal(TargetZoneState.Away, Heard().State);
        Assert.True(_events.ExpectMsg<TargetHealthChanged>() is { Target: "ns@b", Healthy: false });
        Want("y.example.");
        Assert.Equal(TargetZoneState.Away, Heard().State);
        Assert.Equal((0, false), (Status().Behind, Status().Healthy));
        Tell(First, new TargetHealthTold("ns", true, null, 1));
        Assert.True(_events.ExpectMsg<TargetHealthChanged>() is { Healthy: true, Returned: true });
        _events.ExpectNoMsg();
    }

    [Fact]
    public void A_server_that_returned_between_two_messages_is_looked_at_again()
    {
        Up();
        Tell(First, new TargetHealthTold("ns", true, null, 3));
        Assert.True(_events.ExpectMsg<TargetHealthChanged>() is { Healthy: true, Returned: true });
        Tell(First, new TargetHealthTold("ns", false, Why, 2));
        Tell(First, new TargetHealthTold("ns", true, null, 3));
        _events.ExpectNoMsg();
    }

    [Fact]
    public void A_new_run_of_the_node_is_a_return_and_hears_no_answer_to_the_former_one()
    {
        Up();
        Want("z.example.");
        WishForTarget wish = Assert.Single(_wire.Wishes());
        Cluster(Second);
        Report(wish, TargetZoneState.Verified);
        _owner.ExpectNoMsg();
        Tell(Second, new TargetHealthTold("ns", true, null, 0));
        Assert.True(_events.ExpectMsg<TargetHealthChanged>() is { Healthy: true, Returned: true });
        Assert.True(Assert.Single(_wire.Wishes()).Wish.ObserveFirst);
    }

    [Fact]
    public void A_node_that_is_down_takes_its_targets_away_at_once_and_a_cut_link_after_a_while()
    {
        Up();
        _directory.Tell(new LinkChanged("b", First, false, "cut"));
        _events.ExpectNoMsg(TimeSpan.FromSeconds(5));
        Assert.True(_events.ExpectMsg<TargetHealthChanged>(TimeSpan.FromSeconds(10)) is { Healthy: false });
        Tell(First, new TargetHealthTold("ns", true, null, 0));
        Assert.True(_events.ExpectMsg<TargetHealthChanged>() is { Returned: true });
        Cluster(null);
        Assert.True(_events.ExpectMsg<TargetHealthChanged>() is { Healthy: false });
    }

    [Fact]
    public void A_link_that_was_cut_for_a_moment_only_makes_what_is_not_proven_go_out_again()
    {
        Up();
        Want("z.example.");
        Want("y.example.");
        WishForTarget[] wishes = [.. _wire.Wishes()];
        foreach (WishForTarget wish in wishes) Tell(First, new WishTaken(wish.Request));
        Report(wishes[0], TargetZoneState.Verified);
        _directory.Tell(new LinkChanged("b", First, false, "cut"));
        _directory.Tell(new LinkChanged("b", First, true, "back"));
        RunReady();
        Assert.Equal(wishes[1].Request, Assert.Single(_wire.Wishes()).Request);
        _events.ExpectNoMsg();
    }

    [Fact]
    public void What_an_owner_wanted_is_forgotten_with_it()
    {
        Up();
        Want("z.example.");
        RunReady();
        Sys.Stop(_owner.Ref);
        RunReady();
        TestProbe other = CreateTestProbe();
        other.Send(_target, new GetTargetStatus());
        Assert.Equal(0, other.ExpectMsg<TargetStatus>().Behind);
    }

    private void Cluster(Guid? instance) => _directory.Tell(new ClusterTargets(
        [new NodeTargets("a", new Guid(9, 0, 0, new byte[8]), []), new NodeTargets("b", instance, ["ns"])], []));

    private void Up()
    {
        Tell(First, new TargetHealthTold("ns", true, null, 0));
        _wire.Wishes();
    }

    private void Tell(Guid instance, object message)
    {
        _directory.Tell(new FromNode("b", instance, message));
        RunReady();
    }

    private void Want(string zone)
    {
        _owner.Send(_target, new WantZone(DomainName.Parse(zone), ++_generation, SampleZones.Content(zone, 7), ObserveFirst: false)
        {
            Shard = 2,
            Epoch = 7,
            ToldAt = TimeSpan.FromSeconds(1),
        });
        RunReady();
    }

    private void Report(WishForTarget wish, TargetZoneState state) => Tell(First, new ReportOfTarget(wish.Request, "ns", new TargetReport(
        wish.Wish.Zone, wish.Wish.Generation, new TargetProgress("ns", state, 7, null, null))));

    private (string Target, TargetZoneState State) Heard()
    {
        TargetProgress progress = _owner.FishForMessage<TargetReport>(_ => true).Progress;
        return (progress.Target, progress.State);
    }

    [Fact]
    public void What_others_changed_there_the_node_knows_that_holds_the_target()
    {
        TestProbe asker = CreateTestProbe();
        asker.Send(_target, new GetTargetDrift());
        Assert.True(asker.ExpectMsg<TargetDrift>().IsElsewhere);
    }

    [Fact]
    public void Who_its_server_is_is_known_here_as_its_node_has_told_it()
    {
        var doubt = new Reason(ReasonCode.IdentitySplit, "two answer");
        var limits = new ZoneLimits { TypesPerName = 7 };
        var portrait = new TargetPortrait("nsd", new ServerName("a", "NSD 4", "x"), "NSD 5", limits, ["re-add"], doubt);
        Tell(First, new TargetHealthTold("ns", true, null, 0) { Portrait = portrait });
        Tell(First, new TargetHealthTold("ns", true, null, 0));
        TargetStatus status = Status();
        Assert.Equal(("nsd", "NSD 5", "x", 7), (status.Driver, status.Controlled, status.Server!.Nsid, status.Limits!.TypesPerName));
        Assert.Equal((doubt, true), (status.Reason, status.Healthy));
        Assert.Equal("re-add", Assert.Single(status.Features));
        Assert.Null(status.Listing);
    }

    private TargetStatus Status()
    {
        TestProbe asker = CreateTestProbe();
        asker.Send(_target, new GetTargetStatus());
        return asker.ExpectMsg<TargetStatus>();
    }

    private sealed class Wire : INodeTransport
    {
        private readonly List<object> _sent = [];

        public void Connect(ImmutableArray<NodePeer> peers)
        {
        }

        public void Send(string node, object message) => _sent.Add(message);

        public void Receive(IActorRef receiver)
        {
        }

        /// <summary>What went out since the last look.</summary>
        public IReadOnlyList<WishForTarget> Wishes()
        {
            WishForTarget[] wishes = [.. _sent.OfType<WishForTarget>()];
            _sent.Clear();
            return wishes;
        }
    }
}
