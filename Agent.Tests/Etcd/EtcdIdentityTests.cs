using Agent.Actors.Cluster;
using Agent.Host.Etcd;
using static Agent.Tests.Etcd.ScriptedEtcd;

namespace Agent.Tests.Etcd;

/// <summary>The first etcd that a process meets is used only when the journal's epochs can have come from it.</summary>
public sealed class EtcdIdentityTests
{
    private const string Range = "/v3/kv/range";
    private const string Transaction = "/v3/kv/txn";
    private const string Key = "/agent/test/v1/config";
    private const ulong Ours = 7;
    private const string Stray = "123";

    private readonly JournalOfEpochs _journal = new() { Past = new EtcdPast(Ours, 0, 50) };

    [Fact]
    public async Task A_stray_etcd_that_comes_first_is_passed_over_and_never_written_to()
    {
        await using ScriptedEtcd stray = new(Stray);
        await using ScriptedEtcd ours = new();
        await using EtcdHarness store = Open(stray, ours);
        // It has a longer life than ours: only its number tells it.
        stray.On(Range, Config(900, incarnation: 0, Stray));
        stray.On(Transaction, $"{{{Header(901, cluster: Stray)},\"succeeded\":true}}");
        ours.On(Range, Config(60, incarnation: 0));
        ours.On(Transaction, $"{{{Header(61)},\"succeeded\":true}}");
        Assert.Equal(61, (await store.CommitAsync(store.Put("a", "1"))).Revision);
        Assert.Equal(new Uri(ours.Address), store.InUse);
        Assert.DoesNotContain(stray.Requests, request => request.StartsWith(Transaction, StringComparison.Ordinal));
        Assert.Contains(
            "belongs to the etcd cluster 7b, the agents on this journal work with 7; if etcd was restored or is a new one, stop all "
            + "agents, raise the cluster's incarnation",
            store.LogText,
            StringComparison.Ordinal);
        Assert.DoesNotContain($"using {new Uri(stray.Address).Authority}", store.LogText, StringComparison.Ordinal);
        Assert.Equal(new EtcdPast(Ours, 0, 50), _journal.Past);
    }

    /// <summary>Before any number was noted, and where an emptied etcd has the number of before.</summary>
    [Theory]
    [InlineData(0UL)]
    [InlineData(Ours)]
    public async Task An_etcd_that_lies_behind_the_epochs_is_refused_until_the_incarnation_is_raised(ulong known)
    {
        _journal.Past = new EtcdPast(known, 0, 50);
        await using ScriptedEtcd server = new();
        await using (EtcdHarness store = Open(server))
        {
            server.On(Range, Config(49, incarnation: null));
            StoreFailed failed = await CommitFailsAsync(store);
            Assert.Equal(("store-refused", false), (failed.Reason.Code, failed.IsUnknown));
            Assert.Contains("shards were taken up to epoch 50, and it would give 49 ", failed.Reason.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("a write was refused", store.LogText, StringComparison.Ordinal);
            Assert.Equal(known, _journal.Past.Cluster);
        }

        server.On(Range, Config(2, incarnation: 1));
        server.On(Transaction, $"{{{Header(3)},\"succeeded\":true}}");
        await using EtcdHarness next = Open(server);
        Assert.True((await next.CommitAsync(next.Put("a", "1"))).Succeeded);
        Assert.Equal((Ours, 1), (_journal.Past.Cluster, _journal.Past.Incarnation));
    }

    [Fact]
    public async Task Another_etcd_counts_from_a_higher_incarnation_on_and_the_former_does_not_any_more()
    {
        await using ScriptedEtcd former = new();
        await using ScriptedEtcd next = new(Stray);
        former.On(Range, Config(60, incarnation: 0));
        next.On(Range, Config(5, incarnation: 1, Stray));
        await using (EtcdHarness store = Open(next)) Assert.Equal(5, (await store.ReadAsync()).Revision);
        Assert.Equal((123UL, 1), (_journal.Past.Cluster, _journal.Past.Incarnation));
        await using EtcdHarness late = Open(former);
        string why = await ReadFailsAsync(late);
        Assert.Contains("belongs to the etcd cluster 7, the agents on this journal work with 7b", why, StringComparison.Ordinal);
    }

    /// <summary>Two nodes of a new cluster, each with another etcd, at the same moment: one of them is too late.</summary>
    [Fact]
    public async Task Of_two_that_are_noted_at_once_one_stands()
    {
        _journal.Past = new EtcdPast(0, 0, 0);
        _journal.NotedMeanwhile = new EtcdPast(123, 0, 0);
        await using ScriptedEtcd server = new();
        server.On(Range, Config(5, incarnation: null));
        await using EtcdHarness store = Open(server);
        Assert.Contains("the agents on this journal work with 7b", await ReadFailsAsync(store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_that_cannot_be_asked_is_no_fault_of_the_endpoint()
    {
        await using ScriptedEtcd server = new();
        await using EtcdHarness store = Open(server);
        server.On(Range, Config(60, incarnation: 0));
        _journal.Trouble = "the database is away";
        Assert.Contains("could not be asked whether", await ReadFailsAsync(store), StringComparison.Ordinal);
        Assert.Null(Assert.Single(store.Etcd.Endpoints).Problem);
        Assert.DoesNotContain(server.Requests, request => request.StartsWith(Range, StringComparison.Ordinal));
        _journal.Trouble = null;
        Assert.Equal(60, (await store.ReadAsync()).Revision);
    }

    private static string Config(long revision, int? incarnation, string cluster = ScriptedEtcd.Cluster)
    {
        string value = Base64($"{{\"shards\":8,\"hash\":\"fnv1a64\",\"format\":1,\"incarnation\":{incarnation}}}");
        string entries = incarnation is null
            ? ""
            : $"{{\"key\":\"{Base64(Key)}\",\"create_revision\":\"1\",\"mod_revision\":\"1\",\"value\":\"{value}\"}}";
        return $"{{{Header(revision, cluster: cluster)},\"kvs\":[{entries}]}}";
    }

    private static Task<StoreFailed> CommitFailsAsync(EtcdHarness store) => store.AskAsync<StoreFailed>(
        (number, replyTo) => store.Store.Commit(number, new StoreTransaction([], [store.Put("a", "1")]), replyTo));

    private static async Task<string> ReadFailsAsync(EtcdHarness store) =>
        (await store.AskAsync<StoreFailed>((number, replyTo) => store.Store.Read(number, store.Prefix, replyTo))).Reason.Text;

    private EtcdHarness Open(params ScriptedEtcd[] servers) => new(new EtcdOptions
    {
        Endpoints = [.. servers.Select(server => server.Address)],
        Memory = _journal,
        ConfigKey = Key,
    })
    {
        Prefix = Key,
    };

    /// <summary>Notes as the journal does.</summary>
    private sealed class JournalOfEpochs : IEtcdMemory
    {
        public EtcdPast Past { get; set; } = new(0, 0, 0);

        public EtcdPast? NotedMeanwhile { get; set; }

        public string? Trouble { get; set; }

        public Task<EtcdPast> RecallAsync() =>
            Trouble is { } why ? Task.FromException<EtcdPast>(new IOException(why)) : Task.FromResult(Past);

        public Task<EtcdPast> RememberAsync(ulong cluster, int incarnation)
        {
            Past = NotedMeanwhile ?? Past;
            if (Past.Cluster == 0 || incarnation > Past.Incarnation) Past = Past with { Cluster = cluster, Incarnation = incarnation };
            return Task.FromResult(Past with { Epoch = 0 });
        }
    }
}
