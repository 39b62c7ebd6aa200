using Agent.Actors.Cluster;
using Agent.Bench.Peers;
using Agent.Host.Configuration;
using Agent.Host.Etcd;

namespace Agent.Tests.Etcd;

/// <summary>One member for the tests that leave it alone.</summary>
public sealed class EtcdServerFixture : IAsyncLifetime
{
    public EtcdServer Server { get; private set; } = null!;

    // Progress is told of by the timer once in ten minutes unless it is asked otherwise; a test cannot wait that long.
    public async Task InitializeAsync() =>
        Server = await EtcdServer.StartedAsync(arguments: ["--experimental-watch-progress-notify-interval", "500ms"]);

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>The contract on a real etcd, and what is the adapter's own.</summary>
[Trait("Category", "Peer")]
public sealed class EtcdStoreTests(EtcdServerFixture fixture) : ClusterStoreContract, IClassFixture<EtcdServerFixture>
{
    [Fact]
    public async Task Says_at_its_first_request_which_etcd_it_works_with()
    {
        await using EtcdHarness store = new(fixture.Server.Address);
        Assert.Equal((false, ""), (store.Etcd.Endpoints[0].IsInUse, store.Etcd.Endpoints[0].Version));
        await store.ReadAsync();
        Assert.Matches(@"using 127\.0\.0\.1:\d+ version=3\.\d+\.\d+ cluster=[0-9a-f]+", store.LogText);
        EtcdEndpointStatus status = Assert.Single(store.Etcd.Endpoints);
        Assert.True(status is { IsInUse: true, Term: > 0, Revision: > 0, Problem: null });
    }

    [Fact]
    public async Task Progress_of_the_store_is_told_of_without_changes()
    {
        await using EtcdHarness store = new(fixture.Server.Address);
        StoreRead read = await store.ReadAsync("w");
        store.Store.Watch(1, store.Prefix + "w", read.Revision + 1, store.Probe.ReplyTo);
        long revision = (await store.CommitAsync(store.Put("x", ""))).Revision;
        await store.UntilAsync(() => store.Probe.Told(1) >= revision, "progress is told of");
        Assert.Empty(store.Probe.Changes(1));
    }

    [Fact]
    public async Task A_large_message_comes_in_pieces_and_is_told_of_whole()
    {
        await using EtcdHarness store = new(fixture.Server.Address);
        string large = new('x', 300_000);
        long first = (await store.CommitAsync(store.Put("w/0", large))).Revision;
        for (int number = 1; number < 12; number++)
            await store.CommitAsync(store.Put($"w/{number}a", large), store.Put($"w/{number}b", large));
        store.Store.Watch(1, store.Prefix, first, store.Probe.ReplyTo);
        await store.UntilAsync(() => store.Probe.Changes(1).Count == 23, "all is told of");
        long[] revisions =
        [
            .. store.Probe.Messages.OfType<StoreChanged>()
                .SelectMany(told => told.Changes.Select(change => change.Entry!.ModRevision).Distinct()),
        ];
        Assert.Equal(12, revisions.Length);
        Assert.Equal(revisions.Order().Distinct(), revisions);
    }

    [Fact]
    public async Task A_watch_that_is_too_large_to_hold_ends()
    {
        await using EtcdHarness store = new(new EtcdOptions { Endpoints = [fixture.Server.Address], AnswerMax = 100_000 });
        long first = (await store.CommitAsync(store.Put("a", new string('x', 200_000)))).Revision;
        store.Store.Watch(1, store.Prefix, first, store.Probe.ReplyTo);
        await store.UntilAsync(() => store.Probe.Ends(1).Count == 1, "the watch ends");
        Assert.Contains("larger than", store.Probe.Ends(1)[0].Reason.Text, StringComparison.Ordinal);
        StoreFailed failed = await store.AskAsync<StoreFailed>((number, replyTo) => store.Store.Read(number, store.Prefix, replyTo));
        Assert.Contains("larger than", failed.Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_revision_a_watch_begins_now()
    {
        await using EtcdHarness store = new(fixture.Server.Address);
        await store.CommitAsync(store.Put("a", "before"));
        store.Store.Watch(1, store.Prefix, 0, store.Probe.ReplyTo);
        // Progress says that the watch stands; it comes as soon as the store moves on. A move before the watch was there does not count.
        await Eventually.HoldsAsync(
            async () =>
            {
                await store.CommitAsync(store.Put("a", "while"));
                return store.Probe.Told(1) > 0;
            },
            () => "the watch tells");
        await store.CommitAsync(store.Put("a", "after"));
        await store.UntilAsync(() => store.Probe.Changes(1).Any(change => ClusterStoreHarness.Text(change.Entry) == "after"), "after");
        Assert.DoesNotContain(store.Probe.Changes(1), change => ClusterStoreHarness.Text(change.Entry) == "before");
    }

    [Fact]
    public async Task A_number_that_is_used_again_takes_the_place_of_the_earlier_watch()
    {
        await using EtcdHarness store = new(fixture.Server.Address);
        StoreProbe restarted = new();
        long revision = (await store.CommitAsync(store.Put("a", "0"))).Revision;
        store.Store.Watch(1, store.Prefix, revision + 1, store.Probe.ReplyTo);
        store.Store.Watch(1, store.Prefix, revision + 1, restarted.ReplyTo);
        await store.CommitAsync(store.Put("a", "1"));
        await store.UntilAsync(() => restarted.Changes(1).Count == 1, "the later watch tells");
        Assert.DoesNotContain(store.Probe.Messages, message => message is StoreChanged or WatchEnded);
    }

    [Fact]
    public async Task When_it_is_closed_what_is_open_is_answered_and_what_comes_later_as_well()
    {
        EtcdHarness store = new(fixture.Server.Address);
        long revision = (await store.CommitAsync(store.Put("a", "0"))).Revision;
        store.Store.Watch(1, store.Prefix, revision + 1, store.Probe.ReplyTo);
        for (int number = 100; number < 120; number++) store.Store.Read(number, store.Prefix, store.Probe.ReplyTo);
        await store.DisposeAsync();
        Assert.Equal(EtcdStore.Closed, Assert.Single(store.Probe.Ends(1)).Reason);
        Assert.All(Enumerable.Range(100, 20), number => Assert.NotNull(store.Probe.Answer(number)));

        store.Store.Read(200, store.Prefix, store.Probe.ReplyTo);
        store.Store.Watch(2, store.Prefix, 1, store.Probe.ReplyTo);
        Assert.Equal(new StoreFailed(200, EtcdStore.Closed, false), store.Probe.Answer(200));
        Assert.Single(store.Probe.Ends(2));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_user_where_authentication_is_off_is_no_obstacle_but_a_warning()
    {
        await using EtcdHarness store = new(new EtcdOptions
        {
            Endpoints = [fixture.Server.Address],
            User = "agent",
            Password = new Secret("x"u8.ToArray()),
        });
        await store.CommitAsync(store.Put("a", "0"));
        Assert.Contains("has its authentication off", store.LogText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_requests_and_watches_are_refused_at_once()
    {
        await using EtcdHarness store = new(new EtcdOptions { Endpoints = [fixture.Server.Address], RequestsMax = 2, WatchesMax = 1 });
        for (int number = 100; number < 150; number++) store.Store.Read(number, store.Prefix, store.Probe.ReplyTo);
        await store.UntilAsync(() => Enumerable.Range(100, 50).All(number => store.Probe.Answer(number) is not null), "all are answered");
        Assert.Contains(store.Probe.Messages, message => message is StoreFailed { IsUnknown: false, Reason.Code: "overload" });
        Assert.Contains(store.Probe.Messages, message => message is StoreRead);
        store.Store.Watch(1, store.Prefix, 0, store.Probe.ReplyTo);
        store.Store.Watch(2, store.Prefix, 0, store.Probe.ReplyTo);
        Assert.Equal("overload", Assert.Single(store.Probe.Ends(2)).Reason.Code);
    }

    protected override Task<ClusterStoreHarness> CreateAsync() => Task.FromResult<ClusterStoreHarness>(
        new EtcdHarness(new EtcdOptions { Endpoints = [fixture.Server.Address] }, fixture.Server));
}
