using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// A master that has every zone it is asked for, each with the same few records and one serial for all: made to cost next to nothing
/// beside what is measured. Everything behind the question is the same octets for every zone, because owners point at the question.
/// With each serial the address of the first host is another one.
/// </summary>
public sealed class SmallZoneMaster : IAsyncDisposable
{
    private const int HeaderSize = 12;
    private const ushort ResponseFlags = 0x8400;

    private readonly TcpListener _listener;
    private readonly Socket _datagrams;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _receiver;
    private readonly Task _acceptor;
    private readonly int _hosts;
    private volatile Content _content;

    /// <param name="hosts">Address records in each zone, besides SOA, NS and the address of the name server; at least one.</param>
    public SmallZoneMaster(int hosts)
    {
        EndPoint = new IPEndPoint(IPAddress.Loopback, LoopbackPort.Next());
        _hosts = hosts;
        _content = new Content(1, hosts);
        _listener = new TcpListener(EndPoint);
        _listener.Start(512);
        _datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 22 };
        _datagrams.Bind(EndPoint);
        _receiver = new Thread(Receive) { IsBackground = true, Name = "small zone master" };
        _receiver.Start();
        _acceptor = AcceptAsync();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Of every zone.</summary>
    public uint Serial
    {
        get => _content.Serial;
        set => _content = new Content(value, _hosts);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        _datagrams.Dispose();
        await _acceptor;
        _receiver.Join();
        _stop.Dispose();
    }

    /// <summary>The answer to a query, by TCP also the whole zone in one message; null when the query cannot be read.</summary>
    private byte[]? Answer(ReadOnlySpan<byte> query, bool isTcp)
    {
        int at = HeaderSize;
        while (at < query.Length && query[at] != 0)
        {
            at += query[at] + 1;
        }

        int end = at + 5;
        if (end > query.Length)
        {
            return null;
        }

        bool isTransfer = isTcp && BinaryPrimitives.ReadUInt16BigEndian(query[(at + 1)..]) >= DnsTestMessage.TypeIxfr;
        Content content = _content;
        byte[] answer = [.. query[..end], .. isTransfer ? content.Transfer : content.Soa];
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), ResponseFlags);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)(isTransfer ? _hosts + 4 : 1));
        answer.AsSpan(8, 4).Clear();
        return answer;
    }

    private void Receive()
    {
        byte[] buffer = new byte[4096];
        try
        {
            SocketAddress sender = new(AddressFamily.InterNetwork);
            while (!_stop.IsCancellationRequested)
            {
                int length = _datagrams.ReceiveFrom(buffer, SocketFlags.None, sender);
                if (Answer(buffer.AsSpan(0, length), isTcp: false) is { } answer)
                {
                    _datagrams.SendTo(answer, SocketFlags.None, sender);
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task AcceptAsync()
    {
        List<Task> sessions = [];
        try
        {
            while (true)
            {
                sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
                sessions.RemoveAll(session => session.IsCompleted);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped.
        }

        await Task.WhenAll(sessions);
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                NetworkStream stream = client.GetStream();
                while (await DnsSender.ReadFramedAsync(stream, _stop.Token) is { } query && Answer(query, isTcp: true) is { } answer)
                {
                    await stream.WriteAsync(DnsSender.Frame(answer), _stop.Token);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // Stopped, or the client is gone.
        }
    }

    /// <summary>What stands behind the question. Exchanged as a whole, so that no answer mixes two serials.</summary>
    private sealed class Content
    {
        private static readonly byte[] Apex = [0xC0, HeaderSize];

        public Content(uint serial, int hosts)
        {
            Serial = serial;
            byte[] rdata =
                [1, (byte)'m', .. Apex, 1, (byte)'h', .. Apex, 0, 0, 0, 0, 0, 0, 14, 16, 0, 0, 2, 88, 0, 1, 81, 128, 0, 0, 1, 44];
            BinaryPrimitives.WriteUInt32BigEndian(rdata.AsSpan(8), serial);
            Soa = [.. Record(Apex, DnsTestMessage.TypeSoa, rdata)];
            Transfer = [.. Soa, .. Body(serial, hosts), .. Soa];
        }

        public uint Serial { get; }

        public byte[] Soa { get; }

        public byte[] Transfer { get; }

        private static IEnumerable<byte> Record(ReadOnlySpan<byte> owner, ushort type, byte[] rdata) =>
        [
            .. owner, (byte)(type >> 8), (byte)type, 0, 1, 0, 0, 0x0E, 0x10, (byte)(rdata.Length >> 8), (byte)rdata.Length, .. rdata,
        ];

        private static List<byte> Body(uint serial, int hosts)
        {
            byte[] nameServer = [3, (byte)'n', (byte)'s', (byte)'1', .. Apex];
            List<byte> body = [.. Record(Apex, 2, nameServer), .. Record(nameServer, 1, [127, 0, 0, 1])];
            for (int host = 0; host < hosts; host++)
            {
                byte[] owner = [3, (byte)'h', (byte)('a' + (host / 26 % 26)), (byte)('a' + (host % 26)), .. Apex];
                byte[] address = host == 0
                    ? [198, 18, (byte)(serial >> 8), (byte)serial]
                    : [192, 0, (byte)(2 + (host / 250)), (byte)(1 + (host % 250))];
                body.AddRange(Record(owner, 1, address));
            }

            return body;
        }
    }
}
