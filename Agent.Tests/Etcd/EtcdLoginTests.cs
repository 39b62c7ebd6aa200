using Agent.Actors.Cluster;
using Agent.Bench.Peers;
using Agent.Host.Etcd;
using static Agent.Tests.Etcd.ScriptedEtcd;

namespace Agent.Tests.Etcd;

/// <summary>Logins with a password out of a file, and what is said and done when they are refused.</summary>
public sealed class EtcdLoginTests : IDisposable
{
    private const string Login = "/v3/auth/authenticate";
    private const string Range = "/v3/kv/range";
    private const string Refusal = "etcdserver: authentication failed, invalid user ID or password";

    private readonly TemporaryFolder _folder = new("etcd-login");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_refused_login_is_told_once_is_not_repeated_at_once_and_a_new_password_is_tried()
    {
        string file = _folder.Write("password", "old word\n");
        await using ScriptedEtcd server = new();
        server.On(Range, $"{{{Header(5)}}}");
        server.On(Login, $"{{\"error\":\"{Refusal}\",\"message\":\"{Refusal}\",\"code\":3}}", 400);
        await using EtcdHarness store = new(Options(server, file));
        for (int tries = 0; tries < 5; tries++)
        {
            StoreFailed failed = await store.AskAsync<StoreFailed>((number, to) => store.Store.Read(number, store.Prefix, to));
            Assert.Equal("store-refused", failed.Reason.Code);
            Assert.Contains("authentication failed", failed.Reason.Text, StringComparison.Ordinal);
        }

        Assert.Contains("old word", Assert.Single(Logins(server)), StringComparison.Ordinal);
        string told = Assert.Single(store.Log.Lines, line => line.Text.Contains("authentication failed", StringComparison.Ordinal)).Text;
        Assert.StartsWith("etcd: no login as agent: ", told, StringComparison.Ordinal);

        _folder.Write("password", "new word\n");
        server.On(Login, $"{{{Header(5)},\"token\":\"token.1\"}}");
        await store.ReadAsync();
        Assert.Contains("\"new word\"", Logins(server)[1], StringComparison.Ordinal);
        Assert.DoesNotContain(store.Log.Lines, line => line.Text.Contains(" word", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_watch_whose_probe_is_refused_ends_with_the_refusal_and_blames_no_member()
    {
        await using ScriptedEtcd server = new();
        server.On(Login, $"{{{Header(5)},\"token\":\"token.1\"}}");
        await using EtcdHarness store = new(Options(server, _folder.Write("password", "word")) with
        {
            WatchProbe = TimeSpan.FromMilliseconds(50),
            WatchSilence = TimeSpan.FromMilliseconds(500),
        });
        server.On("/v3/watch", async reply =>
        {
            await reply.BeginAsync();
            await reply.RawAsync(Created(5));
            await reply.HangAsync();
        });
        server.On(Range, async reply =>
        {
            server.On(Login, $"{{\"error\":\"{Refusal}\",\"message\":\"{Refusal}\",\"code\":3}}", 400);
            await reply.WholeAsync("{\"message\":\"etcdserver: invalid auth token\",\"code\":16}", 401);
        });
        store.Store.Watch(1, store.Prefix, 5, store.Probe.ReplyTo);
        await store.UntilAsync(() => store.Probe.Ends(1).Count > 0, "the watch ends");
        Assert.Contains("authentication failed", store.Probe.Ends(1)[0].Reason.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(store.Log.Lines, line => line.Text.Contains("is left alone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_password_that_cannot_be_read_stops_the_start_and_later_a_request_alone()
    {
        string file = _folder.Combine("password");
        await using ScriptedEtcd server = new();
        Assert.IsAssignableFrom<IOException>(Refused().InnerException);
        _folder.Write("password", " \n");
        Assert.Contains("is empty", Refused().Message, StringComparison.Ordinal);

        _folder.Write("password", "word");
        server.On(Range, $"{{{Header(5)}}}");
        server.On(Login, $"{{{Header(5)},\"token\":\"token.1\"}}");
        await using EtcdHarness store = new(Options(server, file));
        File.Delete(file);
        StoreFailed failed = await store.AskAsync<StoreFailed>((number, to) => store.Store.Read(number, store.Prefix, to));
        Assert.Equal(("store-away", false), (failed.Reason.Code, failed.IsUnknown));
        Assert.Contains("the password of agent cannot be read", failed.Reason.Text, StringComparison.Ordinal);
        _folder.Write("password", "word");
        await store.ReadAsync();

        EtcdOptionsException Refused() => Assert.Throws<EtcdOptionsException>(() => new EtcdHarness(Options(server, file)));
    }

    private static string[] Logins(ScriptedEtcd server) =>
        [.. server.Requests.Where(request => request.StartsWith(Login, StringComparison.Ordinal))];

    private static EtcdOptions Options(ScriptedEtcd server, string passwordFile) => new()
    {
        Endpoints = [server.Address],
        User = "agent",
        PasswordFile = passwordFile,
        // Longer than any machine takes for the requests between.
        LoginPause = TimeSpan.FromHours(1),
    };
}
