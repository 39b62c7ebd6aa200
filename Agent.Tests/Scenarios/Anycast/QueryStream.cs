using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios.Anycast;

/// <summary>A client that asks the anycast address for a zone's SOA again and again, and notes which answers came and how long there was
/// none.</summary>
internal sealed class QueryStream : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly Socket _socket;
    private readonly string _zone;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<ushort, bool> _open = new();
    private readonly Task _work;
    private long _lastAnswer = Stopwatch.GetTimestamp();
    private long _longest;
    private int _answers;

    public QueryStream(NetworkNamespace client, string zone)
    {
        _zone = zone;
        _socket = client.Inside(() =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(AnycastNetwork.Anycast);
            return socket;
        });
        _work = Task.WhenAll(AskAsync(), HearAsync());
    }

    /// <summary>Good answers so far.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <summary>Queries without an answer so far, the newest among them perhaps still under way.</summary>
    public int Unanswered => _open.Count;

    /// <summary>The longest time between two good answers since <see cref="BeginAsync"/>.</summary>
    public TimeSpan LongestSilence => TimeSpan.FromTicks(Volatile.Read(ref _longest));

    /// <summary>Counts from here on, once an answer came.</summary>
    public async Task BeginAsync()
    {
        await GoesOnAsync(5);
        _open.Clear();
        Volatile.Write(ref _longest, 0);
    }

    /// <summary>Waits for so many answers more.</summary>
    public Task GoesOnAsync(int answers = 25)
    {
        int from = Answers;
        return Eventually.HoldsAsync(() => Answers >= from + answers, () => $"queries to the anycast address are answered");
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _socket.Dispose();
        await _work;
        _end.Dispose();
    }

    private async Task AskAsync()
    {
        using PeriodicTimer pace = new(Pace);
        ushort id = 0;
        try
        {
            while (await pace.WaitForNextTickAsync(_end.Token))
            {
                _open[++id] = true;
                try
                {
                    await _socket.SendAsync(DnsTestMessage.Request(id, 0x0100, _zone, DnsTestMessage.TypeSoa), _end.Token);
                }
                catch (SocketException)
                {
                    // No route at this moment, or nobody listens there: an unanswered query like any other.
                }
            }
        }
        catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task HearAsync()
    {
        byte[] buffer = new byte[4096];
        while (!_end.IsCancellationRequested)
        {
            try
            {
                int length = await _socket.ReceiveAsync(buffer, _end.Token);
                DnsReply reply = new(buffer[..length], AnycastNetwork.Anycast);
                if (reply.ResponseCode == 0 && reply.Serial is not null && _open.TryRemove(reply.Id, out _)) Note();
            }
            catch (SocketException)
            {
                // The port was closed: the next answer counts again.
            }
            catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Note()
    {
        long now = Stopwatch.GetTimestamp();
        long silence = Stopwatch.GetElapsedTime(_lastAnswer, now).Ticks;
        _lastAnswer = now;
        if (silence > Volatile.Read(ref _longest)) Volatile.Write(ref _longest, silence);
        Interlocked.Increment(ref _answers);
    }
}
