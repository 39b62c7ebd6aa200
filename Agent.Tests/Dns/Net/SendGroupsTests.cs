using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Net;

namespace Agent.Tests.Dns.Net;

/// <summary>Datagrams that leave together arrive as they would have one by one.</summary>
public sealed class SendGroupsTests
{
    private static readonly NetworkEndpoint A = NetworkEndpoint.FromIPv4(0x7F000001, 5300);
    private static readonly NetworkEndpoint B = NetworkEndpoint.FromIPv4(0x7F000001, 5301);

    [Fact]
    public void Same_length_and_same_ends_make_a_group_in_their_order()
    {
        using var batch = new MmsgBatch(8, 512);
        Commit(batch, 30, A);
        Commit(batch, 40, A);
        Commit(batch, 30, B);
        Commit(batch, 30, A);
        Commit(batch, 40, A);
        batch.Commit(30, A, B);
        batch.Groups.Sort(batch, together: true, connected: false);
        Assert.Equal([[0, 3], [1, 4], [2], [5]], Groups(batch));
        batch.Groups.Sort(batch, together: true, connected: true);
        Assert.Equal([[0, 2, 3, 5], [1, 4]], Groups(batch));
        batch.Groups.Sort(batch, together: false, connected: true);
        Assert.Equal(6, batch.Groups.Count);
    }

    [Fact]
    public void One_that_is_alone_is_the_tail_of_longer_ones()
    {
        using var batch = new MmsgBatch(16, 512);
        Commit(batch, 30, A);
        Commit(batch, 42, A);
        Commit(batch, 30, B);
        Commit(batch, 41, A);
        Commit(batch, 40, A);
        Commit(batch, 42, A);
        Commit(batch, 39, A);
        Commit(batch, 40, A);
        Commit(batch, 41, B);
        Commit(batch, 0, B);
        batch.Groups.Sort(batch, together: true, connected: false);

        // A group has one tail, which is shorter than the others and goes to the same ends; an empty datagram is nobody's.
        Assert.Equal([[1, 5, 6], [3, 0], [4, 7], [8, 2], [9]], Groups(batch).OrderBy(group => group[0]));
    }

    [Fact]
    public void Empty_and_large_datagrams_go_alone_and_no_group_outgrows_the_kernels_bound()
    {
        using var batch = new MmsgBatch(200, 4096);
        Commit(batch, 0, A);
        Commit(batch, 0, A);
        Commit(batch, SendGroups.MemberBytesMax + 1, A);
        Commit(batch, SendGroups.MemberBytesMax + 1, A);
        for (int index = 0; index < SendGroups.MembersMax + 1; index++)
        {
            Commit(batch, SendGroups.MemberBytesMax, A);
        }
        batch.Groups.Sort(batch, together: true, connected: true);
        Assert.Equal([1, 1, 1, 1, SendGroups.MembersMax, 1], Groups(batch).Select(group => group.Length));
        // All that one message may carry, over IPv4.
        Assert.InRange(SendGroups.MembersMax * SendGroups.MemberBytesMax, 1, 65507);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("0.0.0.0", "127.0.0.3")]
    [InlineData("::", "127.0.0.3")]
    [InlineData("::", "::1")]
    public void Every_datagram_arrives_whole_at_its_destination(string bound, string asked)
    {
        using UdpSocket sender = Open(bound);
        NetworkEndpoint local = NetworkEndpoint.From(IPAddress.Parse(asked), sender.LocalEndpoint.Port);
        using Socket first = Client(local);
        using Socket second = Client(local);
        Socket[] clients = [first, second];
        using var batch = new MmsgBatch(64);
        byte[][] sent = Fill(batch, 64, index => Of(clients[index % 2]), local);
        Assert.Equal(64, sender.Send(batch));
        Assert.Equal(0, sender.SendDrops);
        for (int index = 0; index < 2; index++)
        {
            Assert.Equal(
                sent.Where((_, at) => at % 2 == index).Select(Convert.ToHexString).Order(StringComparer.Ordinal),
                Enumerable.Range(0, 32).Select(_ => Convert.ToHexString(Receive(clients[index]))).Order(StringComparer.Ordinal));
            Assert.Equal(0, clients[index].Available);
        }
    }

    [Fact]
    public void A_connected_socket_sends_many_sizes()
    {
        using UdpSocket server = Open("127.0.0.1");
        using UdpSocket sender = UdpSocket.Open(new UdpSocketOptions
        {
            Local = NetworkEndpoint.FromIPv4(0, 0), Remote = server.LocalEndpoint,
        });
        using var batch = new MmsgBatch(128);
        byte[][] sent = Fill(batch, 128, _ => default, default);
        Assert.Equal(128, sender.Send(batch));
        var received = new List<string>();
        using var arrived = new MmsgBatch(128);
        while (received.Count < 128)
        {
            int count = server.Receive(arrived, wait: true);
            Assert.True(count > 0);
            received.AddRange(Enumerable.Range(0, count).Select(index => Convert.ToHexString(arrived.Received(index))));
        }
        Assert.Equal(
            sent.Select(Convert.ToHexString).Order(StringComparer.Ordinal), received.Order(StringComparer.Ordinal));
    }

    /// <summary>Port 0 can be forged as a source. It must neither take others with it nor end sending together.</summary>
    [Fact]
    public void A_group_that_cannot_be_sent_costs_the_others_nothing()
    {
        using UdpSocket sender = Open("127.0.0.1");
        using Socket client = Client(sender.LocalEndpoint);
        using var batch = new MmsgBatch(64);
        for (int round = 0; round < 3; round++)
        {
            Fill(batch, 64, index => index % 2 == 0 ? Of(client) with { Port = 0 } : Of(client), sender.LocalEndpoint);
            Assert.Equal(32, sender.Send(batch));
            Assert.Equal(32 * (round + 1), sender.SendDrops);
            for (int index = 0; index < 32; index++)
            {
                Receive(client);
            }
            Assert.Equal(0, client.Available);
        }
        Assert.True(((UdpBatchSocket)sender).SendsTogether);
    }

    private static UdpSocket Open(string address) => UdpSocket.Open(new UdpSocketOptions
    {
        Local = NetworkEndpoint.From(IPAddress.Parse(address), 0), ReceiveTimeoutMs = 10_000,
    });

    /// <summary>Connected, so that only answers from the very address that was asked arrive.</summary>
    private static Socket Client(in NetworkEndpoint server)
    {
        IPAddress address = server.ToIPAddress();
        var client = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
        client.Bind(new IPEndPoint(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, 0));
        client.Connect(server.ToIPEndPoint());
        return client;
    }

    private static NetworkEndpoint Of(Socket socket) => NetworkEndpoint.From((IPEndPoint)socket.LocalEndPoint!);

    private static byte[] Receive(Socket socket)
    {
        byte[] buffer = new byte[65535];
        return buffer[..socket.Receive(buffer)];
    }

    private static void Commit(MmsgBatch batch, int length, NetworkEndpoint destination) => batch.Commit(length, destination, default);

    /// <summary>Datagrams of a few lengths, each with its number in front.</summary>
    private static byte[][] Fill(MmsgBatch batch, int count, Func<int, NetworkEndpoint> destination, NetworkEndpoint local)
    {
        var sent = new byte[count][];
        for (int index = 0; index < count; index++)
        {
            sent[index] = new byte[(index % 5) switch { 0 => 33, 1 => 34, 2 => 1232, 3 => 33, _ => 1400 }];
            sent[index].AsSpan().Fill((byte)index);
            BinaryPrimitives.WriteInt32BigEndian(sent[index], index);
            sent[index].CopyTo(batch.NextSend);
            batch.Commit(sent[index].Length, destination(index), local);
        }
        return sent;
    }

    private static int[][] Groups(MmsgBatch batch) =>
        [.. Enumerable.Range(0, batch.Groups.Count).Select(group => Members(batch.Groups, group))];

    private static int[] Members(SendGroups groups, int group)
    {
        var members = new List<int>();
        for (int index = groups.First(group); index >= 0; index = groups.Next(index))
        {
            members.Add(index);
        }
        Assert.Equal(groups.Members(group), members.Count);
        return [.. members];
    }
}
