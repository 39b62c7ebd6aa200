using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Actors.Journal;

/// <summary>
/// What waits for the store. When more waits than one batch takes, half of a batch is for what has waited longest and the other half for
/// what came last of that for which somebody waits, so that a zone that changes beside a crowd need not wait for all of it.
/// </summary>
/// <remarks>
/// What one zone has waiting keeps its order: who overtakes others takes along all that the zone has waiting. While a read waits, which has
/// to see all that was asked before it, everything keeps its order. What a batch costs does not grow with the number of those who wait.
/// </remarks>
internal sealed class JournalLine
{
    // What was taken out of its turn stays in these until it comes to their end, and is passed over.
    private readonly TwoEndedLine<Waiting> _all = new();
    private readonly TwoEndedLine<Waiting> _awaited = new();
    private readonly Dictionary<DomainName, Waiting> _newestOf = [];
    private readonly List<Waiting> _ofZone = [];
    private int _awaitedCount;
    private int _reads;
    private int _entries;

    /// <summary>How many requests wait.</summary>
    public int Count { get; private set; }

    /// <summary>Somebody waits for the fate of one of them.</summary>
    public bool IsAwaited => _awaitedCount > 0;

    /// <summary>One of them is a read.</summary>
    public bool HasReads => _reads > 0;

    /// <summary>Comes last.</summary>
    public void Join(object request, IActorRef sender)
    {
        var waiting = new Waiting(request, sender);
        _all.Join(waiting);
        if (request is Append append)
        {
            waiting.EarlierOfZone = _newestOf.GetValueOrDefault(ZoneOf(append));
            _newestOf[ZoneOf(append)] = waiting;
            if (append.Id != 0) _awaited.Join(waiting);
        }

        Note(request, 1);
    }

    /// <summary>Takes the oldest, whatever it is.</summary>
    public bool TryTake(out (object Request, IActorRef Sender) oldest)
    {
        if (Oldest is not { } waiting)
        {
            oldest = default;
            return false;
        }

        Take(waiting);
        oldest = (waiting.Request, waiting.Sender);
        return true;
    }

    /// <summary>Takes a read that is the oldest of all.</summary>
    public bool TryTakeRead(out (object Request, IActorRef Sender) read)
    {
        read = default;
        return Oldest is { Request: not Append } && TryTake(out read);
    }

    /// <summary>Takes the writes of a batch, each zone's in their order; none of those behind a read.</summary>
    /// <param name="entriesMax">Most entries; a request with more comes alone.</param>
    /// <param name="take">Gets them.</param>
    public void TakeBatch(int entriesMax, Action<Append, IActorRef> take)
    {
        bool isCrowd = _reads == 0 && _entries > entriesMax;
        int taken = TakeOldest(isCrowd ? entriesMax / 2 : entriesMax, 0, take);
        if (!isCrowd || taken >= entriesMax) return;
        taken = TakeNewest(entriesMax, taken, take);
        TakeOldest(entriesMax, taken, take);
    }

    /// <summary>The oldest that still waits; null when nobody does.</summary>
    private Waiting? Oldest
    {
        get
        {
            while (_all.Count > 0)
            {
                if (!_all[0].IsTaken) return _all[0];
                _all.TryTakeOldest(out _);
            }

            return null;
        }
    }

    /// <returns>How many entries the batch has then.</returns>
    private int TakeOldest(int entriesMax, int taken, Action<Append, IActorRef> take)
    {
        while (Oldest is { Request: Append append } oldest && (taken == 0 || taken + append.Entries.Length <= entriesMax))
        {
            taken += append.Entries.Length;
            Take(oldest);
            take(append, oldest.Sender);
        }

        while (_awaited.Count > 0 && _awaited[0].IsTaken) _awaited.TryTakeOldest(out _);
        return taken;
    }

    /// <returns>How many entries the batch has then.</returns>
    private int TakeNewest(int entriesMax, int taken, Action<Append, IActorRef> take)
    {
        while (_awaited.TryTakeNewest(out Waiting? newest))
        {
            if (newest.IsTaken) continue;
            int entries = 0;
            for (Waiting? one = _newestOf[ZoneOf((Append)newest.Request)]; one is { IsTaken: false }; one = one.EarlierOfZone)
            {
                _ofZone.Add(one);
                entries += ((Append)one.Request).Entries.Length;
            }

            bool isRoom = taken + entries <= entriesMax;
            for (int at = _ofZone.Count - 1; isRoom && at >= 0; at--)
            {
                Take(_ofZone[at]);
                take((Append)_ofZone[at].Request, _ofZone[at].Sender);
            }

            _ofZone.Clear();
            if (!isRoom)
            {
                _awaited.Join(newest);
                break;
            }

            taken += entries;
        }

        return taken;
    }

    private void Take(Waiting waiting)
    {
        waiting.IsTaken = true;
        waiting.EarlierOfZone = null;
        if (waiting.Request is Append append && _newestOf[ZoneOf(append)] == waiting) _newestOf.Remove(ZoneOf(append));
        Note(waiting.Request, -1);
    }

    private static DomainName ZoneOf(Append append) => append.Entries[0].Zone;

    private void Note(object request, int change)
    {
        Count += change;
        if (request is not Append { Id: 0 }) _awaitedCount += change;
        if (request is Append append) _entries += append.Entries.Length * change;
        else _reads += change;
    }

    private sealed class Waiting(object request, IActorRef sender)
    {
        public object Request { get; } = request;

        public IActorRef Sender { get; } = sender;

        /// <summary>What the zone had waiting when this came; null when nothing, or when this was taken.</summary>
        public Waiting? EarlierOfZone { get; set; }

        public bool IsTaken { get; set; }
    }
}
