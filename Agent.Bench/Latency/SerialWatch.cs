using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Latency;

/// <summary>
/// Sends a NOTIFY to one server, with the new SOA as BIND, Knot and NSD send it, and asks another (or the same) for the SOA in a tight loop
/// until it has the serial. Blocking, on one thread, with sockets that are kept: what it adds to the time is at most one question and
/// answer.
/// </summary>
internal sealed class SerialWatch : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Socket _notifying;
    private readonly SerialQuestion _question;
    private readonly string _zone;
    private readonly byte[] _answer = new byte[4096];
    private ushort _id;

    public SerialWatch(IPEndPoint notified, IPEndPoint asked, string zone)
    {
        _notifying = SerialQuestion.Connected(notified);
        _question = new SerialQuestion(asked, zone);
        _zone = zone;
    }

    /// <summary>
    /// Milliseconds from before the NOTIFY is sent to the first answer with the serial; null when it does not come: NSD has been seen to
    /// serve a transfer with the next one only.
    /// </summary>
    public double? NotifyUntilServed(uint serial)
    {
        _id++;
        byte[] notify = DnsTestMessage.NotifyOf(_id, _zone, serial);
        long started = Stopwatch.GetTimestamp();
        _notifying.Send(notify);
        while (_question.Ask() != serial)
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

    public void Dispose()
    {
        _notifying.Dispose();
        _question.Dispose();
    }
}
