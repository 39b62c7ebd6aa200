using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>
/// A master on loopback that plays recordings: SOA over UDP and TCP, AXFR over TCP in large writes, nothing else. As fast as a socket takes
/// it, so that the receiver is the limit. Each connection has a thread of its own and may ask again and again.
/// </summary>
public sealed class RecordedMaster : IAsyncDisposable
{
    private const int HeaderLength = 12;
    private const int WriteBytes = 256 * 1024;

    private readonly ConcurrentDictionary<string, TransferRecording> _zones = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Socket, byte> _connections = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _datagrams = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentDictionary<string, Hold> _holds = new(StringComparer.Ordinal);
    private volatile bool _isStopping;

    public RecordedMaster()
    {
        EndPoint = LoopbackPort.Open(IPAddress.Loopback, at =>
        {
            _datagrams.Bind(at);
            return at;
        });
        _listener.Bind(EndPoint);
        _listener.Listen(128);
        StartThread(Accept, "recorded master, accept");
        StartThread(ServeDatagrams, "recorded master, datagrams");
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Serves this version from now on; transfers under way go on with theirs.</summary>
    public void Set(TransferRecording recording) => _zones[Key(DnsTestMessage.EncodeName(recording.Zone))] = recording;

    /// <summary>Stops the next transfer of a zone after half of its messages, until it is released.</summary>
    public Hold HoldHalfway(string zone)
    {
        Hold hold = new();
        _holds[Key(DnsTestMessage.EncodeName(zone))] = hold;
        return hold;
    }

    public ValueTask DisposeAsync()
    {
        _isStopping = true;
        foreach (Hold hold in _holds.Values)
        {
            hold.Release();
        }

        _listener.Dispose();
        _datagrams.Dispose();
        foreach (Socket connection in _connections.Keys)
        {
            connection.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private static string Key(ReadOnlySpan<byte> wireName) => Convert.ToHexString(wireName).ToUpperInvariant();

    private static void StartThread(Action work, string name) => new Thread(() => work()) { IsBackground = true, Name = name }.Start();

    private void Accept() => UntilClosed(() =>
    {
        Socket connection = _listener.Accept();
        _connections[connection] = 0;
        StartThread(() => ServeConnection(connection), "recorded master, connection");
    });

    private void ServeDatagrams()
    {
        byte[] buffer = new byte[4096];
        EndPoint client = new IPEndPoint(IPAddress.Any, 0);
        UntilClosed(() =>
        {
            int length = _datagrams.ReceiveFrom(buffer, ref client);
            _datagrams.SendTo(Answer(buffer.AsSpan(0, length), out _), client);
        });
    }

    private void ServeConnection(Socket connection)
    {
        byte[] prefix = new byte[2];
        UntilClosed(() =>
        {
            ReadWhole(connection, prefix);
            byte[] query = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
            ReadWhole(connection, query);
            byte[] answer = Answer(query, out TransferRecording? whole);
            if (whole is null)
            {
                connection.Send(DnsSender.Frame(answer));
            }
            else
            {
                Play(connection, whole, query);
            }
        });
        _connections.TryRemove(connection, out _);
        connection.Dispose();
    }

    private void UntilClosed(Action step)
    {
        try
        {
            while (!_isStopping)
            {
                step();
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or EndOfStreamException)
        {
            // The other side is through, or this master is being closed.
        }
    }

    /// <summary>The single message that answers a query; with <paramref name="whole"/> set, that recording is the answer instead.</summary>
    private byte[] Answer(ReadOnlySpan<byte> query, out TransferRecording? whole)
    {
        int nameEnd = DnsTestMessage.SkipName(query, HeaderLength);
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(query[nameEnd..]);
        bool isKnown = _zones.TryGetValue(Key(Folded(query[HeaderLength..nameEnd])), out TransferRecording? zone);
        whole = isKnown && type == DnsTestMessage.TypeAxfr ? zone : null;
        bool isSoa = isKnown && type == DnsTestMessage.TypeSoa;
        byte[] question = query[HeaderLength..(nameEnd + 4)].ToArray();
        byte code = isSoa ? (byte)0 : (byte)5;
        byte[] head = [query[0], query[1], 0x84, code, 0, 1, 0, isSoa ? (byte)1 : (byte)0, 0, 0, 0, 0];
        return [.. head, .. question, .. isSoa ? zone!.Soa : []];
    }

    private static byte[] Folded(ReadOnlySpan<byte> name)
    {
        byte[] folded = name.ToArray();
        for (int i = 0; i < folded.Length; i++)
        {
            folded[i] = folded[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(folded[i] | 0x20) : folded[i];
        }

        return folded;
    }

    // The id is all that differs between two playings, so pieces are copied and patched just before they go out.
    private void Play(Socket connection, TransferRecording recording, byte[] query)
    {
        _holds.TryRemove(Key(DnsTestMessage.EncodeName(recording.Zone)), out Hold? hold);
        byte[] piece = new byte[WriteBytes + ushort.MaxValue];
        IReadOnlyList<int> starts = recording.FrameStarts;
        int frame = 0;
        while (frame < starts.Count)
        {
            if (frame >= starts.Count / 2)
            {
                hold?.Wait();
            }

            int from = starts[frame];
            int used = 0;
            while (frame < starts.Count && used < WriteBytes)
            {
                int end = frame + 1 < starts.Count ? starts[frame + 1] : recording.Stream.Length;
                recording.Stream.AsSpan(starts[frame]..end).CopyTo(piece.AsSpan(used));
                piece[used + 2] = query[0];
                piece[used + 3] = query[1];
                used = end - from;
                frame++;
            }

            for (int sent = 0; sent < used;)
            {
                sent += connection.Send(piece, sent, used - sent, SocketFlags.None);
            }
        }
    }

    private static void ReadWhole(Socket connection, byte[] buffer)
    {
        for (int read = 0; read < buffer.Length;)
        {
            int got = connection.Receive(buffer, read, buffer.Length - read, SocketFlags.None);
            read += got > 0 ? got : throw new EndOfStreamException();
        }
    }

    /// <summary>A transfer that stands still.</summary>
    public sealed class Hold
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Half of the zone was sent.</summary>
        public Task Reached => _reached.Task;

        public void Release() => _released.TrySetResult();

        internal void Wait()
        {
            _reached.TrySetResult();
            _released.Task.Wait();
        }
    }
}
