using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// Asks a server for the same SOA about a thousand times a second, from a thread of its own, as long as it lives: what its clients feel
/// while its zones are changed. One question at a time, so a standstill counts once and at its full length.
/// </summary>
internal sealed class AnswerLatency : IDisposable
{
    private const int PatienceMilliseconds = 5000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _query;
    private readonly List<double> _milliseconds = [];
    private readonly Thread _asker;
    private volatile bool _isStopped;

    public AnswerLatency(IPEndPoint server, string zone)
    {
        _socket.Connect(server);
        _socket.ReceiveTimeout = PatienceMilliseconds;
        _query = DnsTestMessage.Request(1, 0, zone, DnsTestMessage.TypeSoa);
        _asker = new Thread(Ask) { IsBackground = true, Name = "answer latency" };
        _asker.Start();
    }

    /// <summary>Stops asking and hands over what was measured, in milliseconds.</summary>
    public void StopInto(Samples samples)
    {
        Dispose();
        samples.AddRange(_milliseconds);
    }

    public void Dispose()
    {
        _isStopped = true;
        _asker.Join();
        _socket.Dispose();
    }

    private void Ask()
    {
        byte[] buffer = new byte[512];
        while (!_isStopped)
        {
            long sent = Stopwatch.GetTimestamp();
            try
            {
                _socket.Send(_query);
                _socket.Receive(buffer);
            }
            catch (SocketException)
            {
                // No answer in time: the time waited counts.
            }

            _milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            Thread.Sleep(Pause);
        }
    }
}
