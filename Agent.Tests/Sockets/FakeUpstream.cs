using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Sockets;

/// <summary>A server that plays a script: for each query, the datagrams or frames to send back, possibly none.</summary>
internal sealed class FakeUpstream : IDisposable
{
    private readonly Socket _udp;
    private readonly Socket _tcp;
    private readonly ConcurrentBag<Socket> _connections = [];
    private readonly Func<byte[], IEnumerable<byte[]>> _script;

    public FakeUpstream(Func<byte[], IEnumerable<byte[]>> script, IPEndPoint? endpoint = null)
    {
        _script = script;
        (_udp, _tcp) = endpoint is null ? LoopbackPort.Open(IPAddress.Loopback, Bound) : Bound(endpoint);
        Endpoint = (IPEndPoint)_udp.LocalEndPoint!;
        _ = ServeUdpAsync();
        _ = AcceptAsync();
    }

    public IPEndPoint Endpoint { get; }

    public ConcurrentQueue<byte[]> Queries { get; } = new();

    public ConcurrentQueue<IPEndPoint> Clients { get; } = new();

    public int ConnectionCount => _connections.Count;

    /// <summary>The query turned into an answer: QR and AA set, everything else as it came.</summary>
    public static byte[] Answer(byte[] query)
    {
        byte[] answer = [.. query];
        answer[2] |= 0x84;
        return answer;
    }

    public void SendUdp(byte[] datagram, IPEndPoint client) => _udp.SendTo(datagram, client);

    public void DropConnections()
    {
        foreach (Socket connection in _connections)
        {
            connection.Dispose();
        }
    }

    public void Dispose()
    {
        _udp.Dispose();
        _tcp.Dispose();
        DropConnections();
    }

    private static (Socket Udp, Socket Tcp) Bound(IPEndPoint endpoint)
    {
        var udp = new Socket(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        var tcp = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            udp.Bind(endpoint);
            tcp.Bind(udp.LocalEndPoint!);
            tcp.Listen(16);
            return (udp, tcp);
        }
        catch
        {
            udp.Dispose();
            tcp.Dispose();
            throw;
        }
    }

    private async Task ServeUdpAsync()
    {
        byte[] buffer = new byte[65535];
        try
        {
            while (true)
            {
                SocketReceiveFromResult received = await _udp.ReceiveFromAsync(buffer, Endpoint);
                byte[] query = buffer[..received.ReceivedBytes];
                Queries.Enqueue(query);
                Clients.Enqueue((IPEndPoint)received.RemoteEndPoint);
                foreach (byte[] answer in _script(query))
                {
                    await _udp.SendToAsync(answer, received.RemoteEndPoint);
                }
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket connection = await _tcp.AcceptAsync();
                _connections.Add(connection);
                _ = ServeTcpAsync(connection);
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeTcpAsync(Socket connection)
    {
        using var framer = new TcpFramer();
        try
        {
            while (true)
            {
                int count = await connection.ReceiveAsync(framer.ReceiveBuffer, SocketFlags.None);
                if (count == 0)
                {
                    return;
                }
                framer.Advance(count);
                while (framer.TryRead(out ReadOnlyMemory<byte> query))
                {
                    Queries.Enqueue(query.ToArray());
                    foreach (byte[] answer in _script(query.ToArray()))
                    {
                        await connection.SendAsync(Frame(answer), SocketFlags.None);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
            // The connection was dropped.
        }
    }

    internal static byte[] Frame(byte[] message)
    {
        byte[] frame = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)message.Length);
        message.CopyTo(frame, 2);
        return frame;
    }
}
