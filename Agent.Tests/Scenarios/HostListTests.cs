using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>The addresses that the agent binds when it is given a list.</summary>
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
}
