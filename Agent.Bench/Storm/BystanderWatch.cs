using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Storm;

/// <summary>
/// Changes one zone again and again, from a thread of its own, and measures from NOTIFY to served: what a zone feels of what the others do.
/// One change at a time, so a standstill counts once and at its full length. It asks once in a millisecond, which costs little beside what
/// else goes on.
/// </summary>
internal sealed class BystanderWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Repetition = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FastMaster _master;
    private readonly string _zone;
    private readonly Socket _notifying;
    private readonly SerialQuestion _question;
    private readonly byte[] _notify;
    private readonly byte[] _answer = new byte[4096];
    private readonly List<double> _milliseconds = [];
    private readonly Thread _thread;
    private volatile bool _isStopped;
    private ushort _id;

    public BystanderWatch(StormSide side, FastMaster master, string zone)
    {
        _master = master;
        _zone = zone;
        _notifying = SerialQuestion.Connected(side.Notified);
        _question = new SerialQuestion(side.Asked, zone);
        _notify = DnsTestMessage.Request(1, WorkerClient.NotifyFlags, zone, DnsTestMessage.TypeSoa);
        _thread = new Thread(Run) { IsBackground = true, Name = "bystander" };
        _thread.Start();
    }

    /// <summary>Ends with the change that is under way and hands over what was measured, in milliseconds.</summary>
    public void StopInto(Samples samples)
    {
        Dispose();
        samples.AddRange(_milliseconds);
    }

    public void Dispose()
    {
        _isStopped = true;
        _thread.Join();
        _notifying.Dispose();
        _question.Dispose();
    }

    private void Run()
    {
        do
        {
            long started = Stopwatch.GetTimestamp();
            uint serial = _master.SerialOf(_zone) + 1;
            _master.SetSerial(_zone, serial);
            ChangeOnce(serial, started);
            TimeSpan taken = Stopwatch.GetElapsedTime(started);
            _milliseconds.Add(taken.TotalMilliseconds);
            if (taken < Interval && !_isStopped) Thread.Sleep(Interval - taken);
        }
        while (!_isStopped);
    }

    /// <summary>Tells of it, again each second, until it is served; a server that never serves it is not waited for.</summary>
    private void ChangeOnce(uint serial, long started)
    {
        TimeSpan nextNotify = TimeSpan.Zero;
        while (Stopwatch.GetElapsedTime(started) is var passed && passed < Patience)
        {
            if (passed >= nextNotify)
            {
                _id++;
                BinaryPrimitives.WriteUInt16BigEndian(_notify, _id);
                _notifying.Send(_notify);
                nextNotify += Repetition;
            }

            if (_question.Ask() == serial) break;
            Thread.Sleep(BetweenLooks);
        }

        while (_notifying.Available > 0) _notifying.Receive(_answer);
    }
}
