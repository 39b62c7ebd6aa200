using System.Collections.Immutable;
using System.Text;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>The model of the store keeps the promises of the port while nothing fails.</summary>
public sealed class SimClusterStoreTests
{
    private readonly SimScheduler _sim = new(1);
    private readonly SimNode _node;
    private readonly SimClusterStore _server;
    private readonly SimStoreClient _store;
    private readonly ReplyBox _box;
    private long _request;

    public SimClusterStoreTests()
    {
        _node = _sim.CreateNode("n1");
        _server = new SimClusterStore(_sim, new FaultLog(_sim));
        _store = _server.Connect(_node);
        _box = new ReplyBox(_sim);
    }

    [Fact]
    public void A_key_is_created_once()
    {
        StoreCommitted first = Create("/a/1", "x");
        StoreCommitted second = Create("/a/1", "y");
        Assert.True(first.Succeeded);
        Assert.False(second.Succeeded);
        StoreEntry entry = Assert.Single(Read("/a/").Entries);
        Assert.Equal("x", Encoding.UTF8.GetString(entry.Value.AsSpan()));
        Assert.Equal(first.Revision, entry.CreateRevision);
        Assert.Equal(first.Revision, entry.ModRevision);
    }

    [Fact]
    public void Revisions_grow_by_what_changes_and_each_life_of_a_key_has_its_own()
    {
        long created = Create("/a", "1").Revision;
        long changed = Put("/a", "2").Revision;
        StoreEntry entry = Read("/a").Entries[0];
        Assert.Equal((created, changed), (entry.CreateRevision, entry.ModRevision));
        long deleted = Commit([], [new StoreWrite("/a", null)]).Revision;
        Assert.Equal(deleted, Commit([], [new StoreWrite("/a", null)]).Revision);
        long again = Create("/a", "3").Revision;
        Assert.True(created < changed && changed < deleted && deleted < again);
        Assert.Equal(again, Read("/a").Entries[0].CreateRevision);
    }

    [Fact]
    public void A_transaction_writes_all_of_it_in_one_revision_or_nothing()
    {
        long present = Create("/a", "1").Revision;
        StoreCommitted failed = Commit(
            [new StoreCompare("/a", StoreField.ModRevision, present), new StoreCompare("/b", StoreField.CreateRevision, 1)],
            [Write("/a", "2"), Write("/b", "2")]);
        Assert.Equal((false, present), (failed.Succeeded, failed.Revision));
        StoreCommitted done = Commit([new StoreCompare("/a", StoreField.ModRevision, present)], [Write("/a", "2"), Write("/b", "2")]);
        Assert.Equal((true, present + 1), (done.Succeeded, done.Revision));
        Assert.All(Read("/").Entries, e => Assert.Equal(present + 1, e.ModRevision));
    }

    [Fact]
    public void What_the_store_refuses_has_surely_not_happened()
    {
        _store.Commit(1, new StoreTransaction([], [Write("/a", "1", lease: 77)]), _box.ReplyTo);
        Assert.False(_box.Expect<StoreFailed>().IsUnknown);
        _store.Commit(2, new StoreTransaction([], [Write("/a", "1"), Write("/a", "2")]), _box.ReplyTo);
        Assert.False(_box.Expect<StoreFailed>().IsUnknown);
        Assert.Empty(Read("/").Entries);
    }

    [Fact]
    public void A_lease_ends_with_its_keys_and_not_before_its_time()
    {
        long lease = Grant(10);
        Commit([], [Write("/b", "1", lease), Write("/a", "1", lease), Write("/c", "1")]);
        for (int i = 0; i < 5; i++)
        {
            _sim.RunFor(TimeSpan.FromSeconds(8));
            _store.KeepAlive(++_request, lease, _box.ReplyTo);
            Assert.Equal(TimeSpan.FromSeconds(10), _box.Expect<LeaseKept>().TimeToLive);
        }

        _sim.RunFor(TimeSpan.FromSeconds(9.9));
        Assert.Equal(3, Read("/").Entries.Length);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(["/c"], Read("/").Entries.Select(e => e.Key));
        _store.KeepAlive(++_request, lease, _box.ReplyTo);
        Assert.Equal(TimeSpan.Zero, _box.Expect<LeaseKept>().TimeToLive);
    }

    [Fact]
    public void A_revoked_lease_takes_its_keys_and_revoking_nothing_is_no_error()
    {
        long lease = Grant(10);
        Commit([], [Write("/a", "1", lease)]);
        for (int i = 0; i < 2; i++)
        {
            _store.Revoke(++_request, lease, _box.ReplyTo);
            _box.Expect<LeaseRevoked>();
            Assert.Empty(Read("/").Entries);
        }
    }

    [Fact]
    public void Leases_end_by_the_clock_of_the_store()
    {
        SimClusterStore fast = new(_sim, new FaultLog(_sim), driftPpm: 100_000);
        SimStoreClient client = fast.Connect(_node);
        client.Grant(1, TimeSpan.FromSeconds(100), _box.ReplyTo);
        _box.Expect<LeaseGranted>();
        _sim.RunFor(TimeSpan.FromSeconds(90));
        Assert.Equal(1, fast.Leases);
        _sim.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(0, fast.Leases);
    }

    [Fact]
    public void A_watch_tells_every_change_of_its_prefix_from_its_revision_on_in_order()
    {
        long start = Put("/a/0", "0").Revision;
        Put("/b/0", "0");
        _store.Watch(7, "/a/", start, _box.ReplyTo);
        for (int i = 1; i <= 50; i++)
        {
            _server.State.Write([Write($"/a/{i}", "x"), Write($"/b/{i}", "x")]);
            _server.State.Write([Write($"/b/{i}", "y")]);
            _sim.RunFor(TimeSpan.FromMilliseconds(1));
        }

        _server.State.Write([new StoreWrite("/a/50", null)]);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        StoreChanged[] told = [.. _box.TakeAll().Cast<StoreChanged>()];
        Assert.True(told.Zip(told.Skip(1)).All(p => p.First.Revision < p.Second.Revision), "revisions grow");
        StoreChange[] changes = [.. told.SelectMany(t => t.Changes)];
        Assert.Equal(Enumerable.Range(0, 51).Select(i => $"/a/{i}").Append("/a/50"), changes.Select(c => c.Key));
        Assert.Null(changes[^1].Entry);
        _store.StopWatch(7);
        Put("/a/51", "x");
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _box.Waiting);
    }

    [Fact]
    public void A_watch_from_a_compacted_revision_ends()
    {
        for (int i = 0; i < 10; i++) Put("/a", "x");
        _server.Compact();
        _store.Watch(1, "/", 3, _box.ReplyTo);
        Assert.Contains("compacted", _box.Expect<WatchEnded>().Reason.Text, StringComparison.Ordinal);
        _store.Watch(2, "/", _server.State.Revision + 1, _box.ReplyTo);
        _server.State.Write([Write("/a", "y")]);
        Assert.Single(_box.Expect<StoreChanged>().Changes);
    }

    [Fact]
    public void An_answer_for_a_paused_node_waits_and_one_for_a_dead_node_is_lost()
    {
        _store.Read(1, "/", _box.ReplyTo);
        _node.Pause(TimeSpan.FromSeconds(30));
        _sim.RunFor(TimeSpan.FromSeconds(31));
        Assert.Single(_box.TakeAll());
        _store.Read(2, "/", _box.ReplyTo);
        _node.Crash();
        _node.Restart();
        _store.Read(3, "/", _box.ReplyTo);
        _sim.RunFor(TimeSpan.FromSeconds(31));
        Assert.Equal(0, _box.Waiting);
    }

    private static StoreWrite Write(string key, string value, long lease = 0) => new(key, [.. Encoding.UTF8.GetBytes(value)], lease);

    private StoreCommitted Create(string key, string value) =>
        Commit([new StoreCompare(key, StoreField.CreateRevision, 0)], [Write(key, value)]);

    private StoreCommitted Put(string key, string value) => Commit([], [Write(key, value)]);

    private StoreCommitted Commit(ImmutableArray<StoreCompare> compares, ImmutableArray<StoreWrite> writes)
    {
        _store.Commit(++_request, new StoreTransaction(compares, writes), _box.ReplyTo);
        StoreCommitted answer = _box.Expect<StoreCommitted>();
        Assert.Equal(_request, answer.Request);
        return answer;
    }

    private StoreRead Read(string prefix)
    {
        _store.Read(++_request, prefix, _box.ReplyTo);
        return _box.Expect<StoreRead>();
    }

    private long Grant(int seconds)
    {
        _store.Grant(++_request, TimeSpan.FromSeconds(seconds), _box.ReplyTo);
        return _box.Expect<LeaseGranted>().Lease;
    }
}
