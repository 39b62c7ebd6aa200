using Agent.Actors.Cluster;
using Agent.Host.Etcd;
using static Agent.Tests.Etcd.ScriptedEtcd;

namespace Agent.Tests.Etcd;

/// <summary>Servers that are stale, broken or malicious: every request is answered, none of it is believed, and nothing grows.</summary>
public sealed class EtcdHostileTests
{
    private const string Transaction = "/v3/kv/txn";
    private const string Range = "/v3/kv/range";
    private const string Stream = "/v3/watch";

    // A server that answers is silent for so long on no machine, however busy.
    private static readonly TimeSpan PatientSilence = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("{\"header\":")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"header\":7}")]
    [InlineData("{\"header\":{\"cluster_id\":\"x\"}}")]
    [InlineData("{\"header\":{\"cluster_id\":\"7\",\"raft_term\":\"1\",\"revision\":\"-1\"}}")]
    [InlineData("{\"header\":{\"cluster_id\":\"7\",\"raft_term\":\"1\",\"revision\":\"99999999999999999999\"}}")]
    [InlineData("{\"header\":{\"cluster_id\":\"7\",\"raft_term\":\"1\",\"revision\":\"2\"},\"succeeded\":\"yes\"}")]
    [InlineData("{\"header\":{\"cluster_id\":\"8\",\"raft_term\":\"1\",\"revision\":\"2\"},\"succeeded\":true}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public async Task An_answer_that_is_none_leaves_a_transaction_open_and_a_read_without_result(string answer)
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address);
        server.On(Transaction, answer);
        server.On(Range, answer.Replace("\"succeeded\"", "\"kvs\"", StringComparison.Ordinal));
        Assert.True((await CommitFailsAsync(store)).IsUnknown);
        Assert.False((await ReadFailsAsync(store)).IsUnknown);
    }

    [Theory]
    [InlineData("{\"message\":\"etcdserver: no leader\",\"code\":14}", 503, false)]
    [InlineData("{\"message\":\"etcdserver: request timed out\",\"code\":14}", 503, true)]
    [InlineData("{\"message\":\"etcdserver: server stopped\",\"code\":14}", 503, true)]
    [InlineData("{\"message\":\"etcdserver: mvcc: database space exceeded\",\"code\":8}", 429, true)]
    [InlineData("{\"message\":\"etcdserver: permission denied\",\"code\":7}", 403, false)]
    [InlineData("{\"message\":\"etcdserver: request is too large\",\"code\":3}", 400, false)]
    [InlineData("{\"message\":\"context deadline exceeded\",\"code\":4}", 504, true)]
    [InlineData("{\"message\":\"something\",\"code\":13}", 500, true)]
    [InlineData("{\"message\":\"something\",\"code\":4711}", 500, true)]
    [InlineData("{\"error\":\"etcdserver: requested lease not found\",\"code\":5}", 404, false)]
    [InlineData("<html>bad gateway</html>", 502, true)]
    public async Task An_error_says_whether_the_transaction_may_have_happened(string answer, int status, bool isUnknown)
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address);
        server.On(Transaction, answer, status);
        Assert.Equal(isUnknown, (await CommitFailsAsync(store)).IsUnknown);
        Assert.Equal(1, server.Requests.Count(request => request.StartsWith(Transaction, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task That_writes_are_refused_is_said_once_a_minute_whoever_wanted_them()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address);
        long before = TimeProvider.System.GetTimestamp();
        server.On(Range, "{\"message\":\"etcdserver: permission denied\",\"code\":7}", 403);
        await ReadFailsAsync(store);
        Assert.Null(store.Etcd.RefusedSince(before));
        server.On(Transaction, "{\"message\":\"etcdserver: mvcc: database space exceeded\",\"code\":8}", 429);
        for (int write = 0; write < 5; write++)
        {
            StoreFailed failed = await CommitFailsAsync(store);
            Assert.Equal(("store-refused", true), (failed.Reason.Code, failed.IsUnknown));
        }

        Assert.Single(store.Log.Lines, line => line.Text.StartsWith("etcd: a write was refused: 127.0.0.1:", StringComparison.Ordinal));
        Assert.EndsWith("database space exceeded", store.Etcd.RefusedSince(before)!.Text, StringComparison.Ordinal);
        Assert.Null(store.Etcd.RefusedSince(TimeProvider.System.GetTimestamp()));
        Assert.Null(Assert.Single(store.Etcd.Endpoints).Problem);
    }

    [Fact]
    public async Task An_answer_that_never_ends_is_bounded_in_size_and_in_time()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(new EtcdOptions
        {
            Endpoints = [server.Address],
            AnswerMax = 1000,
            Timeout = TimeSpan.FromMilliseconds(500),
        });
        server.On(Range, new string(' ', 2000));
        Assert.Contains("larger than 1000", (await ReadFailsAsync(store)).Reason.Text, StringComparison.Ordinal);
        server.On(Range, async reply =>
        {
            await reply.BeginAsync();
            while (true) await reply.RawAsync(new string(' ', 500));
        });
        Assert.Contains("larger than 1000", (await ReadFailsAsync(store)).Reason.Text, StringComparison.Ordinal);
        server.On(Range, async reply =>
        {
            await reply.BeginAsync();
            await reply.DripAsync();
        });
        server.On(Transaction, reply => reply.HangAsync());
        long start = TimeProvider.System.GetTimestamp();
        Assert.Contains("in time", (await ReadFailsAsync(store)).Reason.Text, StringComparison.Ordinal);
        Assert.True((await CommitFailsAsync(store)).IsUnknown);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromMilliseconds(900), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_lease_without_number_is_none_and_one_without_time_is_over()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address);
        server.On("/v3/lease/grant", $"{{{Header(2)},\"TTL\":\"5\"}}");
        Assert.True((await store.AskAsync<StoreFailed>((number, to) => store.Store.Grant(number, TimeSpan.FromSeconds(5), to))).IsUnknown);
        server.On("/v3/lease/keepalive", $"{{\"result\":{{{Header(2)},\"ID\":\"4\",\"TTL\":\"0\"}}}}");
        Assert.Equal(TimeSpan.Zero, (await store.KeepAliveAsync(4)).TimeToLive);
        server.On("/v3/lease/keepalive", "{\"error\":{\"grpc_code\":14,\"message\":\"etcdserver: no leader\"}}");
        Assert.False((await store.AskAsync<StoreFailed>((number, to) => store.Store.KeepAlive(number, 4, to))).IsUnknown);
    }

    [Theory]
    [InlineData(9, 5, "revision 9, and 10 was")]
    [InlineData(11, 4, "term 4, and 5 was")]
    public async Task An_endpoint_that_lies_behind_is_left(long revision, long term, string reason)
    {
        await using ScriptedEtcd first = new();
        await using ScriptedEtcd second = new();
        await using EtcdHarness store = new(first.Address, second.Address);
        first.On(Range, $"{{{Header(10, 5)}}}");
        second.On(Range, $"{{{Header(12, 6)}}}");
        Assert.Equal(10, (await store.ReadAsync()).Revision);
        first.On(Range, $"{{{Header(revision, term)}}}");
        first.On(Transaction, $"{{{Header(revision, term)},\"succeeded\":true}}");
        StoreFailed failed = await CommitFailsAsync(store);
        Assert.Contains(reason, failed.Reason.Text, StringComparison.Ordinal);
        Assert.True(failed.IsUnknown);
        Assert.Equal(12, (await store.ReadAsync()).Revision);
        Assert.Equal(new Uri(second.Address), store.InUse);
    }

    [Fact]
    public async Task An_endpoint_that_goes_on_lying_does_not_fill_the_log()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address);
        server.On(Range, $"{{{Header(100, 5)}}}");
        await store.ReadAsync();
        for (int revision = 1; revision <= 20; revision++)
        {
            server.On(Range, $"{{{Header(revision, 5)}}}");
            await ReadFailsAsync(store);
        }

        Assert.Single(store.Log.Lines, line => line.Text.Contains("is left alone", StringComparison.Ordinal));
        Assert.Equal(2, store.Log.Lines.Count(line => line.Text.Contains("etcd: using", StringComparison.Ordinal)));
        server.On(Range, "{}");
        await ReadFailsAsync(store);
        Assert.Equal(2, store.Log.Lines.Count(line => line.Text.Contains("is left alone", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Another_cluster_is_never_written_to()
    {
        await using ScriptedEtcd first = new();
        await using ScriptedEtcd second = new("123");
        await using EtcdHarness store = new(first.Address, second.Address);
        first.On(Range, $"{{{Header(10)}}}");
        await store.ReadAsync();
        first.On("/v3/maintenance/status", "gone", 500);
        first.On(Transaction, "gone", 500);
        second.On(Transaction, $"{{{Header(99, 9, "123")},\"succeeded\":true}}");
        await CommitFailsAsync(store);
        StoreFailed failed = await CommitFailsAsync(store);
        Assert.False(failed.IsUnknown);
        Assert.Contains("belongs to the etcd cluster 7b, this agent works with 7", store.LogText, StringComparison.Ordinal);
        Assert.DoesNotContain(second.Requests, request => request.StartsWith(Transaction, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nothing of use\n", "no JSON")]
    [InlineData("[]\n", "no object")]
    [InlineData("{\"result\":7}\n", "of another kind")]
    [InlineData("{\"error\":{\"grpc_code\":14,\"message\":\"etcdserver: no\\nleader\"}}\n", "etcdserver: no leader")]
    public async Task A_watch_ends_at_the_first_message_that_is_none(string line, string reason)
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address);
        WatchEnded ended = await WatchEndsAsync(store, server, line);
        Assert.Contains(reason, ended.Reason.Text, StringComparison.Ordinal);
        Assert.Empty(store.Probe.Changes(1));
    }

    [Fact]
    public async Task A_watch_believes_no_change_that_is_not_its_own_or_comes_too_late()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address) { Prefix = "/w/" };
        string good = Events(7, $"{Change("/w/a", 6)},{Change("/w/b", 6, ",\"type\":\"DELETE\"")}");
        foreach ((string bad, string reason) in ((string, string)[])
        [
            (Events(8, Change("/x/a", 8)), "not watched"),
            (Events(8, Change("/w/a", 6)), "revision 6"),
            (Events(8, Change("/w/a", 5)), "revision 5"),
            (Events(9, $"{Change("/w/a", 9)},{Change("/w/a", 8)}"), "revision 8"),
            (Events(8, Change("/w/a", 8, ",\"type\":\"MOVE\"")), "type MOVE"),
            (Events(8, Change("/w/a", 8)).Replace("\"7\"", "\"8\"", StringComparison.Ordinal), "belongs to"),
            ($"{{\"result\":{{{Header(8)},\"canceled\":true,\"compact_revision\":\"20\"}}}}\n", "before revision 20, and 7 was wanted"),
            ($"{{\"result\":{{{Header(8)},\"canceled\":true,\"cancel_reason\":\"so\"}}}}\n", "canceled the watch: so"),
            ("", "closed the watch"),
        ])
        {
            StoreProbe probe = new();
            WatchEnded ended = await WatchEndsAsync(store, server, good + bad, probe);
            Assert.Contains(reason, ended.Reason.Text, StringComparison.Ordinal);
            Assert.Equal(6, probe.Told(1));
            Assert.Equal(
                ["/w/a=x", "/w/b=(deleted)"],
                probe.Changes(1).Select(change => $"{change.Key}={ClusterStoreHarness.Text(change.Entry)}"));
        }
    }

    [Fact]
    public async Task A_member_that_counts_terms_up_alone_does_not_make_the_others_stale()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(server.Address) { Prefix = "/w/" };
        string change = Events(6, Change("/w/a", 6)).Replace("\"raft_term\":\"1\"", "\"raft_term\":\"50\"", StringComparison.Ordinal);
        await WatchEndsAsync(store, server, change);
        Assert.Equal(6, store.Probe.Told(1));
        server.On(Range, $"{{{Header(6)}}}");
        Assert.Equal(6, (await store.ReadAsync()).Revision);
    }

    [Fact]
    public async Task Pieces_of_a_message_are_put_together_and_bounded()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = new(new EtcdOptions { Endpoints = [server.Address], AnswerMax = 2000 });
        string piece = Events(6, Change($"{store.Prefix}a", 6), ",\"fragment\":true");
        WatchEnded ended = await WatchEndsAsync(store, server, piece + piece + Events(6, Change($"{store.Prefix}b", 6)));
        Assert.Contains("closed the watch", ended.Reason.Text, StringComparison.Ordinal);
        Assert.Equal(3, Assert.Single(store.Probe.Messages.OfType<StoreChanged>()).Changes.Length);

        StoreProbe probe = new();
        ended = await WatchEndsAsync(store, server, string.Concat(Enumerable.Repeat(piece, 20)), probe);
        Assert.Contains("larger than 2000", ended.Reason.Text, StringComparison.Ordinal);
        Assert.Empty(probe.Changes(1));

        probe = new StoreProbe();
        ended = await WatchEndsAsync(store, server, new string('x', 100_000), probe);
        Assert.Contains("larger than 2000", ended.Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_ends_when_its_server_gives_no_sign_of_life()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = Impatient(server);
        server.On(Range, reply => reply.HangAsync());
        WatchEnded ended = await WatchEndsAsync(store, server, Events(6, Change($"{store.Prefix}a", 6)), end: reply => reply.HangAsync());
        Assert.Contains("no sign of life", ended.Reason.Text, StringComparison.Ordinal);
        Assert.Single(store.Probe.Changes(1));
    }

    [Fact]
    public async Task What_we_withdraw_ourselves_is_no_failure_of_the_endpoint()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = Impatient(server);
        server.On(Range, reply => reply.HangAsync());
        server.On(Stream, async reply =>
        {
            await reply.BeginAsync();
            await reply.RawAsync(Created(5));
            await reply.HangAsync();
        });
        store.Store.Watch(1, store.Prefix, 5, store.Probe.ReplyTo);
        await store.UntilAsync(() => server.Requests.Any(request => request.StartsWith(Range, StringComparison.Ordinal)), "it is probed");
        store.Store.StopWatch(1);
        store.Store.Read(1, store.Prefix, store.Probe.ReplyTo);
        await store.DisposeAsync();
        Assert.Equal(new StoreFailed(1, EtcdStore.Closed, false), Assert.Single(store.Probe.Messages));
        Assert.Null(Assert.Single(store.Etcd.Endpoints).Problem);
    }

    [Fact]
    public async Task A_watch_ends_when_a_message_begins_and_does_not_end()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = Impatient(server);
        server.On(Range, $"{{{Header(9)}}}");
        WatchEnded ended = await WatchEndsAsync(store, server, "{", end: reply => reply.DripAsync());
        Assert.Contains("does not end it", ended.Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_ends_when_it_keeps_changes_back_and_lives_while_there_are_none()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = Impatient(server, PatientSilence);
        server.On(Range, $"{{{Header(9)}}}");
        Task<WatchEnded> ending = WatchEndsAsync(store, server, Created(5), end: reply => reply.HangAsync());
        await store.UntilAsync(
            () => server.Requests.Count(request => request.StartsWith(Range, StringComparison.Ordinal)) > 20, "it is probed");
        Assert.Empty(store.Probe.Ends(1));
        Assert.Contains(server.Requests, request => request.Contains("\"min_mod_revision\":\"5\"", StringComparison.Ordinal));
        server.On(Range, $"{{{Header(9)},\"kvs\":[{{\"key\":\"YQ==\",\"mod_revision\":\"9\"}}]}}");
        Assert.Contains("does not tell of the changes up to revision 9", (await ending).Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_over_is_renewed_once_and_the_secret_is_in_no_log()
    {
        await using ScriptedEtcd server = new();
        server.On("/v3/auth/authenticate", $"{{{Header(1)},\"token\":\"token.1\"}}");
        server.On(Transaction, "{\"message\":\"etcdserver: invalid auth token\",\"code\":16}", 401);
        await using EtcdHarness store = new(new EtcdOptions
        {
            Endpoints = [server.Address],
            User = "agent",
            Password = new Agent.Host.Configuration.Secret("very \"secret\""u8.ToArray()),
        });
        Assert.False((await CommitFailsAsync(store)).IsUnknown);
        Assert.Equal(2, server.Requests.Count(request => request.StartsWith($"{Transaction} token.1 ", StringComparison.Ordinal)));
        Assert.Equal(2, server.Requests.Count(request => request.StartsWith("/v3/auth", StringComparison.Ordinal)));
        server.On("/v3/auth/authenticate", $"{{{Header(1)},\"token\":\"token 2\\r\\nX: y\"}}");
        Assert.False((await CommitFailsAsync(store)).IsUnknown);
        Assert.DoesNotContain(store.Log.Lines, line => line.Text.Contains("secret", StringComparison.Ordinal));
        Assert.DoesNotContain(store.Log.Lines, line => line.Text.Contains("token.1", StringComparison.Ordinal));
    }

    private static EtcdHarness Impatient(ScriptedEtcd server, TimeSpan? silence = null) => new(new EtcdOptions
    {
        Endpoints = [server.Address],
        WatchProbe = TimeSpan.FromMilliseconds(50),
        WatchSilence = silence ?? TimeSpan.FromMilliseconds(500),
    });

    private static Task<StoreFailed> CommitFailsAsync(EtcdHarness store) => store.AskAsync<StoreFailed>(
        (number, replyTo) => store.Store.Commit(number, new StoreTransaction([], [store.Put("a", "1")]), replyTo));

    private static Task<StoreFailed> ReadFailsAsync(EtcdHarness store) =>
        store.AskAsync<StoreFailed>((number, replyTo) => store.Store.Read(number, store.Prefix, replyTo));

    /// <summary>Opens watch 1 from revision 5 on at a server that says this after the beginning.</summary>
    private static async Task<WatchEnded> WatchEndsAsync(
        EtcdHarness store, ScriptedEtcd server, string lines, StoreProbe? probe = null, Func<ScriptedEtcd.Reply, Task>? end = null)
    {
        probe ??= store.Probe;
        server.On(Stream, async reply =>
        {
            await reply.BeginAsync();
            await reply.RawAsync(Created(5));
            await reply.RawAsync(lines);
            if (end is not null) await end(reply);
            throw new IOException("the connection ends here");
        });
        store.Store.Watch(1, store.Prefix, 5, probe.ReplyTo);
        await store.UntilAsync(() => probe.Ends(1).Count > 0, "the watch ends");
        return Assert.Single(probe.Ends(1));
    }
}
