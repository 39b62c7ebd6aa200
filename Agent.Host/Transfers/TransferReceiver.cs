using System.IO.Pipelines;
using System.Net.Sockets;
using Agent.Actors.Transfers;

namespace Agent.Host.Transfers;

/// <summary>Why receiving ended.</summary>
internal enum ReceiverEnd
{
    /// <summary>The master closed or broke the connection.</summary>
    Closed,

    /// <summary>Nobody wants more.</summary>
    Stopped,

    /// <summary>The whole transfer was cancelled.</summary>
    Cancelled,

    /// <summary>Nothing came for too long.</summary>
    Idle,

    /// <summary>The total time is over and the average rate too low.</summary>
    TooSlow,
}

/// <summary>Drains the socket at full speed into a bounded pipe, and watches silence and rate.</summary>
internal sealed class TransferReceiver : IAsyncDisposable
{
    /// <summary>Room offered to each receive.</summary>
    public const int SegmentSize = 65536;

    private static readonly TimeSpan RateInterval = TimeSpan.FromSeconds(1);

    private readonly MasterConnection _connection;
    private readonly PipeWriter _writer;
    private readonly TransferLimits _limits;
    private readonly TimeProvider _clock;
    private readonly CancellationToken _cancelled;
    private readonly CancellationTokenSource _end;
    private readonly ITimer _rate;
    private readonly long _started;
    private Task<ReceiverEnd>? _loop;
    private long _bytes;
    private volatile bool _isStopped;
    private volatile bool _isTooSlow;

    public TransferReceiver(
        MasterConnection connection, PipeWriter writer, TransferLimits limits, TimeProvider clock, CancellationToken cancelled)
    {
        _connection = connection;
        _writer = writer;
        _limits = limits;
        _clock = clock;
        _cancelled = cancelled;
        _started = clock.GetTimestamp();
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        _rate = clock.CreateTimer(static receiver => ((TransferReceiver)receiver!).CheckRate(), this, limits.TotalTimeout, RateInterval);
    }

    /// <summary>Bytes received so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>
    /// The first octets, received on the caller's own way: a small zone is whole with them, and needs neither a second loop nor its end.
    /// </summary>
    public async Task ReceiveFirstAsync()
    {
        using var idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        using var token = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, _end.Token);
        if (await ReceiveOnceAsync(idle, token.Token) is not { } end)
            return;
        await _writer.CompleteAsync();
        _loop = Task.FromResult(end);
    }

    /// <summary>Goes on receiving beside the caller, unless the stream is over already.</summary>
    public void Start() => _loop ??= ReceiveAsync();

    /// <summary>Ends the loop if it still runs, and says why it ended. What was received stays in the pipe.</summary>
    public async Task<ReceiverEnd> StopAsync()
    {
        if (_loop is null)
            return ReceiverEnd.Stopped;
        if (!_loop.IsCompleted)
        {
            _isStopped = true;
            await _end.CancelAsync();
        }
        return await _loop;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _rate.DisposeAsync();
        _end.Dispose();
    }

    private async Task<ReceiverEnd> ReceiveAsync()
    {
        // One source for all receives: its timer is moved on before each and put off while the disk is waited for.
        using var idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        using var token = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, _end.Token);
        ReceiverEnd? end = null;
        while (end is null)
            end = await ReceiveOnceAsync(idle, token.Token);
        await _writer.CompleteAsync();
        return end.Value;
    }

    /// <summary>Receives once; null when more may come.</summary>
    private async ValueTask<ReceiverEnd?> ReceiveOnceAsync(CancellationTokenSource idle, CancellationToken token)
    {
        try
        {
            Memory<byte> room = _writer.GetMemory(SegmentSize / 4);
            idle.CancelAfter(_limits.IdleTimeout);
            int received = await _connection.ReceiveAsync(room, token);
            idle.CancelAfter(Timeout.InfiniteTimeSpan);
            if (received == 0)
                return ReceiverEnd.Closed;
            Interlocked.Add(ref _bytes, received);
            _writer.Advance(received);
            FlushResult flushed = await _writer.FlushAsync(_end.Token);
            return flushed.IsCompleted ? ReceiverEnd.Stopped : null;
        }
        catch (SocketException)
        {
            return ReceiverEnd.Closed;
        }
        catch (OperationCanceledException)
        {
            return Cause();
        }
    }

    private ReceiverEnd Cause()
    {
        if (_cancelled.IsCancellationRequested)
            return ReceiverEnd.Cancelled;
        if (_isTooSlow)
            return ReceiverEnd.TooSlow;
        return _isStopped ? ReceiverEnd.Stopped : ReceiverEnd.Idle;
    }

    private void CheckRate()
    {
        double seconds = _clock.GetElapsedTime(_started).TotalSeconds;
        if (Bytes >= _limits.MinimumBytesPerSecond * seconds)
            return;
        _isTooSlow = true;
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this very moment.
        }
    }
}
