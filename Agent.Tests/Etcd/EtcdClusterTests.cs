using Agent.Actors.Cluster;
using Agent.Bench.Peers;
using Agent.Host.Etcd;

namespace Agent.Tests.Etcd;

/// <summary>Three members, of which one dies, stands still or is cut off from its answer.</summary>
[Trait("Category", "Peer")]
public sealed class EtcdClusterTests : IAsyncLifetime
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2.5);

    private EtcdCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await EtcdCluster.StartedAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Members_killed_under_load_cost_no_write_and_no_change_of_a_watch()
    {
        await using EtcdHarness store = Open();
        await using StoreLoad load = await StoreLoad.StartAsync(store);
        EtcdServer leader = await _cluster.LeaderAsync();
        // Each of them once, the leader first; so the one that is in use and the one that the watch hangs on are among them.
        foreach (EtcdServer victim in _cluster.Members.OrderByDescending(member => member == leader))
        {
            await load.MovesAsync();
            await victim.KillAsync();
            await load.MovesAsync();
            await _cluster.RestartAsync(victim);
        }

        await load.MovesAsync();
        await load.HoldsAsync();
        Assert.True(load.Resumed > 0);
    }

    [Fact]
    public async Task A_member_that_stands_still_is_left_within_the_deadline_and_its_watch_is_taken_up_without_a_gap()
    {
        await using EtcdHarness store = Open();
        await using StoreLoad load = await StoreLoad.StartAsync(store);
        await load.MovesAsync();
        EtcdServer stopped = _cluster.MemberAt(store.InUse);
        long start = TimeProvider.System.GetTimestamp();
        stopped.Signal(PosixSignalNumber.Stop);
        await load.MovesAsync();
        // One request waits for its deadline, and an election may fall into the next ones.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), Timeout * 0.9, Timeout * 5);
        Assert.NotEqual(new Uri(stopped.Address), store.InUse);
        Assert.Contains(load.Failures, failure => failure.StartsWith("unknown", StringComparison.Ordinal));
        await store.UntilAsync(() => load.Resumed > 0, "the watch ends");
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(15));

        await load.MovesAsync();
        stopped.Signal(PosixSignalNumber.Continue);
        await load.MovesAsync();
        await load.HoldsAsync();
    }

    [Fact]
    public async Task Without_most_members_nothing_is_decided_everything_is_answered_and_a_watch_ends()
    {
        await using EtcdHarness store = Open();
        long revision = (await store.CommitAsync(store.Put("a", "1"))).Revision;
        store.Store.Watch(1, store.Prefix, revision + 1, store.Probe.ReplyTo);
        EtcdServer left = _cluster.MemberAt(store.InUse);
        foreach (EtcdServer member in _cluster.Members.Where(member => member != left)) await member.KillAsync();

        await store.UntilAsync(() => store.Probe.Ends(1).Count == 1, "the watch ends");
        long start = TimeProvider.System.GetTimestamp();
        StoreFailed failed = await store.AskAsync<StoreFailed>(
            (number, replyTo) => store.Store.Commit(number, new StoreTransaction([], [store.Put("a", "2")]), replyTo));
        Assert.Equal("store-away", failed.Reason.Code);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, Timeout * 2);
        await store.AskAsync<StoreFailed>((number, replyTo) => store.Store.KeepAlive(number, 1, replyTo));
        await store.AskAsync<StoreFailed>((number, replyTo) => store.Store.Read(number, store.Prefix, replyTo));

        await Task.WhenAll(_cluster.Members.Where(member => member != left).Select(_cluster.RestartAsync));
        StoreRead? read = null;
        while (read is null)
            read = await store.AskAsync((number, replyTo) => store.Store.Read(number, store.Prefix, replyTo)) as StoreRead;
        string value = ClusterStoreHarness.Text(Assert.Single(read.Entries));
        Assert.True(value == "1" || (value == "2" && failed.IsUnknown), value);
    }

    [Fact]
    public async Task A_lease_survives_the_death_of_its_leader()
    {
        await using EtcdHarness store = Open();
        long lease = await store.GrantAsync(TimeSpan.FromSeconds(6));
        await store.CommitAsync(store.Put("a", "", lease));
        await (await _cluster.LeaderAsync()).KillAsync();
        object kept;
        do kept = await store.AskAsync((number, replyTo) => store.Store.KeepAlive(number, lease, replyTo));
        while (kept is not LeaseKept);
        Assert.NotEqual(TimeSpan.Zero, ((LeaseKept)kept).TimeToLive);
        Assert.Equal(lease, Assert.Single((await store.ReadAsync()).Entries).Lease);
    }

    [Fact]
    public async Task A_transaction_whose_answer_is_lost_is_open_and_was_made_once()
    {
        await using AnswerSwallower proxy = new(new Uri(_cluster.Members[0].Address).Port);
        await using EtcdHarness store = new(proxy.Address, _cluster.Addresses[1]);
        long before = (await store.CommitAsync(store.Put("a", "1"))).Revision;
        proxy.Swallow("/v3/kv/txn");
        StoreFailed failed = await store.AskAsync<StoreFailed>((number, replyTo) => store.Store.Commit(
            number, new StoreTransaction([store.Changed("a", before)], [store.Put("a", "2")]), replyTo));
        Assert.True(failed.IsUnknown);
        Assert.Equal(1, proxy.Swallowed);
        StoreRead read = await store.ReadAsync();
        StoreEntry entry = Assert.Single(read.Entries);
        Assert.Equal(("2", before + 1), (ClusterStoreHarness.Text(entry), entry.ModRevision));
        Assert.Equal(new Uri(_cluster.Addresses[1]), store.InUse);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_costs_a_moment_and_no_failure()
    {
        string nobody = $"http://127.0.0.1:{LoopbackPort.Next()}";
        await using EtcdHarness store = new(nobody, _cluster.Addresses[2]);
        await store.CommitAsync(store.Put("a", "1"));
        Assert.Equal(new Uri(_cluster.Addresses[2]), store.InUse);
        Assert.Contains("is left alone", store.LogText, StringComparison.Ordinal);

        await using EtcdHarness alone = new(nobody);
        StoreFailed failed = await alone.AskAsync<StoreFailed>(
            (number, replyTo) => alone.Store.Commit(number, new StoreTransaction([], [alone.Put("a", "1")]), replyTo));
        Assert.False(failed.IsUnknown, failed.Reason.Text);
    }

    private EtcdHarness Open() => new(new EtcdOptions
    {
        Endpoints = _cluster.Addresses,
        Timeout = Timeout,
        WatchProbe = TimeSpan.FromSeconds(1),
        WatchSilence = TimeSpan.FromSeconds(4),
    });
}
