using Agent.Actors.Anycast;
using Agent.Host.Anycast;
using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>The section of anycast, and the file that BIRD gets from it.</summary>
public sealed class AnycastOptionsTests
{
    [Theory]
    [InlineData("enabled = true", "agent.anycast.prefixes")]
    [InlineData("prefixes = [\"192.0.2.53/24\"]", "agent.anycast.prefixes")]
    [InlineData("prefixes = [\"192.0.2.53/32; }\"]", "agent.anycast.prefixes")]
    [InlineData("bird.ipv4-via = \"fe80::1\"", "agent.anycast.bird.ipv4-via")]
    [InlineData("alive { interface = \"-d\", addresses = [\"198.18.53.1/30\"] }", "agent.anycast.alive.interface")]
    [InlineData("alive { interface = alive, addresses = [\"198.18.53.1\"] }", "agent.anycast.alive.addresses")]
    [InlineData("alive { interface = alive }", "agent.anycast.alive.addresses")]
    [InlineData("alive.lifetime = 2500ms", "agent.anycast.alive.lifetime")]
    [InlineData("interval = 3s, alive { interface = alive, addresses = [\"198.18.53.1/30\"] }", "agent.anycast.alive.lifetime")]
    [InlineData("metric { fit = 200 }", "agent.anycast.metric.fit")]
    public void What_cannot_work_is_said_with_its_key(string text, string path)
    {
        ConfigurationException failure = Assert.Throws<ConfigurationException>(() => Load(text));
        Assert.Contains(failure.Problems, problem => problem.Path == path);
    }

    [Fact]
    public void A_file_has_a_route_for_each_prefix_of_its_family_and_none_when_withdrawn()
    {
        AnycastOptions options = Load("prefixes = [\"192.0.2.53/32\", \"2001:db8::53/128\"]").Anycast;
        string folder = Directory.CreateTempSubdirectory("agent-bird-").FullName;
        string path = Path.Combine(folder, "ipv4.conf");
        var file = new BirdFile(
            path, BirdFile.Of(options.Prefixes, System.Net.Sockets.AddressFamily.InterNetwork), System.Net.IPAddress.Parse("198.18.53.2"));
        Assert.True(file.Write(new Announcement(1, IsAnnounced: true, Metric: 100)));
        Assert.Contains("\nroute 192.0.2.53/32 via 198.18.53.2 { bgp_med = 100; };\n", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.DoesNotContain("2001:db8", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.False(file.Write(new Announcement(2, IsAnnounced: true, Metric: 100)));
        Assert.True(file.Write(new Announcement(3, IsAnnounced: false, Metric: 100)));
        Assert.DoesNotContain("route", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(folder));
        Directory.Delete(folder, recursive: true);
    }

    private static AgentOptions Load(string text) =>
        ConfigurationText.Load($"agent {{ backend-driver = embedded, anycast {{ {text} }} }}").Options;
}
