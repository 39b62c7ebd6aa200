using Agent.Host.Configuration;
using Agent.Tests.TestKit;

namespace Agent.Tests.Configuration;

/// <summary>A reload does not take half of what belongs together: a live key waits with the restart key that it rests on.</summary>
public sealed class HeldBackTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Transfers_by_TLS_alone_wait_for_the_door_that_is_opened_with_them()
    {
        AgentConfiguration plain = Load("");
        AgentConfiguration secured = Load($"{Door("a")}, transfer-transport = tls");
        ConfigurationChange change = ConfigurationChange.Compare(plain, secured);
        Assert.Empty(change.Live);
        Assert.Contains("agent.transfer-transport", change.NeedingRestart.Select(key => key.Path));
        Assert.Equal(TransferTransport.Any, change.Applied.Access.TransferTransport);

        ConfigurationChange back = ConfigurationChange.Compare(secured, plain);
        Assert.Empty(back.Live);
        Assert.Equal(TransferTransport.Tls, back.Applied.Access.TransferTransport);
    }

    [Fact]
    public void With_an_open_door_both_are_taken()
    {
        ConfigurationChange change = ConfigurationChange.Compare(Load(Door("a")), Load($"{Door("b")}, transfer-transport = tls"));
        Assert.Empty(change.NeedingRestart);
        Assert.Equal(TransferTransport.Tls, change.Applied.Access.TransferTransport);
        Assert.Contains("agent.tls-listen.certificate-file", change.Live.Select(key => key.Path));
    }

    [Fact]
    public void A_reload_that_follows_reminds_of_what_waits_and_does_not_take_it()
    {
        AgentConfiguration secured = Load($"{Door("a")}, transfer-transport = tls");
        ConfigurationChange change = ConfigurationChange.Compare(Load(""), secured, Load($"{Door("a")}, transfer-transport = any"));
        Assert.DoesNotContain("agent.transfer-transport", change.Live.Select(key => key.Path));
        Assert.Equal(TransferTransport.Any, change.Applied.Access.TransferTransport);
    }

    [Theory]
    [InlineData("keys.k1.secret = aaaa, also-notify = [{ address = \"192.0.2.9\", key = k1 }]",
        "keys.k2.secret = bbbb, also-notify = [{ address = \"192.0.2.9\", key = k2 }]", "k1,k2", "agent.keys.k1.secret")]
    [InlineData("keys.k1.secret = aaaa, also-notify = [{ address = \"192.0.2.9\", key = k1 }]",
        "keys.K1.secret = bbbb, also-notify = [{ address = \"192.0.2.9\", key = K1 }]", "K1", null)]
    [InlineData("keys.k1.secret = aaaa, also-notify = [{ address = \"192.0.2.9\", key = k1 }]",
        "keys.k1.secret = bbbb, also-notify = []", "k1", null)]
    [InlineData("keys.k1.secret = aaaa, also-notify = [\"192.0.2.9\"]", "keys.k2.secret = bbbb, also-notify = []", "k2", null)]
    [InlineData("keys { k1.secret = aaaa, k2.secret = aaaa }, catalogs.\"c.example\".masters = [{ address = \"192.0.2.9\", key = [k1, k2] }]",
        "keys = null", "k1,k2", "agent.keys.k2.secret")]
    public void A_key_stays_while_something_that_is_kept_names_it(string before, string after, string keys, string? waiting)
    {
        ConfigurationChange change = ConfigurationChange.Compare(Load(before), Load(after));
        Assert.Equal(keys, string.Join(',', change.Applied.Keys.Keys.Order(StringComparer.Ordinal)));
        ChangedKey[] held = [.. change.NeedingRestart.Where(key => key.Path.StartsWith("agent.keys", StringComparison.Ordinal))];
        if (waiting is null) Assert.Empty(held);
        else Assert.Contains("still named", Assert.Single(held, key => key.Path == waiting).RestartReason);
    }

    [Fact]
    public void So_does_a_TLS_profile()
    {
        const string Before = "tls.t.hostname = a.example, also-notify = [{ address = \"192.0.2.9\", tls = t }]";
        ConfigurationChange change = ConfigurationChange.Compare(Load(Before), Load("tls.u.hostname = b.example, also-notify = []"));
        Assert.Equal("a.example", change.Applied.Tls["t"].HostName);
        Assert.Contains("agent.tls.t.hostname", change.NeedingRestart.Select(key => key.Path));
        Assert.Contains("agent.tls.u.hostname", change.Live.Select(key => key.Path));
    }

    private string Door(string name)
    {
        (string certificate, string key) = _authority.Issue(name, "127.0.0.1");
        return $"tls-listen {{ enabled = true, certificate-file = \"{certificate}\", key-file = \"{key}\" }}";
    }

    private static AgentConfiguration Load(string text) =>
        ConfigurationText.Load($"agent {{ backend-driver = embedded, masters = [\"192.0.2.1\"]\n{text} }}");
}
