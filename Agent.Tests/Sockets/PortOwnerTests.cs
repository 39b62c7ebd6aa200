using System.Net;
using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Bench.Peers;
using Agent.Dns.Net;
using Agent.Host.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Sockets;

/// <summary>A port has one owner: a second one is refused, also where the system would let them share.</summary>
public sealed class PortOwnerTests
{
    [Fact]
    public void A_second_agent_is_refused_and_the_first_goes_on()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer(), workers: 2);
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal(new IPEndPoint(IPAddress.Loopback, rig.Port)));
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal(new IPEndPoint(IPAddress.IPv6Any, rig.Port)));
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.Exchange(rig.Udp(), Query()));
    }

    [Fact]
    public void Sockets_that_would_share_their_UDP_port_are_not_joined()
    {
        using UdpSocket other = LoopbackPort.Open(
            IPAddress.Loopback, at => UdpSocket.Open(new UdpSocketOptions { Local = NetworkEndpoint.From(at), SharePort = true }));
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal(other.LocalEndpoint.ToIPEndPoint()));
    }

    [Fact]
    public void Behind_connections_that_the_last_owner_closed_the_port_can_be_bound()
    {
        int port;
        using (var rig = new ListenerRig(null, tcp: new TcpOptions { IdleTimeoutMs = 60 }, answerer: new UdpListenerTests.EchoAnswerer()))
        {
            port = rig.Port;

            // The side that closes first is the one that the system remembers for a minute.
            Socket client = rig.Tcp();
            Assert.True(ListenerRig.IsClosed(client));
            client.Close();
        }

        Assert.Null(Refusal(new IPEndPoint(IPAddress.Loopback, port)));
    }

    private static SocketError? Refusal(IPEndPoint at)
    {
        var settings = new DnsListenerSettings
        {
            Endpoints = [NetworkEndpoint.From(at)],
            Policy = new ListenerPolicy(),
            Gate = new ControlGate(new ListenerRig.RecordingSink()),
            LocalAnswerer = new UdpListenerTests.EchoAnswerer(),
            Udp = new UdpWorkerOptions { Workers = 2 },
        };
        Exception? refusal = Record.Exception(() => new DnsListeners(settings, NullLoggerFactory.Instance).Dispose());
        return (refusal as SocketException)?.SocketErrorCode;
    }
}
