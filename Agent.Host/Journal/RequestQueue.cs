using System.Diagnostics.CodeAnalysis;

namespace Agent.Host.Journal;

/// <summary>
/// What waits for the journal's thread, in order and bounded. Whoever takes sleeps until something comes: requests are a commit apart, and
/// a thread that looks again and again until then takes the processor from those who are to write the next one.
/// </summary>
internal sealed class RequestQueue<T>(int capacity)
    where T : notnull
{
    private readonly object _gate = new();
    private readonly Queue<T> _waiting = new();
    private bool _isClosed;

    /// <summary>Whether nothing is taken in any more.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate) return _isClosed;
        }
    }

    /// <summary>Whether it is closed and nothing is left in it.</summary>
    public bool IsFinished
    {
        get
        {
            lock (_gate) return _isClosed && _waiting.Count == 0;
        }
    }

    /// <summary>False when as many wait as may, and when the queue is closed.</summary>
    public bool TryAdd(T request)
    {
        lock (_gate)
        {
            if (_isClosed || _waiting.Count >= capacity) return false;
            _waiting.Enqueue(request);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Waits for the next one. False when the queue is closed and empty, or when the time is over.</summary>
    /// <param name="patience">How long at most; <see cref="Timeout.InfiniteTimeSpan"/> for as long as it takes.</param>
    public bool TryTake(TimeSpan patience, [MaybeNullWhen(false)] out T request)
    {
        lock (_gate)
        {
            while (!_waiting.TryDequeue(out request))
            {
                if (_isClosed || !Monitor.Wait(_gate, patience)) return _waiting.TryDequeue(out request);
            }

            return true;
        }
    }

    /// <summary>Takes nothing in any more; what waits is still given out.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }
    }
}
