using System.Text;
using Agent.Actors.Cluster;
using Agent.Bench.Peers;
using Agent.Host.Configuration;
using Agent.Host.Etcd;
using Agent.Tests.TestKit;

namespace Agent.Tests.Etcd;

/// <summary>Certificates on both sides, users and rights, at a real etcd.</summary>
[Trait("Category", "Peer")]
public sealed class EtcdSecurityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("etcd-tls");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Both_sides_show_certificates_and_check_them()
    {
        using TestAuthority authority = new(_folder, "ours");
        using TestAuthority stranger = new(_folder, "theirs");
        await using EtcdServer server = await EtcdServer.StartedAsync(authority.ServerFiles("127.0.0.1", "etcd.example"));
        EtcdOptions good = With(authority, authority.Issue("agent"), server.Address);
        await using (EtcdHarness store = new(good))
        {
            long revision = (await store.CommitAsync(store.Put("a", "1"))).Revision;
            store.Store.Watch(1, store.Prefix, revision, store.Probe.ReplyTo);
            await store.UntilAsync(() => store.Probe.Changes(1).Count == 1, "a watch tells");
        }

        foreach (EtcdOptions bad in (EtcdOptions[])
            [
                good with { CaFile = stranger.CaFile },
                good with { CaFile = "" },
                good with { CertificateFile = "", KeyFile = "" },
                With(authority, stranger.Issue("agent"), server.Address),
                good with { Endpoints = [server.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)] },
            ])
        {
            await using EtcdHarness store = new(bad);
            StoreFailed failed = await CommitFailsAsync(store);
            Assert.False(failed.IsUnknown, failed.Reason.Text);
            Assert.Equal("store-away", failed.Reason.Code);
        }
    }

    [Fact]
    public async Task A_certificate_of_ours_that_is_over_is_named_where_members_only_close_the_connection()
    {
        using TestAuthority authority = new(_folder, "ours");
        await using EtcdServer server = await EtcdServer.StartedAsync(authority.ServerFiles("127.0.0.1"));
        authority.ValidUntil = DateTimeOffset.UnixEpoch.AddYears(45);
        EtcdOptions late = With(authority, authority.Issue("agent"), server.Address);
        await using EtcdHarness store = new(late);
        Assert.EndsWith(
            $" (our own certificate in {late.CertificateFile} ended on 2015-01-01 00:00:00Z)",
            (await CommitFailsAsync(store)).Reason.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_replaced_are_used_for_the_next_connections()
    {
        using TestAuthority first = new(_folder, "ours");
        EtcdServer server = await EtcdServer.StartedAsync(first.ServerFiles("127.0.0.1"));
        await using EtcdServer owned = server;
        await using EtcdHarness store = new(With(first, first.Issue("agent"), server.Address));
        await store.CommitAsync(store.Put("a", "1"));

        // The same names, another authority: nothing of the old is good for the new.
        await server.KillAsync();
        using TestAuthority second = new(_folder, "ours");
        second.ServerFiles("127.0.0.1");
        second.Issue("agent");
        File.SetLastWriteTimeUtc(second.CaFile, DateTime.UtcNow.AddSeconds(5));
        await server.LaunchAsync(server.InitialCluster);
        await server.WaitAsync();
        object? read = null;
        while (read is not StoreRead)
            read = await store.AskAsync((number, replyTo) => store.Store.Read(number, store.Prefix, replyTo));
        Assert.Single(((StoreRead)read).Entries);
    }

    [Fact]
    public async Task Files_behind_links_are_used_when_another_folder_is_put_behind_them()
    {
        using TemporaryFolder volume = new("secret");
        using TestAuthority first = new(_folder, "ours");
        EtcdTlsFiles serves = first.ServerFiles("127.0.0.1");
        SecretVolume.Put(volume, "first", Files(first.CaFile, first.Issue("agent")));
        EtcdOptions links = new()
        {
            Endpoints = [],
            CaFile = SecretVolume.Link(volume, "ca.pem"),
            CertificateFile = SecretVolume.Link(volume, "tls.crt"),
            KeyFile = SecretVolume.Link(volume, "tls.key"),
        };
        await using EtcdServer server = await EtcdServer.StartedAsync(serves);
        await using EtcdHarness store = new(links with { Endpoints = [server.Address] });
        await store.CommitAsync(store.Put("a", "1"));

        await server.KillAsync();
        using TestAuthority second = new(_folder, "ours");
        second.ServerFiles("127.0.0.1");
        SecretVolume.Put(volume, "second", Files(second.CaFile, second.Issue("agent")));
        await server.LaunchAsync(server.InitialCluster);
        await server.WaitAsync();
        object? read = null;
        await Eventually.HoldsAsync(
            async () => (read = await store.AskAsync((number, to) => store.Store.Read(number, store.Prefix, to))) is StoreRead,
            () => $"the store is read: {read}\n{store.LogText}");

        static (string, string)[] Files(string caFile, (string CertificateFile, string KeyFile) own) =>
        [
            ("ca.pem", File.ReadAllText(caFile)),
            ("tls.crt", File.ReadAllText(own.CertificateFile)),
            ("tls.key", File.ReadAllText(own.KeyFile)),
        ];
    }

    [Fact]
    public async Task A_user_has_the_rights_of_its_prefix_and_its_token_is_renewed()
    {
        await using EtcdServer server = await EtcdServer.StartedAsync(arguments: ["--auth-token-ttl", "2"]);
        await server.EnableUserAsync("agent", "the \"password\"", "/agent/one/");
        EtcdOptions options = new() { Endpoints = [server.Address], User = "agent", Password = Secret("the \"password\"") };
        await using EtcdHarness store = new(options) { Prefix = "/agent/one/" };
        long lease = await store.GrantAsync(TimeSpan.FromMinutes(1));
        long revision = (await store.CommitAsync(store.Put("a", "1", lease))).Revision;
        Assert.Equal(TimeSpan.FromMinutes(1), (await store.KeepAliveAsync(lease)).TimeToLive);
        store.Store.Watch(1, store.Prefix, revision + 1, store.Probe.ReplyTo);
        await store.CommitAsync(store.Put("a", "2"));
        await store.UntilAsync(() => store.Probe.Changes(1).Count == 1, "a watch tells");

        // The token ends while nobody uses it; then all tokens are gone at once with the process that knew them.
        long start = TimeProvider.System.GetTimestamp();
        await store.UntilAsync(() => TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(4), "the token is over");
        await store.CommitAsync(store.Put("a", "3"));
        await server.KillAsync();
        await server.LaunchAsync(server.InitialCluster);
        await server.WaitAsync();
        object? read = null;
        while (read is not StoreRead)
            read = await store.AskAsync((number, replyTo) => store.Store.Read(number, store.Prefix, replyTo));
        Assert.Equal("3", ClusterStoreHarness.Text(Assert.Single(((StoreRead)read).Entries)));
        await store.RevokeAsync(lease);

        StoreFailed beyond = await store.AskAsync<StoreFailed>((number, replyTo) => store.Store.Read(number, "/agent/", replyTo));
        Assert.Equal(("store-refused", false), (beyond.Reason.Code, beyond.IsUnknown));
        StoreFailed write = await store.AskAsync<StoreFailed>((number, replyTo) => store.Store.Commit(
            number, new StoreTransaction([], [store.Put("b", "1"), new StoreWrite("/other", [])]), replyTo));
        Assert.Equal(("store-refused", false), (write.Reason.Code, write.IsUnknown));
        Assert.Empty((await store.ReadAsync("b")).Entries);
        store.Store.Watch(2, "/agent/", 1, store.Probe.ReplyTo);
        await store.UntilAsync(() => store.Probe.Ends(2).Count == 1, "the watch is refused");
        Assert.Contains("permission denied", store.Probe.Ends(2)[0].Reason.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("password", store.LogText, StringComparison.Ordinal);

        foreach (EtcdOptions wrong in (EtcdOptions[])
            [options with { Password = Secret("guess") }, options with { User = "", Password = null }])
        {
            await using EtcdHarness stranger = new(wrong);
            StoreFailed failed = await CommitFailsAsync(stranger);
            Assert.Equal(("store-refused", false), (failed.Reason.Code, failed.IsUnknown));
        }
    }

    [Fact]
    public async Task A_user_may_show_a_certificate_but_none_with_a_common_name()
    {
        using TestAuthority authority = new(_folder, "ours");
        await using EtcdServer server = await EtcdServer.StartedAsync(authority.ServerFiles("127.0.0.1"));
        await server.EnableUserAsync("agent", "word", "/agent/");
        EtcdOptions user = With(authority, authority.Issue("agent"), server.Address) with { User = "agent", Password = Secret("word") };
        await using (EtcdHarness store = new(user) { Prefix = "/agent/" })
        {
            await store.CommitAsync(store.Put("a", "1"));
        }

        (string certificate, string key) = authority.Issue("named", "127.0.0.1");
        await using EtcdHarness named = new(user with { CertificateFile = certificate, KeyFile = key });
        Assert.Contains("CommonName of client", (await CommitFailsAsync(named)).Reason.Text, StringComparison.Ordinal);
    }

    private static Secret Secret(string text) => new(Encoding.UTF8.GetBytes(text));

    private static EtcdOptions With(TestAuthority authority, (string CertificateFile, string KeyFile) own, string address) => new()
    {
        Endpoints = [address],
        CaFile = authority.CaFile,
        CertificateFile = own.CertificateFile,
        KeyFile = own.KeyFile,
    };

    private static Task<StoreFailed> CommitFailsAsync(EtcdHarness store) => store.AskAsync<StoreFailed>(
        (number, replyTo) => store.Store.Commit(number, new StoreTransaction([], [store.Put("a", "1")]), replyTo));
}
