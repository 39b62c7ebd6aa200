using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <summary>
/// Brings one DNS server to the wanted state, as a pure machine: wishes, answers and the time go in; orders and reports come
/// out. It never replays commands: for each zone it compares what is wanted with what the server says, and emits the difference.
/// </summary>
/// <remarks>
/// One zone at a time goes
/// <code>
///   Queued --observe first--> Observing --differs--> Acting --done--> Verifying --as wanted--> (reported, dropped)
///     ^  \--------- changed, or to be removed --------^  |               |
///     |                                             refused, away        | patience over: verify-stale
///     +------------------ Resting (growing delay) &lt;---------+---------------+
/// </code>
/// A new wish replaces the old one at any point; an order under way is let finish and its answer only frees the place.
/// When an order finds the server away, a probe decides: if the server is really away nothing more is tried until it
/// returns, and every zone in work is reported so; on its return work goes on and the owners are told to look again at all zones.
/// <para>Only zones in work are held here, so memory follows work, not the number of zones.</para>
/// </remarks>
public sealed partial class TargetMachine
{
    private static readonly TimeSpan RestMinimum = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RestMaximum = TimeSpan.FromMinutes(5);
    private const int SpareWorks = 4096;

    private readonly BackendTraits _traits;
    private readonly TargetRules _rules;
    private readonly KernelRandom _random;
    private readonly Dictionary<DomainName, Work> _works = [];
    private readonly Dictionary<long, Work> _orders = [];
    private readonly ReadyLine _ready;
    private readonly LookPace _pace = new();
    private readonly PriorityQueue<(Work Work, long Step), TimeSpan> _due = new();

    private List<TargetEffect> _effects = [];
    private KernelInstant _now;
    private long _orderCounter;
    private long _probe;
    private string? _serverRun;
    private string? _controlledVersion;
    private string? _namedVersion;
    private ZoneLimits? _foundLimits;

    /// <summary>Makes the machine of one target.</summary>
    /// <param name="name">Name as configured.</param>
    /// <param name="traits">What the driver can do.</param>
    /// <param name="random">For jitter.</param>
    /// <param name="rules">What proves a change and what is done about differences; null: by the serial alone.</param>
    public TargetMachine(string name, BackendTraits traits, KernelRandom random, TargetRules? rules = null)
    {
        Name = name;
        _traits = traits;
        _rules = rules ?? new TargetRules();
        _random = random;
        _ready = new ReadyLine(traits.MaxConcurrentOrders);
    }

    /// <summary>Name as configured.</summary>
    public string Name { get; }

    /// <summary>False when the server is known to be away.</summary>
    public bool Healthy { get; private set; } = true;

    /// <summary>Why it is away.</summary>
    public Reason? AwayReason { get; private set; }

    /// <summary>Zones that are not as wanted, or not known to be.</summary>
    public int Behind => _works.Count;

    /// <summary>Orders under way, without probes.</summary>
    public int UnderWay => _orders.Count;

    /// <summary>What the server can hold, as the last probe found it.</summary>
    public ZoneLimits Limits => _foundLimits ?? _traits.Limits;

    /// <summary>Somebody is there who compares contents.</summary>
    public bool CanCheck { get; init; }

    /// <summary>When <see cref="Tick"/> has something to do; null when it has not.</summary>
    public TimeSpan? NextDue => _due.TryPeek(out _, out TimeSpan at) ? at : null;

    /// <summary>A wish. <paramref name="reportTo"/> hears of every step.</summary>
    public void Want(WantZone wish, IActorRef reportTo, KernelInstant now, List<TargetEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(wish);
        Enter(now, effects);
        if (_works.TryGetValue(wish.Zone, out Work? work))
        {
            bool same = work.Wish.Generation == wish.Generation && work.Wish.Content?.Hash == wish.Content?.Hash;
            work.Wish = !same ? wish
                : work.Wish.ObserveFirst ? wish with { Depth = Deeper(work.Wish.Depth, wish.Depth), Undoes = work.Wish.Undoes }
                : work.Wish with { Shard = wish.Shard, Epoch = wish.Epoch };
            work.ReportTo = reportTo;
            if (!Healthy) Report(work, TargetZoneState.Away, work.SeenSerial, AwayReason);
            if (same) return;
            if (!wish.ObserveFirst) Owes(work);
            work.Attempts = 0;
            work.Mismatches = 0;
            work.IsGivenAnew = false;
            StepDown(work);
            work.MustAct |= work.HasOrdered;
            work.WantedAt = wish.ToldAt ?? now.Monotonic;
            work.Renewed = work.OrderUnderWay;
            if (!work.OrderUnderWay) Queue(work, work.Wish.ObserveFirst);
        }
        else
        {
            work = new Work(wish, reportTo) { WantedAt = wish.ToldAt ?? now.Monotonic };
            _works.Add(wish.Zone, work);
            _onRung[(int)Rung.Apply]++;
            if (!wish.ObserveFirst) Owes(work);
            if (!Healthy) Report(work, TargetZoneState.Away, work.SeenSerial, AwayReason);
            Queue(work, work.Wish.ObserveFirst);
        }

        Issue();
    }

    /// <summary>An order ended.</summary>
    public void Finished(OrderFinished answer, KernelInstant now, List<TargetEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Enter(now, effects);
        if (answer.Id == _probe)
        {
            Probed(answer);
        }
        else if (_orders.Remove(answer.Id, out Work? work))
        {
            _changesUnderWay--;
            work.OrderUnderWay = false;
            work.HasTaken |= answer is not { Outcome: OrderOutcome.Refused, ChangedNothing: true };
            if (work.Renewed) Again(work);
            else Acted(work, answer);
        }

        Issue();
    }

    /// <summary>The server said what it serves.</summary>
    public void Observed(ZoneObserved answer, KernelInstant now, List<TargetEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Enter(now, effects);
        if (_orders.Remove(answer.Id, out Work? work))
        {
            work.OrderUnderWay = false;
            if (work.Renewed) Again(work);
            else Looked(work, answer);
        }

        Issue();
    }

    /// <summary>
    /// An order was not given to the server because the owner whose wish it serves is over. Nobody is told; what another has wanted
    /// meanwhile goes on.
    /// </summary>
    public void Withdrawn(IssueOrder order, KernelInstant now, List<TargetEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(order);
        Enter(now, effects);
        if (_orders.Remove(order.Order.Id, out Work? work))
        {
            if (order.Order is not ObserveZone) _changesUnderWay--;
            work.OrderUnderWay = false;
            if (work.Wish.Epoch > order.Epoch)
            {
                work.Renewed = false;
                Queue(work, observeFirst: true);
            }
            else
            {
                Leave(work);
            }
        }

        Issue();
    }

    /// <summary>Time has passed: work that rested goes on.</summary>
    public void Tick(KernelInstant now, List<TargetEffect> effects)
    {
        Enter(now, effects);
        while (_due.TryPeek(out (Work Work, long Step) next, out TimeSpan at) && at <= now.Monotonic)
        {
            _due.Dequeue();
            if (next.Work.Step == next.Step && !next.Work.Done) MakeReady(next.Work);
        }

        Issue();
    }

    /// <summary>Asks for a probe of the server, unless one is under way.</summary>
    public void Probe(KernelInstant now, List<TargetEffect> effects)
    {
        Enter(now, effects);
        StartProbe();
    }

    private static LookDepth Deeper(LookDepth one, LookDepth other) => one > other ? one : other;

    private void Enter(KernelInstant now, List<TargetEffect> effects)
    {
        _now = now;
        _effects = effects;
        ForgetOldBacklog();
    }

    /// <summary>
    /// Starts a zone from the beginning of its path. A removal is always ordered: a server that does not serve the zone says nothing
    /// about the files that an earlier order, cut short, may have left for it. And a server that was just ordered something else may not
    /// have done it yet, so that what it serves now proves nothing.
    /// </summary>
    private void Queue(Work work, bool observeFirst)
    {
        bool looksFirst = work.Wish.Content is null ? work.MayHaveOther : observeFirst && !work.MustAct;
        work.Stage = looksFirst ? Stage.Observing : Stage.Acting;
        MakeReady(work);
    }

    private void Again(Work work)
    {
        CodeProbe.Reached("target.wish-renewed");
        work.Renewed = false;
        Queue(work, work.Wish.ObserveFirst);
    }

    /// <summary>What belonged to the zone's step before is over.</summary>
    private void NextStep(Work work)
    {
        if (work.Stage != Stage.Verifying) NotWithServer(work);
        work.Step++;
    }

    private void MakeReady(Work work)
    {
        NextStep(work);
        _ready.Join(work);
    }

    /// <summary>Hands out orders as far as the driver's bound allows.</summary>
    private void Issue()
    {
        IssueChecks();
        while (Healthy && _orders.Count < _traits.MaxConcurrentOrders && _ready.TryNext(MayChange(), out Work? work))
        {
            work.OrderUnderWay = true;
            long id = ++_orderCounter;
            _orders.Add(id, work);
            DomainName zone = work.Wish.Zone;
            BackendOrder order = work.Stage switch
            {
                Stage.Acting when work.Wish.Content is { } content =>
                    new ApplyZone(id, zone, content)
                    {
                        IsRepeated = work.Rung != Rung.Apply || work.IsGivenAnew,
                        MayTakeAway = _rules.ReAdd != ReAddRule.Never,
                    },
                Stage.Acting or Stage.TakingAway => new RemoveZone(id, zone),
                _ => new ObserveZone(id, zone)
                {
                    WithSettings = work.Stage == Stage.Observing && LooksDeep(work),
                    WantedSerial = work.Wish.Content?.Serial,
                },
            };
            if (order is not ObserveZone)
            {
                work.HasOrdered = true;
                _changesUnderWay++;
            }

            _effects.Add(new IssueOrder(order, work.Wish.Shard, work.Wish.Epoch));
        }
    }

    private void RestThen(Work work, Stage stage, TimeSpan delay)
    {
        work.Stage = stage;
        NextStep(work);
        _due.Enqueue((work, work.Step), _now.Monotonic + delay);
    }

    private void Report(Work work, TargetZoneState state, uint? serial, Reason? reason)
    {
        work.SeenSerial = serial;
        DateTimeOffset? verifiedAt = state == TargetZoneState.Verified ? _now.Utc : null;
        _effects.Add(new ReportProgress(
            work.ReportTo,
            new TargetReport(work.Wish.Zone, work.Wish.Generation, new TargetProgress(Name, state, serial, verifiedAt, reason)),
            work.Wish.ObserveFirst ? null : new ChangeTimes(work.TakenAt - work.WantedAt, _now.Monotonic - work.TakenAt)));
    }
}
