using System.Text;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What the model of the store does when something fails: each fault alone, and what a client may conclude from its
/// answer.</summary>
public sealed class SimStoreFaultTests
{
    private readonly SimScheduler _sim = new(1);
    private readonly SimNode _node;
    private readonly FaultLog _log;
    private readonly ReplyBox _box;
    private SimClusterStore _server = null!;
    private SimStoreClient _store = null!;

    public SimStoreFaultTests()
    {
        _node = _sim.CreateNode("n1");
        _log = new FaultLog(_sim);
        _box = new ReplyBox(_sim);
        Open(StoreFaults.None);
    }

    [Fact]
    public void A_lost_request_ends_at_its_deadline_and_nobody_knows()
    {
        Open(new StoreFaults { RequestLostChance = 1 });
        _store.Commit(1, Put("/a"), _box.ReplyTo);
        Assert.True(_box.Expect<StoreFailed>().IsUnknown);
        Assert.Equal(_store.Deadline, _sim.Now);
        Assert.Empty(_server.State.Entries);
    }

    [Fact]
    public void A_lost_answer_looks_the_same_and_it_has_happened()
    {
        Open(new StoreFaults { AnswerLostChance = 1 });
        _store.Commit(1, Put("/a"), _box.ReplyTo);
        Assert.True(_box.Expect<StoreFailed>().IsUnknown);
        Assert.Single(_server.State.Entries);
    }

    [Fact]
    public void A_request_that_was_given_up_may_still_happen()
    {
        Open(new StoreFaults { LateChance = 1 });
        _store.Commit(1, Put("/a"), _box.ReplyTo);
        Assert.True(_box.Expect<StoreFailed>().IsUnknown);
        Assert.Empty(_server.State.Entries);
        _sim.RunFor(TimeSpan.FromSeconds(60));
        Assert.Single(_server.State.Entries);
        Assert.Equal(0, _box.Waiting);
    }

    [Fact]
    public void A_refused_connection_is_known_to_have_done_nothing()
    {
        Open(new StoreFaults { RefusedChance = 1 });
        _store.Commit(1, Put("/a"), _box.ReplyTo);
        Assert.False(_box.Expect<StoreFailed>().IsUnknown);
        _sim.RunFor(TimeSpan.FromSeconds(60));
        Assert.Empty(_server.State.Entries);
    }

    [Fact]
    public void One_node_can_be_cut_off_while_another_goes_on()
    {
        SimStoreClient other = _server.Connect(_sim.CreateNode("n2"));
        _store.Watch(1, "/", 2, _box.ReplyTo);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        _server.Cut(_node);
        ReplyBox otherBox = new(_sim);
        other.Commit(1, Put("/a"), otherBox.ReplyTo);
        Assert.True(otherBox.Expect<StoreCommitted>().Succeeded);
        _sim.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(0, _box.Waiting);
        _server.Mend(_node);
        Assert.Single(_box.Expect<StoreChanged>().Changes);
        _server.Cut(_node);
        Assert.Equal(1, _box.Expect<WatchEnded>().Watch);
        _store.Read(5, "/", _box.ReplyTo);
        _box.Expect<StoreFailed>();
    }

    [Fact]
    public void Without_a_quorum_no_lease_ends_and_afterwards_each_has_its_full_time()
    {
        _store.Grant(1, TimeSpan.FromSeconds(10), _box.ReplyTo);
        _box.Expect<LeaseGranted>();
        _server.GoAway(TimeSpan.FromSeconds(60));
        _store.Commit(2, Put("/a"), _box.ReplyTo);
        _sim.RunFor(TimeSpan.FromSeconds(59));
        Assert.Equal(1, _server.Leases);
        _sim.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(1, _server.Leases);
        _sim.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(0, _server.Leases);
    }

    [Fact]
    public void A_new_leader_gives_each_lease_its_full_time()
    {
        _store.Grant(1, TimeSpan.FromSeconds(10), _box.ReplyTo);
        _box.Expect<LeaseGranted>();
        _sim.RunFor(TimeSpan.FromSeconds(8));
        _server.ChangeLeader();
        _sim.RunFor(TimeSpan.FromSeconds(9.9));
        Assert.Equal(1, _server.Leases);
        _sim.RunFor(TimeSpan.FromSeconds(3));
        Assert.Equal(0, _server.Leases);
    }

    [Fact]
    public void A_store_that_stalls_revokes_all_leases_at_once_and_then_goes_on()
    {
        _store.Grant(1, TimeSpan.FromSeconds(100), _box.ReplyTo);
        long lease = _box.Expect<LeaseGranted>().Lease;
        _server.State.Write([new StoreWrite("/a", [1], lease)]);
        _server.StallAndRevoke(TimeSpan.FromSeconds(2));
        _store.Read(2, "/", _box.ReplyTo);
        _sim.RunFor(TimeSpan.FromSeconds(1.9));
        Assert.Equal(0, _box.Waiting);
        Assert.Single(_server.State.Entries);
        Assert.Empty(_box.Expect<StoreRead>().Entries);
        Assert.Equal(0, _server.Leases);
    }

    [Fact]
    public void A_watch_that_broke_or_fell_silent_ends_once_and_tells_nothing_after()
    {
        foreach (StoreFaults faults in new[] { new StoreFaults { WatchBreakChance = 1 }, new StoreFaults { WatchSilentChance = 1 } })
        {
            Open(faults);
            _store.Watch(1, "/", 1, _box.ReplyTo);
            _server.State.Write([new StoreWrite("/a", [1])]);
            _box.Expect<WatchEnded>();
            _server.State.Write([new StoreWrite("/a", [2])]);
            _sim.RunFor(TimeSpan.FromMinutes(5));
            Assert.Equal(0, _box.Waiting);
        }
    }

    [Fact]
    public void A_watch_that_lags_behind_a_compaction_ends_by_it()
    {
        Open(new StoreFaults { WatchSlowChance = 1 });
        _store.Watch(1, "/", 2, _box.ReplyTo);
        _sim.RunFor(TimeSpan.FromSeconds(15));
        _server.State.Write([new StoreWrite("/a", [1])]);
        _server.Compact();
        Assert.Contains("compacted", _box.Expect<WatchEnded>().Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_that_was_overtaken_by_a_later_one_is_no_answer()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            SimScheduler sim = new(seed);
            FaultLog log = new(sim);
            SimClusterStore server = new(sim, log, new StoreFaults { Way = TimeSpan.FromSeconds(1) });
            SimStoreClient store = server.Connect(sim.CreateNode("n1"));
            ReplyBox box = new(sim);
            for (int i = 0; i < 20; i++)
            {
                store.Read(i, "/", box.ReplyTo);
                server.State.Write([new StoreWrite("/a", [1])]);
                sim.RunFor(TimeSpan.FromMilliseconds(100));
            }

            sim.RunFor(TimeSpan.FromSeconds(10));
            object[] answers = [.. box.TakeAll()];
            Assert.Equal(20, answers.Length);
            long[] revisions = [.. answers.OfType<StoreRead>().Select(r => r.Revision)];
            Assert.Equal(revisions.Order(), revisions);
            Assert.Equal(20 - revisions.Length, log.Counts["store.read-behind"]);
        }
    }

    [Fact]
    public void One_node_can_have_faults_of_its_own()
    {
        SimStoreClient other = _server.Connect(_sim.CreateNode("n2"));
        other.OwnFaults = new StoreFaults { RefusedChance = 1 };
        other.Read(1, "/", _box.ReplyTo);
        _box.Expect<StoreFailed>();
        _store.Read(1, "/", _box.ReplyTo);
        _box.Expect<StoreRead>();
    }

    private static StoreTransaction Put(string key) => new([], [new StoreWrite(key, [.. Encoding.UTF8.GetBytes("x")])]);

    private void Open(StoreFaults faults)
    {
        _server = new SimClusterStore(_sim, _log, faults);
        _store = _server.Connect(_node);
    }
}
