using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

/// <summary>What every master of the harness must do before a scenario may build on it.</summary>
public abstract class MasterServerTests<TServer>
    where TServer : MasterServer
{
    private const string Zone = "Peer-Zone.Example.";

    protected abstract TServer CreateServer();

    [Fact]
    public async Task Serves_the_zone_it_was_given_over_both_families()
    {
        await using TServer server = CreateServer();
        await server.SetZoneAsync(MasterZone.WithHosts(Zone, 5, 3));
        await server.StartAsync();

        IReadOnlyList<string> records = await DigTool.TransferAsync(server.EndPoint, Zone);

        Assert.Equal(6, records.Count);
        Assert.Contains("host2.peer-zone.example. 300 IN A 192.0.2.3", records);
        Assert.Equal(records, await DigTool.TransferAsync(server.EndPointIPv6, Zone));
    }

    [Fact]
    public async Task Adds_changes_and_deletes_zones_while_running()
    {
        await using TServer server = CreateServer();
        await server.StartAsync();

        await server.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 1));
        await server.BumpAsync(Zone, "second 60 IN A 192.0.2.99");
        MasterZone last = await server.BumpAsync(Zone, "third 60 IN TXT \"within the same second\"");

        Assert.Equal(3u, last.Serial);
        IReadOnlyList<string> records = await DigTool.TransferAsync(server.EndPoint, Zone);
        Assert.Contains(records, record => record.StartsWith("third.", StringComparison.Ordinal));
        await server.DeleteZoneAsync(Zone);
        Assert.False(await DigTool.CanTransferAsync(server.EndPoint, Zone));
    }

    [Fact]
    public async Task Keeps_its_zones_over_a_restart()
    {
        await using TServer server = CreateServer();
        await server.SetZoneAsync(MasterZone.WithHosts(Zone, 9, 1));
        await server.StartAsync();
        await server.StopAsync();

        await server.StartAsync();

        Assert.Equal(9u, await WorkerClient.PollSerialAsync(server.EndPoint, Zone));
    }

    [Fact]
    public async Task Sends_a_notify_when_told()
    {
        IPEndPoint target = new(IPAddress.Loopback, LoopbackPort.Next());
        using UdpClient datagrams = new(target);
        using TcpListener connections = new(target);
        connections.Start();
        await using TServer server = CreateServer();
        server.NotifyTargets = [target];
        await server.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 1));
        await server.StartAsync();

        await server.NotifyAsync(Zone);

        using CancellationTokenSource late = new(Eventually.Deadline);
        byte[] message = await await Task.WhenAny(ReceiveDatagramAsync(), ReceiveFramedAsync());
        Assert.Equal(4, (message[2] >> 3) & 0xF);
        Assert.Equal(DnsTestMessage.EncodeName(Zone.ToLowerInvariant()), new DnsReply(message, target).Question[..^4]);

        async Task<byte[]> ReceiveDatagramAsync() => (await datagrams.ReceiveAsync(late.Token)).Buffer;

        // Knot sends its NOTIFY by TCP.
        async Task<byte[]> ReceiveFramedAsync()
        {
            using TcpClient client = await connections.AcceptTcpClientAsync(late.Token);
            return await DnsSender.ReadFramedAsync(client.GetStream(), late.Token) ?? [];
        }
    }
}
