using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Sockets;

/// <summary>BIND's dig asks a real server through the relay.</summary>
[Trait("Category", "Peer")]
public sealed class RelayPeerTests
{
    private const string Zone = "relay.example.";

    [Fact]
    public async Task The_whole_zone_answers_through_the_relay_as_it_does_directly()
    {
        await using var server = new NsdServer();
        await server.SetZoneAsync(MasterZone.WithHosts(Zone, 7, 20));
        await server.StartAsync();
        using var rig = new ListenerRig(server.EndPoint, "::");
        foreach (string transport in new[] { "+notcp", "+tcp" })
        {
            foreach (string name in new[] { Zone, "host3." + Zone, "HOST19." + Zone, "absent." + Zone })
            {
                IReadOnlyList<string> direct = await DigTool.QueryAsync(server.EndPoint, name, "ANY", transport);
                Assert.Equal(direct, await DigTool.QueryAsync(new IPEndPoint(IPAddress.Loopback, rig.Port), name, "ANY", transport));
                Assert.Equal(direct, await DigTool.QueryAsync(new IPEndPoint(IPAddress.IPv6Loopback, rig.Port), name, "ANY", transport));
            }
        }
    }

    [Fact]
    public async Task An_answer_too_large_for_the_client_comes_by_TCP()
    {
        await using var server = new BindServer();
        string[] texts = [.. Enumerable.Range(0, 60).Select(index => $"big 60 IN TXT \"{index:d4} {new string('x', 200)}\"")];
        await server.SetZoneAsync(MasterZone.Create(Zone, 1, texts));
        await server.StartAsync();
        using var rig = new ListenerRig(server.EndPoint);
        Assert.Equal(60, (await DigTool.QueryAsync(new IPEndPoint(IPAddress.Loopback, rig.Port), "big." + Zone, "TXT")).Count);
    }

    /// <summary>A key between client and server. Only the id changes on the way, which TSIG allows (RFC 8945 4.2, 5.5).</summary>
    [Theory]
    [InlineData("+notcp")]
    [InlineData("+tcp")]
    public async Task A_signature_between_client_and_server_survives_the_relay(string transport)
    {
        await using var server = new BindServer();
        await server.SetZoneAsync(MasterZone.WithHosts(Zone, 7, 1));
        await server.StartAsync();
        using var rig = new ListenerRig(server.EndPoint);
        string key = $"{server.ControlAlgorithm}:{server.ControlKeyName}:{server.ControlSecret}";
        string output = await DigTool.RunAsync(
            new IPEndPoint(IPAddress.Loopback, rig.Port), "-y", key, "+rec", transport, "host0." + Zone, "A");
        Assert.Contains("status: NOERROR", output, StringComparison.Ordinal);
        Assert.Contains("192.0.2.1", output, StringComparison.Ordinal);
        Assert.Contains("TSIG PSEUDOSECTION", output, StringComparison.Ordinal);
        Assert.DoesNotContain("verify", output, StringComparison.OrdinalIgnoreCase);
    }
}
