using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Agent.Dns.Net;

namespace Agent.Tests.Dns.Net;

/// <summary>Both forms of the socket must behave alike; the portable one is the yardstick.</summary>
public sealed class UdpSocketTests
{
    public static TheoryData<bool> Forms => [false, true];

    [Fact]
    public void The_batched_form_is_taken_on_Linux()
    {
        using UdpSocket socket = Open("127.0.0.1", portable: false);
        Assert.Equal(OperatingSystem.IsLinux(), socket is UdpBatchSocket);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Datagrams_of_every_size_arrive_whole_and_are_echoed(bool portable)
    {
        using UdpSocket server = Open("127.0.0.1", portable);
        using var batch = new MmsgBatch(8);
        using Socket client = Client(IPAddress.Loopback, server.LocalEndpoint.ToIPEndPoint());
        foreach (int size in new[] { 0, 1, 12, 512, 1232, 4095, 4096 })
        {
            byte[] sent = RandomNumberGenerator.GetBytes(size);
            client.Send(sent);
            Echo(server, batch, 1);
            byte[] answer = new byte[8192];
            int length = client.Receive(answer);
            Assert.Equal(sent, answer[..length]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_datagram_beyond_the_slot_is_cut_and_marked(bool portable)
    {
        using UdpSocket server = Open("127.0.0.1", portable);
        using var batch = new MmsgBatch(4, 512);
        using Socket client = Client(IPAddress.Loopback, server.LocalEndpoint.ToIPEndPoint());
        client.Send(new byte[513]);
        Assert.Equal(1, server.Receive(batch, wait: true));
        Assert.True(batch.IsTruncated(0));
        Assert.Equal(512, batch.Received(0).Length);
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.1", false)]
    [InlineData("0.0.0.0", "127.0.0.2", false)]
    [InlineData("0.0.0.0", "127.1.2.3", false)]
    [InlineData("::", "127.0.0.2", false)]
    [InlineData("::", "127.0.0.77", false)]
    [InlineData("::", "::1", false)]
    [InlineData("0.0.0.0", "127.0.0.2", true)]
    [InlineData("::", "127.0.0.2", true)]
    [InlineData("::", "::1", true)]
    public void An_answer_leaves_from_the_address_that_was_asked(string bound, string asked, bool portable)
    {
        using UdpSocket server = Open(bound, portable);
        using var batch = new MmsgBatch();
        var target = new IPEndPoint(IPAddress.Parse(asked), server.LocalEndpoint.Port);
        // Connected: the kernel passes on answers from exactly that address only.
        bool isIPv4 = target.Address.AddressFamily == AddressFamily.InterNetwork;
        using Socket client = Client(isIPv4 ? IPAddress.Loopback : IPAddress.IPv6Loopback, target);
        for (int round = 0; round < 3; round++)
        {
            client.Send([1, 2, (byte)round]);
            Assert.Equal(1, server.Receive(batch, wait: true));
            Assert.Equal(NetworkEndpoint.From(target), batch.Local(0));
            Assert.Equal(NetworkEndpoint.From((IPEndPoint)client.LocalEndPoint!), batch.Source(0));
            NetworkEndpoint source = batch.Source(0);
            NetworkEndpoint local = batch.Local(0);
            batch.NextSend[0] = 42;
            batch.Commit(1, source, local);
            Assert.Equal(1, server.Send(batch));
            Assert.True(server.SendOne([43], source, local));
            byte[] answer = new byte[16];
            Assert.Equal(1, client.Receive(answer));
            Assert.Equal(42, answer[0]);
            Assert.Equal(1, client.Receive(answer));
            Assert.Equal(43, answer[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_full_batch_comes_in_one_call_and_leaves_in_one_call(bool portable)
    {
        using UdpSocket server = Open("127.0.0.1", portable);
        using var batch = new MmsgBatch(8);
        using Socket client = Client(IPAddress.Loopback, server.LocalEndpoint.ToIPEndPoint());
        for (byte index = 0; index < 8; index++)
        {
            client.Send([index]);
        }
        Assert.Equal(8, server.Receive(batch, wait: true));
        for (int index = 0; index < 8; index++)
        {
            Assert.Equal(index, batch.Received(index)[0]);
            batch.Received(index).CopyTo(batch.NextSend);
            batch.Commit(1, batch.Source(index), batch.Local(index));
        }
        Assert.True(batch.IsFull);
        Assert.True(batch.NextSend.IsEmpty);
        Assert.Equal(8, server.Send(batch));
        Assert.Equal(0, batch.PendingCount);
        byte[] answer = new byte[16];
        Assert.Equal(Enumerable.Range(0, 8), Enumerable.Range(0, 8).Select(_ => client.Receive(answer) == 1 ? answer[0] : -1).ToArray());
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_the_kernel_refuses_is_counted_and_holds_up_nothing(bool portable)
    {
        using UdpSocket server = Open("127.0.0.1", portable);
        using var batch = new MmsgBatch(4);
        using Socket client = Client(IPAddress.Loopback, server.LocalEndpoint.ToIPEndPoint());
        NetworkEndpoint reachable = NetworkEndpoint.From((IPEndPoint)client.LocalEndPoint!);
        // A socket on the loopback address has no way to a documentation address, and none to a broadcast address.
        NetworkEndpoint unreachable = NetworkEndpoint.From(IPAddress.Broadcast, 9);
        foreach (NetworkEndpoint destination in new[] { unreachable, reachable, unreachable, reachable })
        {
            batch.NextSend[0] = 7;
            batch.Commit(1, destination, server.LocalEndpoint);
        }
        Assert.Equal(2, server.Send(batch));
        Assert.Equal(2, server.SendDrops);
        byte[] answer = new byte[16];
        Assert.Equal(1, client.Receive(answer));
        Assert.Equal(1, client.Receive(answer));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_closed_peer_port_does_not_stop_a_connected_socket(bool portable)
    {
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var target = (IPEndPoint)peer.LocalEndPoint!;
        using UdpSocket upstream = UdpSocket.Open(new UdpSocketOptions
        {
            Local = NetworkEndpoint.From(IPAddress.Loopback, 0),
            Remote = NetworkEndpoint.From(target),
            Portable = portable,
        });
        using var batch = new MmsgBatch(4);
        peer.Close();
        for (int round = 0; round < 3; round++)
        {
            batch.Commit(12);
            upstream.Send(batch);
            upstream.Receive(batch, wait: false);
        }
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        again.Bind(target);
        again.ReceiveTimeout = 5000;
        upstream.Receive(batch, wait: false);
        batch.Commit(12);
        Assert.Equal(1, upstream.Send(batch));
        Assert.Equal(12, again.Receive(new byte[64]));
    }

    [Fact]
    public void Sockets_that_share_a_port_share_its_clients()
    {
        using UdpSocket first = Open("127.0.0.1", portable: false, share: true);
        var sharing = new UdpSocketOptions { Local = first.LocalEndpoint, SharePort = true, ReceiveTimeoutMs = 20 };
        using UdpSocket second = UdpSocket.Open(sharing);
        Assert.Equal(first.LocalEndpoint, second.LocalEndpoint);
        const int clients = 64;
        for (int index = 0; index < clients; index++)
        {
            using Socket client = Client(IPAddress.Loopback, first.LocalEndpoint.ToIPEndPoint());
            client.Send([1]);
        }
        using var batch = new MmsgBatch(128);
        int one = Drain(first, batch);
        int two = Drain(second, batch);
        Assert.Equal(clients, one + two);
        Assert.True(one > 0 && two > 0);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Waiting_sees_the_ready_socket_among_several(bool portable)
    {
        using UdpSocket first = Open("127.0.0.1", portable);
        using UdpSocket second = Open("127.0.0.1", portable);
        var readiness = new UdpReadiness(first, second);
        Assert.False(readiness.Wait(0));
        using Socket client = Client(IPAddress.Loopback, second.LocalEndpoint.ToIPEndPoint());
        client.Send([1]);
        Assert.True(readiness.Wait(5000));
        Assert.False(readiness.IsReady(0));
        Assert.True(readiness.IsReady(1));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_closed_socket_says_so(bool portable)
    {
        UdpSocket socket = Open("127.0.0.1", portable);
        using var batch = new MmsgBatch(4);
        socket.Dispose();
        Assert.Equal(-1, socket.Receive(batch, wait: true));
        Assert.False(socket.SendOne([1], NetworkEndpoint.From(IPAddress.Loopback, 9), default));
    }

    private static UdpSocket Open(string address, bool portable, bool share = false) => UdpSocket.Open(new UdpSocketOptions
    {
        Local = NetworkEndpoint.From(IPAddress.Parse(address), 0),
        Portable = portable,
        SharePort = share,
        ReceiveTimeoutMs = share ? 20 : 5000,
    });

    private static Socket Client(IPAddress local, IPEndPoint target)
    {
        var client = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        client.Bind(new IPEndPoint(local, 0));
        client.Connect(target);
        return client;
    }

    private static void Echo(UdpSocket server, MmsgBatch batch, int expected)
    {
        Assert.Equal(expected, server.Receive(batch, wait: true));
        for (int index = 0; index < expected; index++)
        {
            batch.Received(index).CopyTo(batch.NextSend);
            batch.Commit(batch.Received(index).Length, batch.Source(index), batch.Local(index));
        }
        Assert.Equal(expected, server.Send(batch));
    }

    private static int Drain(UdpSocket socket, MmsgBatch batch)
    {
        int total = 0;
        for (int count = socket.Receive(batch, wait: true); count > 0; count = socket.Receive(batch, wait: true))
        {
            total += count;
        }
        return total;
    }
}
