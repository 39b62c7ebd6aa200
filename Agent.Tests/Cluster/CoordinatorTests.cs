using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cluster;

/// <summary>What the coordinator says of its decisions, with a store that the test plays.</summary>
public sealed class CoordinatorTests : TestKitBase, IClusterStore
{
    private const long Lease = 9;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly EventLog _log;
    private readonly List<(long Request, StoreTransaction Transaction, ReplyTo ReplyTo)> _commits = [];

    public CoordinatorTests()
        : this(new EventLog())
    {
    }

    private CoordinatorTests(EventLog log)
        : base(settings: new ActorSystemSettings { LoggerFactory = log }) => _log = log;

    [Fact]
    public void A_move_is_told_when_the_store_has_taken_it_and_a_refusal_once_a_minute()
    {
        Lead(new ClusterViews(2).Join("a"));
        for (int second = 0; second < 90; second++)
        {
            Answer((request, _) => new StoreFailed(request, new Reason(ReasonCode.StoreRefused, "space exceeded"), IsUnknown: true));
            Advance(Tick);
        }

        Assert.Empty(_log.TextsOf("shard-assigned"));
        Assert.Equal(2, _log.TextsOf("shards-not-assigned").Count());
        Assert.EndsWith("stay where they are: space exceeded", _log.TextsOf("shards-not-assigned").First(), StringComparison.Ordinal);

        // What was decided on an old view has not happened either.
        Answer((request, _) => new StoreCommitted(request, Succeeded: false, 20));
        Advance(Tick);
        Assert.Empty(_log.TextsOf("shard-assigned"));
        Answer((request, transaction) => new StoreCommitted(request, Succeeded: transaction.Writes.Length == 2, 21));
        Assert.Equal(["shard 0 to a", "shard 1 to a"], _log.TextsOf("shard-assigned").Select(text => text.Split(':')[0]));
    }

    [Fact]
    public void A_shard_is_taken_away_when_the_store_says_so()
    {
        Lead(new ClusterViews(1).Join("a").Join("b").Assign(0, "a").Own(0, "b"));
        Advance(TimeSpan.FromSeconds(31));
        Answer((request, _) => new StoreFailed(request, new Reason(ReasonCode.StoreAway, "no answer"), IsUnknown: false));
        Assert.Empty(_log.TextsOf("shard-taken-away"));
        Advance(Tick);
        Answer((request, _) => new StoreCommitted(request, Succeeded: true, 30));
        Assert.StartsWith("shard 0 is taken from b", Assert.Single(_log.TextsOf("shard-taken-away")), StringComparison.Ordinal);
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

    void IClusterStore.Commit(long request, StoreTransaction transaction, ReplyTo replyTo) =>
        _commits.Add((request, transaction, replyTo));

    void IClusterStore.Watch(long watch, string prefix, long fromRevision, ReplyTo replyTo)
    {
    }

    void IClusterStore.StopWatch(long watch)
    {
    }

    /// <summary>Node a is a member and the oldest candidate.</summary>
    private void Lead(ClusterViews views)
    {
        Guid instance = ClusterViews.InstanceOf("a");
        ClusterView view = views.Write(ClusterViews.Keys.Candidate(Lease), new CandidateRecord("a", instance)).View;
        // The views of tests have no leases; a candidate stands on one.
        string key = view.Candidates.Keys.Single();
        view = view with { Candidates = view.Candidates.SetItem(key, view.Candidates[key] with { Lease = Lease }) };
        IActorRef coordinator = ActorOf(CoordinatorActor.Props(new CoordinatorSettings(
            "a",
            ClusterViews.Keys,
            this,
            CreateTestProbe("view").Ref,
            new RebalanceBounds(),
            Stabilize: TimeSpan.FromSeconds(3),
            Tick,
            ClaimMax: TimeSpan.FromHours(1),
            HandoffMax: TimeSpan.FromSeconds(30))));
        coordinator.Tell(new NodeJoined(Lease, instance, view.Members["a"].CreateRevision));
        coordinator.Tell(new ViewChanged(view));
        Advance(TimeSpan.FromSeconds(5));
    }

    /// <summary>Answers the one decision that waits.</summary>
    private void Answer(Func<long, StoreTransaction, object> answer)
    {
        (long request, StoreTransaction transaction, ReplyTo replyTo) = Assert.Single(_commits);
        _commits.Clear();
        replyTo.Tell(answer(request, transaction));
        RunReady();
    }
}
