using Agent.Actors.Cluster;

namespace Agent.Tests.Etcd;

/// <summary>What every store of a cluster does, whatever it is kept in.</summary>
public abstract class ClusterStoreContract : IAsyncLifetime
{
    private static readonly TimeSpan ShortLease = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongLease = TimeSpan.FromMinutes(5);

    private ClusterStoreHarness _store = null!;

    public async Task InitializeAsync() => _store = await CreateAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    /// <summary>A store without keys below the harness's prefix.</summary>
    protected abstract Task<ClusterStoreHarness> CreateAsync();

    [Fact]
    public async Task What_was_written_is_read_in_the_order_of_names_and_nothing_beside_the_prefix()
    {
        StoreCommitted first = await _store.CommitAsync(_store.Put("b/2", "two"), _store.Put("b/1", ""), _store.Put("a", "other"));
        StoreCommitted second = await _store.CommitAsync(_store.Put("b/10", "ten"), _store.Put("b0", "next"));
        Assert.True(first.Succeeded);
        Assert.True(second.Revision > first.Revision);

        StoreRead read = await _store.ReadAsync("b/");
        Assert.Equal(second.Revision, read.Revision);
        Assert.Equal(["b/1", "b/10", "b/2"], read.Entries.Select(entry => entry.Key[_store.Prefix.Length..]));
        Assert.Equal(["", "ten", "two"], read.Entries.Select(ClusterStoreHarness.Text));
        Assert.All(read.Entries, entry => Assert.Equal(0, entry.Lease));
        Assert.Equal([first.Revision, second.Revision, first.Revision], read.Entries.Select(entry => entry.CreateRevision));
        Assert.Equal([first.Revision, second.Revision, first.Revision], read.Entries.Select(entry => entry.ModRevision));
        Assert.Empty((await _store.ReadAsync("c")).Entries);
    }

    [Fact]
    public async Task Values_are_octets_and_keys_are_text()
    {
        byte[] octets = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        await _store.CommitAsync(new StoreWrite(_store.Prefix + "ключ \"\\+/", [.. octets]));
        StoreEntry entry = Assert.Single((await _store.ReadAsync()).Entries);
        Assert.Equal(_store.Prefix + "ключ \"\\+/", entry.Key);
        Assert.Equal(octets, entry.Value.AsEnumerable());
    }

    [Fact]
    public async Task Only_one_can_create_a_key()
    {
        StoreCommitted first = await _store.CommitAsync([_store.Absent("a")], _store.Put("a", "one"));
        StoreCommitted second = await _store.CommitAsync([_store.Absent("a")], _store.Put("a", "two"), _store.Put("b", "two"));
        Assert.True(first.Succeeded);
        Assert.False(second.Succeeded);
        Assert.Equal(first.Revision, second.Revision);
        StoreEntry entry = Assert.Single((await _store.ReadAsync()).Entries);
        Assert.Equal(("one", first.Revision), (ClusterStoreHarness.Text(entry), entry.CreateRevision));
    }

    [Fact]
    public async Task A_transaction_writes_when_all_comparisons_hold_and_else_nothing()
    {
        long created = (await _store.CommitAsync(_store.Put("a", "1"))).Revision;
        long changed = (await _store.CommitAsync([_store.Changed("a", created)], _store.Put("a", "2"))).Revision;
        Assert.False((await _store.CommitAsync([_store.Changed("a", created)], _store.Put("a", "3"))).Succeeded);
        Assert.False((await _store.CommitAsync([_store.Created("a", created), _store.Absent("a")], _store.Put("a", "4"))).Succeeded);
        Assert.False((await _store.CommitAsync([_store.Changed("b", changed)], _store.Put("a", "5"))).Succeeded);
        StoreCommitted last = await _store.CommitAsync(
            [_store.Created("a", created), _store.Changed("a", changed), _store.Changed("b", 0)],
            _store.Put("a", "6"),
            _store.Put("c", "6"));

        Assert.True(last.Succeeded);
        StoreEntry[] entries = [.. (await _store.ReadAsync()).Entries];
        Assert.Equal(["6", "6"], entries.Select(ClusterStoreHarness.Text));
        Assert.Equal((created, last.Revision), (entries[0].CreateRevision, entries[0].ModRevision));
        Assert.Equal(last.Revision, entries[1].CreateRevision);
    }

    [Fact]
    public async Task The_next_life_of_a_key_has_a_larger_create_revision()
    {
        long first = (await _store.CommitAsync(_store.Put("a", "1"))).Revision;
        Assert.True((await _store.CommitAsync([_store.Created("a", first)], _store.Delete("a"))).Succeeded);
        Assert.Empty((await _store.ReadAsync()).Entries);
        Assert.True((await _store.CommitAsync([_store.Changed("a", 0)], _store.Put("a", "2"))).Succeeded);
        Assert.True(Assert.Single((await _store.ReadAsync()).Entries).CreateRevision > first);
        Assert.False((await _store.CommitAsync([_store.Created("a", first)], _store.Delete("a"))).Succeeded);
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_whole_and_for_certain()
    {
        StoreWrite[] tooMany = [.. Enumerable.Range(0, 101).Select(number => _store.Put($"{number}", ""))];
        foreach (StoreWrite[] writes in (StoreWrite[][])
            [[_store.Put("a", ""), _store.Put("b", "", lease: 4711)], [_store.Put("a", "1"), _store.Put("a", "2")], tooMany])
        {
            StoreFailed failed = await _store.AskAsync<StoreFailed>(
                (number, replyTo) => _store.Store.Commit(number, new StoreTransaction([], [.. writes]), replyTo));
            Assert.False(failed.IsUnknown, failed.Reason.Text);
        }

        Assert.Empty((await _store.ReadAsync()).Entries);
        await _store.CommitAsync(tooMany[..100]);
        Assert.Equal(100, (await _store.ReadAsync()).Entries.Length);
    }

    [Fact]
    public async Task A_lease_ends_with_all_its_keys()
    {
        long lease = await _store.GrantAsync(LongLease);
        await _store.CommitAsync(_store.Put("a", "", lease), _store.Put("b", "", lease), _store.Put("c", ""));
        Assert.Equal([lease, lease, 0], (await _store.ReadAsync()).Entries.Select(entry => entry.Lease));
        Assert.InRange((await _store.KeepAliveAsync(lease)).TimeToLive, LongLease, LongLease * 2);

        Assert.Equal(lease, (await _store.RevokeAsync(lease)).Lease);
        Assert.Equal("c", Assert.Single((await _store.ReadAsync()).Entries).Key[_store.Prefix.Length..]);
        Assert.Equal(TimeSpan.Zero, (await _store.KeepAliveAsync(lease)).TimeToLive);
        Assert.Equal(lease, (await _store.RevokeAsync(lease)).Lease);
    }

    [Fact]
    public async Task A_lease_that_nobody_renews_expires_and_a_watch_tells_of_it()
    {
        long lease = await _store.GrantAsync(ShortLease);
        long other = await _store.GrantAsync(LongLease);
        long revision = (await _store.CommitAsync(_store.Put("a", "", lease), _store.Put("b", "", other))).Revision;
        _store.Store.Watch(7, _store.Prefix, revision + 1, _store.Probe.ReplyTo);
        await _store.UntilAsync(() => _store.Probe.Changes(7).Count > 0, "the lease expires");
        Assert.Equal(new StoreChange(_store.Prefix + "a", null), Assert.Single(_store.Probe.Changes(7)));
        Assert.Equal(TimeSpan.Zero, (await _store.KeepAliveAsync(lease)).TimeToLive);
        Assert.Single((await _store.ReadAsync()).Entries);
    }

    [Fact]
    public async Task A_lease_that_is_renewed_outlives_one_that_is_not()
    {
        // Long enough that a machine which stands still for a moment does not end the one that is kept.
        long kept = await _store.GrantAsync(ShortLease * 3);
        long left = await _store.GrantAsync(ShortLease * 4);
        long revision = (await _store.CommitAsync(_store.Put("kept", "", kept), _store.Put("left", "", left))).Revision;
        _store.Store.Watch(7, _store.Prefix, revision + 1, _store.Probe.ReplyTo);
        while (_store.Probe.Changes(7).Count == 0) Assert.NotEqual(TimeSpan.Zero, (await _store.KeepAliveAsync(kept)).TimeToLive);
        Assert.Equal(_store.Prefix + "left", _store.Probe.Changes(7)[0].Key);
        Assert.NotEqual(TimeSpan.Zero, (await _store.KeepAliveAsync(kept)).TimeToLive);
    }

    [Fact]
    public async Task A_watch_tells_of_the_past_and_the_present_in_order_and_a_transaction_as_one()
    {
        long first = (await _store.CommitAsync(_store.Put("w/a", "1"), _store.Put("x", "1"))).Revision;
        await _store.CommitAsync(_store.Put("w/a", "2"), _store.Put("w/b", "2"));
        await _store.CommitAsync(_store.Delete("w/a"), _store.Put("w/c", "3"));
        _store.Store.Watch(7, _store.Prefix + "w/", first, _store.Probe.ReplyTo);
        await _store.UntilAsync(() => _store.Probe.Changes(7).Count == 5, "the past is told of");
        await _store.CommitAsync(_store.Put("y", "4"));
        long last = (await _store.CommitAsync(_store.Put("w/a", "5"))).Revision;
        await _store.UntilAsync(() => _store.Probe.Told(7) >= last, "the present is told of");

        IReadOnlyList<StoreChange> changes = _store.Probe.Changes(7);
        Assert.Equal(
            ["a=1", "a=2", "b=2", "a=(deleted)", "c=3", "a=5"],
            changes.Select(change => $"{change.Key[(_store.Prefix.Length + 2)..]}={ClusterStoreHarness.Text(change.Entry)}"));
        Assert.Equal((last, last), (changes[^1].Entry!.CreateRevision, changes[^1].Entry!.ModRevision));
        StoreChanged[] told = [.. _store.Probe.Messages.OfType<StoreChanged>()];
        Assert.Equal(told.Select(changed => changed.Revision).Order(), told.Select(changed => changed.Revision));
        // No message ends inside a transaction: each revision is told of in one message.
        long[] revisions = [.. told.SelectMany(changed => changed.Changes.Select(change => change.Entry?.ModRevision ?? 0).Distinct())];
        Assert.Equal(revisions.Where(revision => revision > 0).Distinct(), revisions.Where(revision => revision > 0));
        Assert.Empty(_store.Probe.Ends(7));
    }

    [Fact]
    public async Task A_watch_that_begins_after_a_read_misses_nothing_and_repeats_nothing()
    {
        await _store.CommitAsync(_store.Put("a", "0"));
        StoreRead read = await _store.ReadAsync();
        await _store.CommitAsync(_store.Put("a", "1"));
        _store.Store.Watch(7, _store.Prefix, read.Revision + 1, _store.Probe.ReplyTo);
        for (int number = 2; number < 50; number++) await _store.CommitAsync(_store.Put("a", $"{number}"));
        await _store.UntilAsync(() => _store.Probe.Changes(7).Count >= 49, "all is told of");
        Assert.Equal(
            Enumerable.Range(1, 49).Select(number => $"{number}"),
            _store.Probe.Changes(7).Select(change => ClusterStoreHarness.Text(change.Entry)));
    }

    [Fact]
    public async Task A_stopped_watch_is_silent_and_others_go_on()
    {
        long revision = (await _store.CommitAsync(_store.Put("a", "0"))).Revision;
        _store.Store.Watch(7, _store.Prefix, revision + 1, _store.Probe.ReplyTo);
        _store.Store.Watch(8, _store.Prefix, revision + 1, _store.Probe.ReplyTo);
        _store.Store.Watch(9, _store.Prefix, revision + 1, _store.Probe.ReplyTo);
        _store.Store.StopWatch(9);
        await _store.CommitAsync(_store.Put("a", "1"));
        await _store.UntilAsync(() => _store.Probe.Changes(7).Count == 1 && _store.Probe.Changes(8).Count == 1, "both tell");
        _store.Store.StopWatch(7);
        _store.Store.StopWatch(7);
        _store.Store.StopWatch(4711);
        await _store.CommitAsync(_store.Put("a", "2"));
        await _store.UntilAsync(() => _store.Probe.Changes(8).Count == 2, "the other tells");
        Assert.Single(_store.Probe.Changes(7));
        Assert.Empty(_store.Probe.Changes(9));
        Assert.Empty(_store.Probe.Messages.OfType<WatchEnded>());
    }

    [Fact]
    public async Task A_past_that_is_forgotten_ends_the_watch_once_and_what_is_known_already_goes_on()
    {
        long first = (await _store.CommitAsync(_store.Put("a", "1"))).Revision;
        await _store.CommitAsync(_store.Put("a", "2"));
        long last = (await _store.CommitAsync(_store.Put("a", "3"))).Revision;
        _store.Store.Watch(7, _store.Prefix, last + 1, _store.Probe.ReplyTo);
        await _store.CompactAsync(last);
        _store.Store.Watch(8, _store.Prefix, first, _store.Probe.ReplyTo);
        await _store.UntilAsync(() => _store.Probe.Ends(8).Count == 1, "the watch ends");
        await _store.CommitAsync(_store.Put("a", "4"));
        await _store.UntilAsync(() => _store.Probe.Changes(7).Count == 1, "the other watch tells");
        Assert.Empty(_store.Probe.Changes(8));
        Assert.Single(_store.Probe.Ends(8));
        Assert.Empty(_store.Probe.Ends(7));
    }
}
