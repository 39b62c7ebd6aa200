using System.Net;
using Agent.Bench.Peers;
using Agent.Host.Configuration;
using Agent.Tests.Configuration;
using Agent.Tests.TestKit;

namespace Agent.Tests.Scenarios;

/// <summary>The addresses that the agent binds when it is given a list, and their ports.</summary>
public sealed class HostListTests
{
    [Fact]
    public async Task A_wildcard_beside_other_addresses_starts_and_answers_both_families()
    {
        await using AgentProcess agent = new($"""
            backend-driver = embedded
            host = ["0.0.0.0", "::", "127.0.0.1"]
            port = {LoopbackPort.Next()}
            """);
        await agent.StartAsync();

        IPEndPoint bound = Assert.Single(agent.DnsEndPoints);
        Assert.Equal(IPAddress.IPv6Any, bound.Address);
        foreach (IPAddress own in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            var at = new IPEndPoint(own, bound.Port);
            Assert.Equal(0xA105, (await new WorkerClient(at).NotifyAsync("nowhere.example.")).Flags);
            Assert.Equal(0xA105, (await new WorkerClient(at, useTcp: true).NotifyAsync("nowhere.example.")).Flags);
        }
    }

    [Fact]
    public async Task A_free_port_is_the_same_at_all_addresses()
    {
        await using AgentProcess agent = new("""
            backend-driver = embedded
            host = ["::1", "127.0.0.1", "127.0.0.2"]
            """);
        await agent.StartAsync();

        Assert.Equal(3, agent.DnsEndPoints.Count);
        Assert.Single(agent.DnsEndPoints.Select(bound => bound.Port).Distinct());
    }

    [Theory]
    [InlineData("tls-listen.port = 5354", "agent.tls-listen.port")]
    [InlineData("port = 853", "agent.port")]
    [InlineData("port = 53, tls-listen.port = 53", "agent.tls-listen.port")]
    [InlineData("port = 0, tls-listen.port = 0", null)]
    public void TLS_has_a_port_of_its_own(string settings, string? key)
    {
        using var authority = new TestAuthority();
        (string certificate, string privateKey) = authority.Issue("server", "127.0.0.1");
        string text = $$"""
            agent { backend-driver = embedded, tls-listen { enabled = true, certificate-file = "{{certificate}}", key-file = "{{privateKey}}" } }
            agent { {{settings}} }
            """;

        var refusal = Record.Exception(() => ConfigurationText.Load(text)) as ConfigurationException;

        Assert.Equal(key, refusal?.Problems.Single().Path);
        Assert.Equal(key is null ? null : 2, refusal?.Problems.Single().Origin.Line);
    }
}
