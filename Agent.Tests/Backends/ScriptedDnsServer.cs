using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends;

/// <summary>Answers by UDP and TCP with the octets that a test makes of each query; for UDP there may be none, or several.</summary>
internal sealed class ScriptedDnsServer : IAsyncDisposable
{
    private readonly Socket _udp;
    private readonly TcpListener _tcp;
    private readonly CancellationTokenSource _end = new();
    private readonly Func<byte[], IEnumerable<byte[]>> _udpScript;
    private readonly Func<byte[], byte[]?> _tcpScript;
    private readonly Task _serving;
    private int _udpQueries;
    private int _tcpQueries;

    public ScriptedDnsServer(Func<byte[], byte[]> script)
        : this(query => [script(query)], query => script(query))
    {
    }

    public ScriptedDnsServer(Func<byte[], IEnumerable<byte[]>> udpScript, Func<byte[], byte[]?> tcpScript, int? port = null)
    {
        _udpScript = udpScript;
        _tcpScript = tcpScript;
        (_udp, _tcp) = port is { } asked
            ? Bound(new IPEndPoint(IPAddress.Loopback, asked))
            : LoopbackPort.Open(IPAddress.Loopback, Bound);
        _serving = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync());
    }

    public IPEndPoint EndPoint => (IPEndPoint)_udp.LocalEndPoint!;

    public int UdpQueries => _udpQueries;

    /// <summary>From which ports they came, in their order.</summary>
    public ConcurrentQueue<int> UdpPorts { get; } = new();

    public int TcpQueries => _tcpQueries;

    /// <summary>The query without its OPT, turned into an answer with these flags and nothing more.</summary>
    public static byte[] Answer(byte[] query, ushort flags)
    {
        var reader = new MessageReader(query);
        while (reader.TryReadQuestion(out _))
        {
        }

        byte[] answer = query[..reader.Offset];
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), flags);
        answer.AsSpan(10, 2).Clear();
        return answer;
    }

    public static byte[] Refuse(byte[] query) => Answer(query, 0x8005);

    /// <summary>The query turned into an answer with a SOA of this serial.</summary>
    public static byte[] AnswerSoa(byte[] query, uint serial, ushort flags = 0x8400)
    {
        byte[] numbers = new byte[20];
        BinaryPrimitives.WriteUInt32BigEndian(numbers, serial);
        byte[] answer = [.. Answer(query, flags), 0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 60, 0, 24, 0xc0, 12, 0xc0, 12, .. numbers];
        answer[7] = 1;
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _udp.Dispose();
        _tcp.Stop();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                SocketReceiveFromResult got = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _end.Token);
                Interlocked.Increment(ref _udpQueries);
                UdpPorts.Enqueue(((IPEndPoint)got.RemoteEndPoint).Port);
                foreach (byte[] answer in _udpScript(buffer[..got.ReceivedBytes]))
                    await _udp.SendToAsync(answer, got.RemoteEndPoint, _end.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeTcpAsync()
    {
        try
        {
            while (true)
            {
                using Socket socket = await _tcp.AcceptSocketAsync(_end.Token);
                await using NetworkStream stream = new(socket);
                byte[] length = new byte[2];
                await stream.ReadExactlyAsync(length, _end.Token);
                byte[] query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(query, _end.Token);
                Interlocked.Increment(ref _tcpQueries);
                if (_tcpScript(query) is not { } answer)
                    continue;
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
                await stream.WriteAsync((byte[])[.. length, .. answer], _end.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static (Socket Udp, TcpListener Tcp) Bound(IPEndPoint place)
    {
        Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        TcpListener tcp = new(place);
        try
        {
            udp.Bind(place);
            tcp.Start();
            return (udp, tcp);
        }
        catch
        {
            udp.Dispose();
            tcp.Dispose();
            throw;
        }
    }
}
