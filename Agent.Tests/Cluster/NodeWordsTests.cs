using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cluster;

/// <summary>What a node says in its log of joining and of leaving, with a store that the test plays.</summary>
public sealed class NodeWordsTests : TestKitBase, IClusterStore, ILeaseMemory
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(15);

    private readonly EventLog _log;
    private readonly List<(long Request, ReplyTo ReplyTo)> _commits = [];

    public NodeWordsTests()
        : this(new EventLog())
    {
    }

    private NodeWordsTests(EventLog log)
        : base(settings: new ActorSystemSettings { LoggerFactory = log }) => _log = log;

    [Fact]
    public void That_the_store_was_never_heard_is_said_and_then_once_a_minute()
    {
        TestProbe view = CreateTestProbe("view");
        Keeper(view.Ref);
        view.ExpectMsg<SubscribeView>();
        for (int minute = 1; minute <= 2; minute++)
        {
            view.ExpectMsg<GetClusterState>(TimeSpan.FromSeconds(61));
            view.LastSender.Tell(new ClusterState(ClusterView.Empty, IsCurrent: false, "no connection"));
            RunReady();
            Assert.Equal(minute, _log.TextsOf("node-waits").Count());
        }

        Assert.Contains("no connection", _log.TextsOf("node-waits").First(), StringComparison.Ordinal);
        view.Reply(new ViewChanged(new ClusterViews(1).View));
        Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(2, _log.TextsOf("node-waits").Count());
        view.ExpectNoMsg();
    }

    [Fact]
    public void A_drain_by_command_and_its_undoing_are_said_once_each()
    {
        IActorRef keeper = Keeper(CreateTestProbe("view").Ref);
        TestProbe heard = CreateTestProbe("heard");
        Sys.EventStream.Subscribe(heard.Ref, typeof(NodeLeaves));
        foreach (bool leaving in new[] { true, true, false, false }) keeper.Tell(new SetLeaving(leaving));
        RunReady();
        Assert.Equal([new NodeLeaves(true), new NodeLeaves(false)], heard.ReceiveN<NodeLeaves>(2));
        Assert.Single(_log.TextsOf("node-leaving"));
        Assert.Single(_log.TextsOf("node-stays"));
    }

    [Fact]
    public void A_node_says_that_it_is_drained_when_its_last_shard_has_gone()
    {
        ClusterViews views = new ClusterViews(1).Join("a").Join("b").Assign(0, "a");
        TestProbe region = CreateTestProbe("region");
        IActorRef owner = ActorOf(ShardOwnerActor.Props(new ShardOwnerSettings(
            "a", 1, ClusterViews.Keys, this, CreateTestProbe("view").Ref, CreateTestProbe("keeper").Ref, region.Ref, TimeToLive)));
        owner.Tell(new NodeJoined(1, ClusterViews.InstanceOf("a"), views.View.Members["a"].CreateRevision));
        owner.Tell(new ViewChanged(views.View));
        Commit(owner, views.Own(0, "a"));
        region.ExpectMsg<ShardAcquired>();

        Sys.EventStream.Publish(new NodeLeaves(true));
        owner.Tell(new ViewChanged(views.Assign(0, "b").View));
        RunReady();
        long epoch = region.ExpectMsg<DrainShard>().Epoch;
        Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(_log.TextsOf("node-drained"));
        owner.Tell(new ShardDrained(0, epoch));
        RunReady();
        Commit(owner, views.Disown(0));
        Assert.StartsWith("a has given its shards away after 2.", Assert.Single(_log.TextsOf("node-drained")), StringComparison.Ordinal);
        Advance(TimeSpan.FromMinutes(1));
        Assert.Single(_log.TextsOf("node-drained"));
    }

    long? ILeaseMemory.Recall() => null;

    void ILeaseMemory.Remember(long lease)
    {
    }

    void IClusterStore.Grant(long request, TimeSpan timeToLive, ReplyTo replyTo)
    {
    }

    void IClusterStore.KeepAlive(long request, long lease, ReplyTo replyTo)
    {
    }

    void IClusterStore.Revoke(long request, long lease, ReplyTo replyTo)
    {
    }

    void IClusterStore.Read(long request, string prefix, ReplyTo replyTo)
    {
    }

    void IClusterStore.Commit(long request, StoreTransaction transaction, ReplyTo replyTo) => _commits.Add((request, replyTo));

    void IClusterStore.Watch(long watch, string prefix, long fromRevision, ReplyTo replyTo)
    {
    }

    void IClusterStore.StopWatch(long watch)
    {
    }

    /// <summary>The store takes the write that waits, and the view shows it.</summary>
    private void Commit(IActorRef owner, ClusterViews written)
    {
        RunReady();
        (long request, ReplyTo replyTo) = Assert.Single(_commits);
        _commits.Clear();
        replyTo.Tell(new StoreCommitted(request, Succeeded: true, written.View.Revision));
        owner.Tell(new ViewChanged(written.View));
        RunReady();
    }

    private IActorRef Keeper(IActorRef view)
    {
        var settings = new ClusterNodeSettings(
            "a",
            Guid.Empty,
            "here",
            "0",
            1,
            new NodeRecord("a", [], []),
            new ConfigRecord(1, ConfigRecord.OurHash, ConfigRecord.OurFormat, 0),
            ClusterViews.Keys,
            this,
            new LeaseTimes(TimeToLive),
            this,
            () => Node.SimClock.SinceBoot,
            TimeSpan.FromSeconds(10),
            new RebalanceBounds());
        return ActorOf(LeaseKeeperActor.Props(
            new LeaseKeeperSettings(settings, view, new OwnershipGate(() => Node.SimClock.SinceBoot))));
    }
}
