using System.Diagnostics;

namespace Agent.Bench.Rolling;

/// <summary>One zone that changes steadily: when its NOTIFYs were answered, and when its changes were seen. Thread-safe.</summary>
internal sealed class ZoneUnderLoad(string name)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<uint, long> _unseen = [];
    private long _answeredAt = Stopwatch.GetTimestamp();
    private TimeSpan _longestGap;
    private TimeSpan _longestUnseen;

    public string Name => name;

    public void Told(uint serial)
    {
        lock (_gate) _unseen[serial] = Stopwatch.GetTimestamp();
    }

    public void Answered()
    {
        lock (_gate)
        {
            _longestGap = Longer(_longestGap, _answeredAt);
            _answeredAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>A server shows this serial; changes up to it are served.</summary>
    public void Seen(uint serial)
    {
        lock (_gate)
        {
            while (_unseen.Count > 0 && _unseen.First() is var oldest && oldest.Key <= serial)
            {
                _longestUnseen = Longer(_longestUnseen, oldest.Value);
                _unseen.Remove(oldest.Key);
            }
        }
    }

    /// <summary>The longest time without an answered NOTIFY and the longest until a change was seen, since the last call; what lasts still
    /// counts as far as it has come.</summary>
    public (TimeSpan Gap, TimeSpan Unseen) TakeLongest()
    {
        lock (_gate)
        {
            TimeSpan gap = Longer(_longestGap, _answeredAt);
            TimeSpan unseen = _unseen.Count > 0 ? Longer(_longestUnseen, _unseen.First().Value) : _longestUnseen;
            (_longestGap, _longestUnseen) = (TimeSpan.Zero, TimeSpan.Zero);
            return (gap, unseen);
        }
    }

    private static TimeSpan Longer(TimeSpan longest, long since)
    {
        TimeSpan now = Stopwatch.GetElapsedTime(since);
        return now > longest ? now : longest;
    }
}
