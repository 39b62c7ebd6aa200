using Agent.Actors.Kernel;

namespace Agent.Actors.Journal;

/// <summary>
/// Whether a batch should wait for company. It costs the same for one entry and for ten, and beside many zones that come one after the
/// other nobody feels some milliseconds; a zone that changes alone would feel them.
/// </summary>
/// <remarks>
/// It waits only while many zones come (<see cref="CrowdMin"/>), and only as long as waiting pays: where nobody came in the second half of
/// the wait, as when all who work at once are waiting already, the time is halved, down to none. It is doubled where several came then, and
/// once a second the longest is tried again.
/// </remarks>
internal sealed class JournalCrowd
{
    /// <summary>So many zones within a tenth of a second are a crowd.</summary>
    public const int CrowdMin = 32;

    /// <summary>From the beginning of one batch to that of the next, at most.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(10);

    private const int CountedMax = 1024;

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Span = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Trial = TimeSpan.FromSeconds(1);

    private HashSet<IActorRef> _now = [];
    private HashSet<IActorRef> _before = [];
    private TimeSpan _spanEnds;
    private TimeSpan _pause;
    private TimeSpan _trialAt;
    private TimeSpan _batchBegan;
    private TimeSpan? _waitsSince;
    private int _late;

    /// <summary>When the next batch begins however few wait; for a crowd.</summary>
    public TimeSpan PauseEnds => _batchBegan + _pause;

    /// <summary>Somebody wants something durable and waits for it.</summary>
    public void Came(IActorRef zone, TimeSpan now)
    {
        Turn(now);
        if (_now.Count < CountedMax) _now.Add(zone);
        if (_waitsSince is { } since && now - since >= PauseEnds - now) _late++;
    }

    /// <summary>Whether a batch of so many requests should begin now; otherwise at <see cref="PauseEnds"/>.</summary>
    public bool IsEnough(int waiting, TimeSpan now)
    {
        Turn(now);
        if (now >= _trialAt)
        {
            _trialAt = now + Trial;
            _pause = PauseMax;
        }

        int size = Math.Max(_before.Count, _now.Count);
        if (size < CrowdMin || waiting >= size / 4 || PauseEnds <= now) return true;
        _waitsSince ??= now;
        return false;
    }

    /// <summary>A batch begins that has waited until <see cref="PauseEnds"/>.</summary>
    public void PauseOver()
    {
        if (_late == 0) _pause = _pause / 2 < PauseMin ? TimeSpan.Zero : _pause / 2;
        else if (_late > 1 && _pause < PauseMax) _pause *= 2;
    }

    /// <summary>A batch begins.</summary>
    public void BatchBegins(TimeSpan now)
    {
        _batchBegan = now;
        _waitsSince = null;
        _late = 0;
    }

    private void Turn(TimeSpan now)
    {
        if (now < _spanEnds) return;
        bool isLate = now >= _spanEnds + Span;
        (_before, _now) = (_now, _before);
        _now.Clear();
        if (isLate) _before.Clear();
        _spanEnds = now + Span;
    }
}
