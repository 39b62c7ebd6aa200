using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <content>The wishes that are not proven yet: which wait, which are on their way, which have arrived.</content>
internal sealed partial class RemoteTargetActor
{
    /// <summary>How often the delay before telling again doubles at most.</summary>
    private const int DoublingsMax = 4;

    private readonly Dictionary<DomainName, Told> _wishes = [];
    private readonly Dictionary<long, Told> _byRequest = [];
    private readonly Queue<Told> _queue = new();
    private readonly PriorityQueue<(Told Told, long Step), TimeSpan> _due = new();
    private readonly HashSet<IActorRef> _owners = [];
    private int _outstanding;

    private void Want(WantZone wish, IActorRef owner)
    {
        if (!_settings.Fence.Admit(wish.Shard, wish.Epoch)) return;
        _wishes.TryGetValue(wish.Zone, out Told? told);
        if (!_isHealthy)
        {
            if (told is not null) Drop(told);
            ReportAway(wish, owner);
            return;
        }

        if (_owners.Add(owner)) Context.WatchWith(owner, new OwnerEnded(owner));
        if (told is null) _wishes.Add(wish.Zone, told = new Told(wish, owner));
        else _byRequest.Remove(told.Request);
        told.Wish = wish;
        told.Owner = owner;
        told.Request = _settings.Numbers.Next(Clock.Monotonic);
        told.Tries = 0;
        told.Arrivals = 0;
        _byRequest.Add(told.Request, told);
        Enqueue(told);
    }

    /// <summary>Hands out wishes as far as the window allows.</summary>
    private void Pump()
    {
        while (_outstanding < _settings.Link.WindowMax && _queue.TryDequeue(out Told? told))
        {
            told.IsInQueue = false;
            if (told.Stage != WishStage.Queued) continue;
            told.Stage = WishStage.Sent;
            _outstanding++;
            WantZone wish = told.Wish with { ToldAt = null, ObserveFirst = told.Wish.ObserveFirst || told.Tries > 0 };
            told.Tries++;
            RestUntil(told, _settings.Link.TellAgainAfter, doublings: told.Tries - 1);
            _settings.Link.Transport.Send(
                _settings.Node!, new WishForTarget(told.Request, _settings.Target, wish.Shard, wish.Epoch, wish));
        }
    }

    private void Taken(long request)
    {
        if (_byRequest.TryGetValue(request, out Told? told)) Arrived(told);
    }

    /// <summary>The report may be lost on its way back, so the wish goes out once more when nothing is heard; ever more rarely, since a
    /// server may take its time.</summary>
    private void Arrived(Told told)
    {
        if (told.Stage == WishStage.Sent) _outstanding--;
        told.Stage = WishStage.Taken;
        RestUntil(told, _settings.Link.AskAgainAfter, told.Arrivals++);
        told.Tries = 1;
    }

    private void Reported(ReportOfTarget report)
    {
        if (!_byRequest.TryGetValue(report.Request, out Told? told) || told.Wish.Zone != report.Report.Zone) return;
        TargetProgress progress = report.Report.Progress with { Target = _settings.Name };
        told.Owner.Tell(new TargetReport(told.Wish.Zone, told.Wish.Generation, progress), Self);
        if (progress.State == TargetZoneState.Verified) Drop(told);
        else Arrived(told);
    }

    /// <summary>A wish of which nothing was heard in time may be lost, and so may the report on it.</summary>
    private void Tick()
    {
        while (_due.TryPeek(out (Told Told, long Step) next, out TimeSpan at) && at <= Clock.Monotonic)
        {
            _due.Dequeue();
            if (next.Told.Step == next.Step && next.Told.Stage is WishStage.Sent or WishStage.Taken) Enqueue(next.Told);
        }
    }

    /// <summary>What was on its way when the link was cut is lost perhaps, in either direction.</summary>
    private void TellAllAgain()
    {
        foreach (Told told in _byRequest.Values.OrderBy(t => t.Request).ToArray())
        {
            told.Tries = Math.Min(told.Tries, 1);
            Enqueue(told);
        }
    }

    private void ReportAllAway()
    {
        foreach (Told told in _byRequest.Values.OrderBy(t => t.Request)) ReportAway(told.Wish, told.Owner);
        _wishes.Clear();
        _byRequest.Clear();
        _queue.Clear();
        _due.Clear();
        _outstanding = 0;
    }

    private void ReportAway(WantZone wish, IActorRef owner) => owner.Tell(
        new TargetReport(wish.Zone, wish.Generation, new TargetProgress(_settings.Name, TargetZoneState.Away, null, null, _reason)), Self);

    /// <summary>The shard's host is gone; whoever follows it tells everything itself.</summary>
    private void ForgetOwner(IActorRef owner)
    {
        _owners.Remove(owner);
        foreach (Told told in _wishes.Values.Where(t => t.Owner == owner).ToArray()) Drop(told);
    }

    private void Enqueue(Told told)
    {
        if (told.Stage == WishStage.Sent) _outstanding--;
        told.Stage = WishStage.Queued;
        if (told.IsInQueue) return;
        told.IsInQueue = true;
        _queue.Enqueue(told);
    }

    private void Drop(Told told)
    {
        if (told.Stage == WishStage.Sent) _outstanding--;
        told.Stage = WishStage.Gone;
        _byRequest.Remove(told.Request);
        _wishes.Remove(told.Wish.Zone);
    }

    private void RestUntil(Told told, TimeSpan delay, int doublings)
    {
        told.Step++;
        _due.Enqueue((told, told.Step), Clock.Monotonic + (delay * (1 << Math.Min(doublings, DoublingsMax))));
    }

    private enum WishStage
    {
        Queued = 0,
        Sent = 1,
        Taken = 2,
        Gone = 3,
    }

    /// <summary>The newest wish for one zone.</summary>
    private sealed class Told(WantZone wish, IActorRef owner)
    {
        public WantZone Wish { get; set; } = wish;

        public IActorRef Owner { get; set; } = owner;

        public long Request { get; set; }

        public WishStage Stage { get; set; }

        public bool IsInQueue { get; set; }

        /// <summary>How often it has gone out, or 1 when it has arrived since.</summary>
        public int Tries { get; set; }

        /// <summary>How often it has arrived.</summary>
        public int Arrivals { get; set; }

        /// <summary>Counts delays, so that one that belongs to an earlier step is recognized.</summary>
        public long Step { get; set; }
    }
}
