using System.Buffers;
using System.Net.Sockets;
using Agent.Dns.Net;

namespace Agent.Host.Sockets;

/// <summary>Sends messages with their length in front on one TCP connection, from any thread, without waiting.</summary>
/// <remarks>
/// Messages are appended to one buffer while the other is being sent, so many small answers leave in one write and none is ever
/// cut between length and message. Who has several at once queues them and flushes behind the last: a write each would cost more than
/// all that is done to them before. A peer that does not read fills the buffer up to its bound; then the connection is lost.
/// </remarks>
internal sealed class FrameWriter : IDisposable
{
    private const int InitialBytes = 1024;

    private readonly Lock _gate = new();
    private readonly DuplexConnection _connection;
    private readonly int _queueBytesMax;
    private readonly Action _failed;
    private byte[] _filling = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private byte[] _sending = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _filled;
    private bool _isSending;
    private bool _isStarted;
    private bool _isClosed;
    private TaskCompletionSource? _drained;
    private long _sendBeganMs;

    /// <param name="connection">Closed by its owner.</param>
    /// <param name="queueBytesMax">Bound of what waits.</param>
    /// <param name="failed">Told once sending is over for good; may be called under no lock from any thread, more than once.</param>
    public FrameWriter(DuplexConnection connection, int queueBytesMax, Action failed)
    {
        _connection = connection;
        _queueBytesMax = queueBytesMax;
        _failed = failed;
    }

    /// <summary>Since when the peer has not taken what is being sent; null while nothing is being sent.</summary>
    public long? StalledSinceMs
    {
        get
        {
            lock (_gate)
            {
                return _isSending ? _sendBeganMs : null;
            }
        }
    }

    /// <summary>Begins to send; what was written before has waited.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _isStarted = true;
        }
        Flush();
    }

    /// <summary>Queues a message and sends it, unless the one before is still being sent.</summary>
    /// <returns>False when the connection is closed or was cut because the peer does not read.</returns>
    public bool TryWrite(ReadOnlySpan<byte> message)
    {
        if (!TryQueue(message))
        {
            return false;
        }
        Flush();
        return true;
    }

    /// <summary>Queues a message that leaves with the next <see cref="Flush"/>: for those who have more of them.</summary>
    /// <returns>False when the connection is closed or was cut because the peer does not read.</returns>
    public bool TryQueue(ReadOnlySpan<byte> message)
    {
        bool overflow;
        lock (_gate)
        {
            if (_isClosed)
            {
                return false;
            }
            int frame = TcpFramer.PrefixBytes + message.Length;
            overflow = _filled + frame > Math.Max(_queueBytesMax, TcpFramer.PrefixBytes + ushort.MaxValue);
            if (!overflow)
            {
                Reserve(frame);
                message.CopyTo(_filling.AsSpan(_filled + TcpFramer.PrefixBytes));
                _filled += TcpFramer.Seal(_filling.AsSpan(_filled), message.Length);
            }
        }
        if (overflow)
        {
            _failed();
        }
        return !overflow;
    }

    /// <summary>Sends what is queued, unless something is being sent: that takes the rest along.</summary>
    public void Flush()
    {
        int length;
        lock (_gate)
        {
            if (_isSending || !_isStarted || _isClosed || _filled == 0)
            {
                return;
            }
            length = Swap();
        }
        _ = SendAsync(length);
    }

    /// <summary>Waits until everything queued has gone to the kernel.</summary>
    /// <returns>False when the connection is closed.</returns>
    public async ValueTask<bool> DrainAsync()
    {
        Flush();
        Task task;
        lock (_gate)
        {
            if (_isClosed || (_filled == 0 && !_isSending))
            {
                return !_isClosed;
            }
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            task = _drained.Task;
        }
        await task;
        lock (_gate)
        {
            return !_isClosed;
        }
    }

    public void Dispose()
    {
        TaskCompletionSource? drained;
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }
            _isClosed = true;
            drained = Drained();
            ArrayPool<byte>.Shared.Return(_filling);
            _filling = [];
            if (!_isSending)
            {
                ReturnSending();
            }
        }
        drained?.TrySetResult();
    }

    private async Task SendAsync(int length)
    {
        try
        {
            while (true)
            {
                int sent = 0;
                while (sent < length)
                {
                    sent += await _connection.SendAsync(_sending.AsMemory(sent, length - sent));
                    lock (_gate)
                    {
                        _sendBeganMs = Environment.TickCount64;
                    }
                }
                if (!TryContinue(out length))
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            lock (_gate)
            {
                _isSending = false;
                if (_isClosed)
                {
                    ReturnSending();
                }
            }
            _failed();
        }
    }

    private bool TryContinue(out int length)
    {
        TaskCompletionSource? drained;
        lock (_gate)
        {
            length = 0;
            if (!_isClosed && _filled > 0)
            {
                length = Swap();
                return true;
            }
            _isSending = false;
            drained = Drained();
            if (_isClosed)
            {
                ReturnSending();
            }
        }
        drained?.TrySetResult();
        return false;
    }

    private int Swap()
    {
        (_sending, _filling) = (_filling, _sending);
        int length = _filled;
        _filled = 0;
        _isSending = true;
        _sendBeganMs = Environment.TickCount64;
        return length;
    }

    private TaskCompletionSource? Drained()
    {
        TaskCompletionSource? drained = _drained;
        _drained = null;
        return drained;
    }

    private void Reserve(int bytes)
    {
        if (_filled + bytes <= _filling.Length)
        {
            return;
        }
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_filling.Length * 2, _filled + bytes));
        _filling.AsSpan(0, _filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_filling);
        _filling = larger;
    }

    private void ReturnSending()
    {
        if (_sending.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_sending);
            _sending = [];
        }
    }
}
