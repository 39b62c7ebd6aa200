using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <summary>
/// Hosts the zones of one shard: loads their rows, wakes a zone's actor when something happens to it, and lets it become a row
/// again when it is quiet.
/// </summary>
/// <remarks>
/// After loading, every zone is wanted anew at every target (which looks before it acts) and the masters are asked about
/// every zone at a bounded pace: whatever a former owner noted and did not finish is made good that way, and a server that lost
/// its zones gets them back. A zone that was in order everywhere is wanted anew when the node has read its other shards too, for whose rows
/// somebody may wait. Messages that come before the rows are there wait, bounded.
/// </remarks>
public sealed partial class ZoneShardActor : UntypedActor
{
    private static readonly object CheckTimer = new();
    private static readonly object RefreshTimer = new();
    private static readonly object LoadTimer = new();
    private static readonly object QuietTimer = new();
    private static readonly object PlaceTimer = new();
    private static readonly object PutOffTimer = new();
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReviveDelay = TimeSpan.FromSeconds(1);

    /// <summary>A shard that cannot be read does not keep the zones of others from being looked at.</summary>
    private static readonly TimeSpan PutOffMax = TimeSpan.FromSeconds(30);

    private const int SpareRefreshes = 1024;
    private const int PlacedAtOnce = 200;

    /// <summary>Zones of all shards that are looked at again after a start. Servers that are quick keep up, so that few wait at them: a
    /// million wishes are more than the rows.</summary>
    private const double LooksPerSecond = 32_000;

    private static readonly Reason Ended = new(ReasonCode.NoOwner, "the zone goes to another owner");
    private static readonly SupervisorStrategy Strategy = new OneForOneStrategy(decider: static cause =>
        SupervisorStrategy.DefaultDecider(cause) == Directive.Escalate ? Directive.Escalate : Directive.Stop);

    private readonly ZoneShardSettings _settings;
    private readonly Dictionary<DomainName, ZoneSlot> _slots = [];
    private readonly RestingRows _rows = new();
    private readonly BehindSets _behind = new();
    private OrderedNames? _order;
    private readonly Dictionary<IActorRef, DomainName> _actors = [];
    private readonly Queue<DomainName> _toCheck = new();
    private readonly PriorityQueue<DomainName, TimeSpan> _refreshes = new();
    private ImmutableArray<string> _healthy = [];
    private TargetSet? _set;
    private readonly Dictionary<TargetSelection, ZoneTargets> _placed = [];
    private readonly Queue<DomainName> _toPlace = new();
    private readonly Queue<DomainName> _putOff = new();
    private ZoneTargets? _targets;
    private ZonePatternMap<TargetSelection> _placement;
    private ShardStart? _start;
    private bool _loaded;
    private double _checkCredit;

    private ZoneShardActor(ZoneShardSettings settings)
    {
        _settings = settings;
        _placement = settings.Zones.Policy.Current.Placement;
        if (settings.Zones.TargetDirectory is not null) return;
        _set = new TargetSet(0, settings.Zones.Targets);
        _healthy = _set.Names;
    }

    /// <summary>The recipe.</summary>
    public static Props Props(ZoneShardSettings settings) => Kernel.Props.Create(static s => new ZoneShardActor(s), settings);

    /// <summary>
    /// A zone actor that failed is not restarted with its old argument; the shard makes a new one from the last picture. One that found
    /// its own state impossible ends the process.
    /// </summary>
    protected internal override SupervisorStrategy SupervisorStrategy => Strategy;

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        // First to hear of changes, then to ask: a target may have been found away before this shard existed.
        Context.System.EventStream.Subscribe(Self, typeof(TargetHealthChanged));
        Context.System.EventStream.Subscribe(Self, typeof(JournalRestarted));
        Context.System.EventStream.Subscribe(Self, typeof(MasterReturned));
        Context.System.EventStream.Subscribe(Self, typeof(ZonePolicyExchanged));
        AskForTargets();
    }

    /// <summary>Whoever waits for rows hears that they do not come; the zones' own actors answer those who wait there.</summary>
    protected internal override void PostStop()
    {
        AgentMetrics.ZoneActors.Add(-_actors.Count);
        RefuseEarly(static _ => true, Ended);
        foreach (ZoneSlot slot in _slots.Values) Refuse(slot, Ended);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case ShardStart start: Start(start); break;
            case EndShard: End(); break;
            case ShardLoaded loaded: Load(loaded); break;
            case ShardLoadFailed { Reason.Code: ReasonCode.JournalFenced }: Fenced(); break;
            case ShardLoadFailed failed: LoadFailed(failed.Reason); break;
            case object timer when timer == LoadTimer: Start(_start!); break;
            case object timer when timer == EarlyTimer: RefuseLate(); break;
            case JournalRestarted x: JournalBeganAnew(x); break;
            case TargetSetChanged change: TargetsChange(change.Targets); break;
            case TargetHealthChanged change: HealthChanged(change); break;
            case ZonePolicyExchanged: PolicyChanged(); break;
            case TargetStatus now: HealthChanged(new TargetHealthChanged(now.Name, now.Healthy, Returned: false, now.Reason)); break;
            case object early when !_loaded: Keep(early); break;
            case ZoneMessage x: Deliver(x, Sender); break;
            case TargetReport x: Deliver(x); break;
            case ZonePicture x: Picture(x); break;
            case RestOffered x: Rest(x); break;
            case Terminated x when !CatalogFailed(x.ActorRef): ZoneFailed(x.ActorRef); break;
            case Terminated or ZoneReply: break;
            case StartCatalog x: Start(x.Catalog); break;
            case ZoneRead x: ReadBack(x); break;
            case ZoneReadFailed x: NotReadBack(x); break;
            case ReadAgain x: if (_slots.TryGetValue(x.Zone, out ZoneSlot? unread) && unread.IsUnread) AskRow(x.Zone); break;
            case Revive x: if (_slots.TryGetValue(x.Zone, out ZoneSlot? ended) && ended.NeedsLook) Wake(x.Zone); break;
            case ListZones x: Sender.Tell(new ZoneList(_start!.Shard, List(x)), Self); break;
            case CountZones: Sender.Tell(Count(), Self); break;
            case CountProven x: Sender.Tell(CountProven(x), Self); break;
            case AllShardsTaken: TellPutOff(); break;
            case MasterReturned: CheckStale(); break;
            case object timer when timer == CheckTimer: CheckSome(); break;
            case object timer when timer == RefreshTimer: RefreshDue(); break;
            case object timer when timer == PlaceTimer: PlaceSome(); break;
            case object timer when timer == PutOffTimer: TellPutOff(); break;
            case object timer when timer == QuietTimer: LookOnceMore(); break;
            default: Unhandled(message); break;
        }
    }

    private void Start(ShardStart start)
    {
        _start = start;
        if (_set is null) return;
        TakeTargets(_set, start);
        // Behind whatever a host before this one still has to write.
        _settings.Zones.Journal.Tell(new TakeShard(start.Shard, _settings.ShardCount, start.Epoch), Self);
    }

    /// <summary>Another owner has come since: what waits here is refused when this host ends.</summary>
    private void Fenced()
    {
        CodeProbe.Reached("shard.fenced-while-loading");
        Context.System.EventStream.Publish(new ShardFenced(_start!.Shard, _start.Epoch));
    }

    /// <summary>
    /// The shard goes to another node. Nothing is begun any more, who waits is told that the work was interrupted (and is asked again at
    /// the next owner), and the host stops when what the zones have sent to the journal is decided.
    /// </summary>
    private void End()
    {
        foreach (IActorRef actor in _actors.Keys)
        {
            Context.Unwatch(actor);
            Context.Stop(actor);
        }

        Become(Ending);
        _settings.Zones.Journal.Tell(new PassJournal(Claim), Self);
    }

    private ShardEpoch? Claim => _start is { } start ? new ShardEpoch(start.Shard, start.Epoch) : null;

    private void Ending(object message)
    {
        switch (message)
        {
            case JournalPassed: Context.Stop(Self); break;
            case JournalRestarted: _settings.Zones.Journal.Tell(new PassJournal(Claim), Self); break;
            case ZoneMessage asked: asked.Refuse(Sender, Ended); break;
        }
    }

    /// <summary>What was asked of the writer that broke is asked once more.</summary>
    private void JournalBeganAnew(JournalRestarted restarted)
    {
        if (!_loaded)
        {
            if (_start is not null) Start(_start);
            return;
        }

        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            if (slot.Actor is not null) Tell(slot, restarted);
            else if (slot.IsUnread) AskRow(name);
        }
    }

    private void Load(ShardLoaded loaded)
    {
        if (_loaded) return;
        _loaded = true;
        Context.Parent.Tell(new ShardTaken(_start!.Shard, _start.Epoch), Self);
        _slots.EnsureCapacity(_slots.Count + loaded.Rows.Length);
        foreach (ZoneRow row in loaded.Rows)
        {
            ZoneSlot slot = SlotOf(row.Name, row);
            Add(row.Name, slot);
            if (row.Wish == ZoneWish.Absent)
            {
                Tell(row.Name, new Loaded(CheckMasters: true));
                continue;
            }

            if (RolloutPolicy.IsOnTrial(row))
            {
                slot.Unproven(row, TargetsOf(row.Name, row));
                slot.NeedsLook = true;
            }
            else if (row.Content is null || (!_placement.IsEmpty && slot.Comes(row, TargetsOf(row.Name, row))))
            {
                slot.NeedsLook = true;
            }
            else
            {
                ZoneRow unproven = slot.Unproven(row, TargetsOf(row.Name, row));
                if (WasInOrder(row, unproven)) PutOff(row.Name, slot);
                else WantEverywhere(unproven);
                Rest(slot, unproven);
            }

            if (!PlantedBug.Is(PlantedBug.NoCheckAfterTakeover)) slot.IsToCheck = true;
        }

        if (_putOff.Count > 0) Timers.StartSingleTimer(PutOffTimer, PutOffTimer, PutOffMax);
        EnqueueChecks(loaded.Rows.Where(r => _slots[r.Name].IsToCheck));

        StartCatalogs();
        if (_start!.AfterCrash) Timers.StartSingleTimer(QuietTimer, QuietTimer, _settings.QuietPeriod);
        DeliverEarly();
    }

    /// <summary>Asks the masters about a few zones; the rest follows at the same pace.</summary>
    private void CheckSome()
    {
        double quota = (_settings.ChecksPerSecond * CheckInterval.TotalSeconds) + _checkCredit;
        for (; quota >= 1 && _toCheck.TryDequeue(out DomainName? name); quota--)
        {
            if (!_slots.TryGetValue(name, out ZoneSlot? slot)) continue;
            slot.IsToCheck = false;

            // When its row is read back it is looked at and its masters are asked in any case; until then only the journal knows the row.
            if (slot.IsUnread || RowOf(name, slot) is not { Wish: ZoneWish.Present }) continue;
            if (slot.NeedsLook) Wake(name);
            else Ask(name);
        }

        _checkCredit = Math.Min(quota, 1);
        if (_toCheck.Count > 0) return;
        Timers.Cancel(CheckTimer);
        _toCheck.TrimExcess();
    }

    /// <summary>Those whose time is over, or will be first, come first.</summary>
    private void EnqueueChecks(IEnumerable<ZoneRow> rows)
    {
        ZonePolicy policy = _settings.Zones.Policy.Current;
        foreach (ZoneRow row in rows.OrderBy(r => ZoneMachine.ExpiresAt(r, policy) ?? DateTimeOffset.MinValue)) _toCheck.Enqueue(row.Name);
        if (_toCheck.Count > 0 && !Timers.IsTimerActive(CheckTimer)) Timers.StartPeriodicTimer(CheckTimer, CheckTimer, CheckInterval);
    }

    /// <summary>
    /// A master is back: zones that could not be confirmed for want of it wait for no retry of their own, and do not come all at once.
    /// Those that a master could not give, or gave amiss, wait as before: with it back nothing is new for them.
    /// </summary>
    private void CheckStale()
    {
        var stale = new List<ZoneRow>();
        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            if (slot.IsToCheck || slot.IsUnread || RowOf(name, slot) is not { Wish: ZoneWish.Present } row) continue;
            if (row is { Reason: null, Content: not null } || row.Reason?.IsOfAwayMaster() == false) continue;
            slot.IsToCheck = true;
            stale.Add(row);
        }

        if (stale.Count > 0) CodeProbe.Reached("shard.checks-stale-zones");
        EnqueueChecks(stale);
    }

    private void Ask(DomainName name) => Tell(name, new TimerFired(ZoneTimer.Refresh));

    private void RefreshDue()
    {
        while (_refreshes.TryPeek(out DomainName? name, out TimeSpan at) && at <= Clock.Monotonic)
        {
            _refreshes.Dequeue();
            if (_slots.TryGetValue(name, out ZoneSlot? slot) && slot.Actor is null && slot.RefreshAt == at) Ask(name);
        }

        ArmRefresh();
    }

    private void ArmRefresh()
    {
        if (!_refreshes.TryPeek(out _, out TimeSpan at)) return;
        Timers.StartSingleTimer(RefreshTimer, RefreshTimer, at - Clock.Monotonic);
    }

    private static ZoneContentReply ContentReply(DomainName zone, ZoneRow? row) => row is { Wish: ZoneWish.Present, IsExpired: false }
        ? new ZoneContentReply(zone, row.Content) { ExpiresAt = row.ExpiresAt }
        : new ZoneContentReply(zone, null);
}

/// <summary>Settings of the shard hosts of a node.</summary>
/// <param name="Zones">What the zones share.</param>
/// <param name="ShardCount">Number of shards.</param>
/// <param name="ChecksPerSecond">Zones of one shard about which the masters are asked each second after a start.</param>
/// <param name="MaxEarly">Messages that may wait while rows are loaded.</param>
public sealed record ZoneShardSettings(
    ZoneActorSettings Zones,
    int ShardCount,
    double ChecksPerSecond,
    int MaxEarly)
{
    /// <summary>So long a change that an owner ordered before it crashed may still take effect at a server; every zone is looked at once
    /// more when it is over.</summary>
    public TimeSpan QuietPeriod { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>The catalogs of the configuration; none when they are not consumed here.</summary>
    public ImmutableHashSet<DomainName> Catalogs { get; init; } = [];

    /// <summary>The actor of a catalog, given its name and the door to all zones.</summary>
    public Func<DomainName, IActorRef, Props>? CatalogProps { get; init; }
}
