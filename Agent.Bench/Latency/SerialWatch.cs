using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Latency;

/// <summary>
/// Sends a NOTIFY to one server and asks another (or the same) for the SOA in a tight loop until it has the serial. Blocking, on one
/// thread, with sockets that are kept: what it adds to the time is at most one question and answer.
/// </summary>
internal sealed class SerialWatch : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Socket _notifying;
    private readonly Socket _asking;
    private readonly byte[] _notify;
    private readonly byte[] _question;
    private readonly byte[] _answer = new byte[4096];
    private ushort _id;

    public SerialWatch(IPEndPoint notified, IPEndPoint asked, string zone)
    {
        _notifying = Connected(notified);
        _asking = Connected(asked);
        _notify = DnsTestMessage.Request(1, WorkerClient.NotifyFlags, zone, DnsTestMessage.TypeSoa);
        _question = DnsTestMessage.Request(1, 0, zone, DnsTestMessage.TypeSoa);
    }

    /// <summary>
    /// Milliseconds from before the NOTIFY is sent to the first answer with the serial; null when it does not come: NSD has been seen to
    /// serve a transfer with the next one only.
    /// </summary>
    public double? NotifyUntilServed(uint serial)
    {
        _id++;
        BinaryPrimitives.WriteUInt16BigEndian(_notify, _id);
        long started = Stopwatch.GetTimestamp();
        _notifying.Send(_notify);
        while (Ask() != serial)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                return null;
            }
        }

        double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        while (_notifying.Available > 0)
        {
            _notifying.Receive(_answer);
        }

        return milliseconds;
    }

    /// <summary>The serial that is served now; null when there is no answer, or none with an SOA.</summary>
    public uint? Ask()
    {
        _id++;
        BinaryPrimitives.WriteUInt16BigEndian(_question, _id);
        try
        {
            _asking.Send(_question);
            int length;
            do
            {
                length = _asking.Receive(_answer);
            }
            while (BinaryPrimitives.ReadUInt16BigEndian(_answer) != _id);
            return new DnsReply(_answer[..length], (IPEndPoint)_asking.RemoteEndPoint!).Serial;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _notifying.Dispose();
        _asking.Dispose();
    }

    private static Socket Connected(IPEndPoint server)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 1000 };
        socket.Connect(server);
        return socket;
    }
}
