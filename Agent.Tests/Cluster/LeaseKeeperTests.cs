using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cluster;

/// <summary>What the keeper of the lease shows the others of its node, with a store that the test plays.</summary>
public sealed class LeaseKeeperTests : TestKitBase, IClusterStore, ILeaseMemory
{
    private const long Lease = 5;
    private const long Entered = 10;

    private readonly ClusterKeys _keys = new("test");
    private readonly List<(long Request, StoreTransaction Transaction, ReplyTo ReplyTo)> _commits = [];
    private readonly IActorRef _keeper;

    public LeaseKeeperTests()
    {
        var config = new ConfigRecord(1, ConfigRecord.OurHash, ConfigRecord.OurFormat, 0);
        var settings = new ClusterNodeSettings(
            "n1",
            Guid.Empty,
            "here",
            "0",
            1,
            new NodeRecord("n1", [], []),
            config,
            _keys,
            this,
            new LeaseTimes(TimeSpan.FromSeconds(15)),
            this,
            () => Node.SimClock.SinceBoot,
            TimeSpan.FromSeconds(10),
            new RebalanceBounds());
        var gate = new OwnershipGate(() => Node.SimClock.SinceBoot);
        _keeper = ActorOf(LeaseKeeperActor.Props(new LeaseKeeperSettings(settings, CreateTestProbe("view").Ref, gate)));
        _keeper.Tell(new ViewChanged(ClusterView.Empty with { Revision = 1, Config = new Held<ConfigRecord>(config, 1, 1, 0) }));
        Advance(TimeSpan.FromSeconds(1));
        Answer(Assert.Single(_commits), Entered);
    }

    /// <summary>An answer that was lost leaves open what the store says; a drain that is taken back meanwhile must not be left
    /// there.</summary>
    [Fact]
    public void A_drain_that_is_taken_back_while_its_write_is_in_doubt_does_not_stay()
    {
        Guid instance = Member(_commits[0].Transaction).Instance;
        _keeper.Tell(new SetLeaving(true));
        RunReady();
        (long request, StoreTransaction drain, ReplyTo replyTo) = _commits[^1];
        Assert.Equal(MemberState.Leaving, Member(drain).State);
        replyTo.Tell(new StoreFailed(request, new Reason(ReasonCode.StoreAway, "for a test"), IsUnknown: true));
        _keeper.Tell(new SetLeaving(false));
        RunReady();
        int before = _commits.Count;
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(before, _commits.Count);

        MemberRecord leaving = Member(drain);
        Assert.Equal(instance, leaving.Instance);
        ClusterView view = ClusterView.Empty with { Revision = Entered + 1 };
        _keeper.Tell(new ViewChanged(view with
        {
            Members = view.Members.Add("n1", new Held<MemberRecord>(leaving, Entered, Entered + 1, Lease)),
        }));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(MemberState.Up, Member(_commits[^1].Transaction).State);
    }

    [Fact]
    public void A_placement_that_a_reload_changed_is_shown_and_stays_through_a_drain()
    {
        _keeper.Tell(new SetPlacement("other"));
        RunReady();
        (long request, StoreTransaction shown, ReplyTo replyTo) = _commits[^1];
        Assert.Equal(("other", MemberState.Up), (Member(shown).Placement, Member(shown).State));
        replyTo.Tell(new StoreCommitted(request, Succeeded: true, Entered + 1));
        _keeper.Tell(new SetPlacement("other"));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(shown, _commits[^1].Transaction);
        _keeper.Tell(new SetLeaving(true));
        RunReady();
        Assert.Equal(("other", MemberState.Leaving), (Member(_commits[^1].Transaction).Placement, Member(_commits[^1].Transaction).State));
    }

    long? ILeaseMemory.Recall() => null;

    void ILeaseMemory.Remember(long lease)
    {
    }

    void IClusterStore.Grant(long request, TimeSpan timeToLive, ReplyTo replyTo) =>
        replyTo.Tell(new LeaseGranted(request, Lease, timeToLive));

    void IClusterStore.KeepAlive(long request, long lease, ReplyTo replyTo) =>
        replyTo.Tell(new LeaseKept(request, lease, TimeSpan.FromSeconds(15)));

    void IClusterStore.Revoke(long request, long lease, ReplyTo replyTo) => replyTo.Tell(new LeaseRevoked(request, lease));

    void IClusterStore.Read(long request, string prefix, ReplyTo replyTo) => replyTo.Tell(new StoreRead(request, 1, []));

    void IClusterStore.Commit(long request, StoreTransaction transaction, ReplyTo replyTo) =>
        _commits.Add((request, transaction, replyTo));

    void IClusterStore.Watch(long watch, string prefix, long fromRevision, ReplyTo replyTo)
    {
    }

    void IClusterStore.StopWatch(long watch)
    {
    }

    private void Answer((long Request, StoreTransaction Transaction, ReplyTo ReplyTo) commit, long revision)
    {
        commit.ReplyTo.Tell(new StoreCommitted(commit.Request, Succeeded: true, revision));
        RunReady();
    }

    private MemberRecord Member(StoreTransaction transaction) => ClusterRecords.Read<MemberRecord>(
        transaction.Writes.Single(write => write.Key == _keys.Member("n1")).Value!.Value)!;
}
