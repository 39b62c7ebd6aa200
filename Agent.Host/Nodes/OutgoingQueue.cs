namespace Agent.Host.Nodes;

/// <summary>
/// The frames that wait for one peer, and how many the peer may be sent. Bounded in frames and octets; what does not fit is not taken.
/// Every thread may add; one takes.
/// </summary>
internal sealed class OutgoingQueue(int framesMax, int octetsMax, int window)
{
    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _frames = new();
    private readonly AsyncSignal _signal = new();
    private long _octets;
    private long _sent;
    private long _taken;
    private long _movedAt = Environment.TickCount64;

    /// <summary>Frames and octets that wait.</summary>
    public (int Frames, long Octets) Waiting
    {
        get
        {
            lock (_gate) return (_frames.Count, _octets);
        }
    }

    /// <summary>How long the peer has taken nothing of what it was sent; zero when it has taken all.</summary>
    public TimeSpan Stalled
    {
        get
        {
            lock (_gate) return _sent == _taken ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - _movedAt);
        }
    }

    public bool TryAdd(byte[] frame)
    {
        lock (_gate)
        {
            if (_frames.Count >= framesMax || _octets + frame.Length > octetsMax) return false;
            _frames.Enqueue(frame);
            _octets += frame.Length;
        }
        _signal.Set();
        return true;
    }

    /// <summary>Fills a buffer with whole frames, as far as the peer has room for them; a frame larger than the buffer comes alone, in
    /// <paramref name="large"/>.</summary>
    public int Take(Span<byte> buffer, out byte[]? large)
    {
        large = null;
        int used = 0;
        lock (_gate)
        {
            if (_sent == _taken) _movedAt = Environment.TickCount64;
            while (_sent - _taken < window && _frames.TryPeek(out byte[]? frame))
            {
                bool isLarge = frame.Length > buffer.Length;
                if (isLarge ? used > 0 : frame.Length > buffer.Length - used) break;
                _frames.Dequeue();
                _octets -= frame.Length;
                _sent++;
                if (isLarge)
                {
                    large = frame;
                    break;
                }
                frame.CopyTo(buffer[used..]);
                used += frame.Length;
            }
        }
        return used;
    }

    /// <summary>Notes how many frames the peer has taken in all; false when that is impossible.</summary>
    public bool Taken(long count)
    {
        lock (_gate)
        {
            if (count < _taken || count > _sent) return false;
            if (count > _taken) _movedAt = Environment.TickCount64;
            _taken = count;
        }
        _signal.Set();
        return true;
    }

    /// <summary>Waits until something may have changed, at most <paramref name="atMost"/>.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancelled) => _signal.WaitAsync(atMost, cancelled);
}
