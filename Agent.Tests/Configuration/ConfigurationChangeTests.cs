using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

public class ConfigurationChangeTests
{
    private const string Old = """
        agent {
          backend-driver = embedded, masters = ["192.0.2.1"], port = 5354, tcp-idle-timeout = 10s
          keys.k1 { secret = "c2VjcmV0" }
        }
        """;

    [Fact]
    public void Nothing_changes_when_only_the_spelling_does()
    {
        ConfigurationChange change = Compare("agent { tcp_idle_timeout = \"10s\", \"port\" : \"5354\" }");
        Assert.Empty(change.Keys);
    }

    [Theory]
    [InlineData("agent.masters = [\"192.0.2.2\"]", "agent.masters")]
    [InlineData("agent.allow-notify = [\"192.0.2.9\"]", "agent.allow-notify")]
    [InlineData("agent.notify-delay = 1s", "agent.notify-delay")]
    [InlineData("agent.on-unknown-notify = create", "agent.on-unknown-notify")]
    [InlineData("agent.answer-deadline = 5s", "agent.answer-deadline")]
    [InlineData("agent.transfer.retry-minimum = 3s", "agent.transfer.retry-minimum")]
    [InlineData("agent.logging.level = debug", "agent.logging.level")]
    [InlineData("agent.keys.k2.secret = aaaa", "agent.keys.k2.secret")]
    [InlineData("agent.keys = null", "agent.keys.k1.secret")]
    public void Some_keys_are_applied_live(string text, string path)
    {
        ConfigurationChange change = Compare(text);
        Assert.Contains(path, change.Live.Select(key => key.Path));
        Assert.Empty(change.NeedingRestart);
    }

    [Theory]
    [InlineData("agent.port = 53", "agent.port", "sockets")]
    [InlineData("agent.host = \"::\"", "agent.host", "sockets")]
    [InlineData("agent.data-dir = /other", "agent.data-dir", "journal")]
    [InlineData("agent.backend-driver = fake", "agent.backend-driver", "targets")]
    [InlineData("agent { backend-driver = null, targets.ns1.driver = fake }", "agent.targets.ns1.driver", "targets")]
    [InlineData("agent.management.port = 0", "agent.management.port", "sockets")]
    [InlineData("agent.logging.format = json", "agent.logging.format", "log")]
    [InlineData("agent.tcp-idle-timeout = 20s", "agent.tcp-idle-timeout", "sockets")]
    [InlineData("agent.limits.errors-per-second = 5", "agent.limits.errors-per-second", "bounds")]
    [InlineData("agent.transfer.idle-timeout = 3s", "agent.transfer.idle-timeout", "bounds")]
    public void Others_need_a_restart_and_say_why(string text, string path, string reason)
    {
        ChangedKey key = Assert.Single(Compare(text).NeedingRestart, changed => changed.Path == path);
        Assert.Contains(reason, key.RestartReason);
        Assert.Contains("needs a restart", key.ToString());
    }

    [Fact]
    public void What_is_applied_mixes_live_keys_of_the_new_with_the_rest_of_the_old()
    {
        AgentOptions applied = Compare("""
            agent { port = 53, notify-delay = 3s, tcp-idle-timeout = 20s, backend-driver = fake, data-dir = /x, name = other }
            agent.logging { level = debug, format = json }
            """).Applied;
        Assert.Equal((5354, TimeSpan.FromSeconds(10)), (applied.Listener.Port, applied.Listener.TcpIdleTimeout));
        Assert.Equal(TimeSpan.FromSeconds(3), applied.Zones.NotifyDelay);
        Assert.Equal("embedded", Assert.Single(applied.Targets).Driver);
        Assert.Equal(Path.GetFullPath("./data"), applied.DataDirectory);
        Assert.Equal(Environment.MachineName, applied.NodeName);
        Assert.Equal(LogFormat.Text, applied.Logging.Format);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Debug, applied.Logging.Level);
    }

    [Fact]
    public void Secrets_are_compared_and_not_shown()
    {
        ChangedKey key = Assert.Single(Compare("agent.keys.k1.secret = aaaa").Keys);
        Assert.Equal("agent.keys.k1.secret: (hidden) -> (hidden)", key.ToString());
    }

    [Fact]
    public void A_secret_that_changed_in_its_file_is_noticed()
    {
        string file = Path.GetTempFileName();
        string text = $"agent {{ backend-driver = fake, keys.k.secret-file = \"{file}\" }}";
        File.WriteAllText(file, "aaaa");
        AgentConfiguration before = ConfigurationText.Load(text);
        File.WriteAllText(file, "bbbb");
        Assert.Equal("agent.keys.k", Assert.Single(ConfigurationChange.Compare(before, ConfigurationText.Load(text)).Live).Path);
        File.Delete(file);
    }

    private static ConfigurationChange Compare(string text) =>
        ConfigurationChange.Compare(ConfigurationText.Load(Old), ConfigurationText.Load(Old + "\n" + text));
}
