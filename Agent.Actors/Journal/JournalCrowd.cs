using Agent.Actors.Kernel;

namespace Agent.Actors.Journal;

/// <summary>
/// How many zones have lately had something for the journal that they wait for: whether it pays to wait for company. A batch costs the
/// same for one entry and for ten, and beside a crowd nobody feels ten milliseconds; a zone that changes alone would feel them.
/// </summary>
/// <remarks>It counts zones, not entries: few writers, each with the next entry as soon as the last is durable, are no crowd however fast
/// they are, and would only wait for themselves.</remarks>
internal sealed class JournalCrowd
{
    /// <summary>So many zones are a crowd.</summary>
    public const int CrowdMin = 32;

    /// <summary>From the beginning of one batch to that of the next, at most, while too few of a crowd wait.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private const int CountedMax = 1024;

    private static readonly TimeSpan Span = TimeSpan.FromMilliseconds(100);

    private HashSet<IActorRef> _now = [];
    private HashSet<IActorRef> _before = [];
    private TimeSpan _spanEnds;

    /// <summary>Somebody wants something durable and waits for it.</summary>
    public void Came(IActorRef zone, TimeSpan now)
    {
        Turn(now);
        if (_now.Count < CountedMax) _now.Add(zone);
    }

    /// <summary>Whether a batch of so many requests is worth its price; otherwise more will come within <see cref="Pause"/>.</summary>
    public bool IsEnough(int waiting, TimeSpan now)
    {
        Turn(now);
        int size = Math.Max(_before.Count, _now.Count);
        return size < CrowdMin || waiting >= size / 4;
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
