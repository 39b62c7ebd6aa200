using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Catalogs;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Catalogs;

/// <summary>
/// Brings the zones of a catalog to what the catalog zone says. It lives in the shard of the catalog zone, so there is one of it in a
/// cluster, and goes where that zone goes.
/// </summary>
/// <remarks>
/// <code>
///             new content, approval, time               read                  owned zones
///   resting ---------------------------------> reading ------> comparing ----------------> applying --> resting
///      ^                                          | broken                                     |
///      +------------------------------------------+                     new content: what is on its way ends, then reading
/// </code>
/// Level-triggered: each round compares the content with the rows that the journal has under the catalog's name, and does what is
/// missing. Nothing is remembered from one round to the next, so an owner that dies in the middle, a lost answer and a refused claim all
/// end in the next round. The last good state of a broken catalog is the rows themselves. Neither expiry nor the end of the catalog zone
/// removes a member; only a catalog that can be read, and names others, does.
/// </remarks>
public sealed partial class CatalogActor : UntypedActor
{
    private static readonly object RoundTimer = new();
    private static readonly object StuckTimer = new();

    /// <summary>Every question is answered in the end; should an answer be lost with a part that broke, the round begins anew.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMinutes(2);

    private readonly CatalogSettings _settings;
    private readonly IActorRef _region;
    private readonly RequestOrigin _origin;
    private readonly ILogger _logger;
    private readonly Queue<ZoneMessage> _steps = new();
    private readonly HashSet<DomainName> _underWay = [];
    private readonly List<CatalogConflict> _conflicts = [];

    /// <summary>Catalogs whose zones the round still waits for.</summary>
    private readonly HashSet<DomainName> _heirs = [];
    private readonly Dictionary<DomainName, DomainName> _heirsZones = [];
    private ImmutableArray<OwnedZone> _owned = [];
    private CatalogPolicy _policy;
    private ZoneRow? _row;
    private Phase _phase;
    private ContentHash? _content;
    private CatalogPlan? _plan;

    /// <summary>The content that <see cref="_plan"/> was made of: it says nothing of any other.</summary>
    private ContentHash? _planned;
    private Catalog? _catalog;
    private int _held;
    private Reason? _problem;
    private Reason? _failure;
    private bool _again;
    private int _done;
    private int _idleRounds;
    private bool _isSecondLook;
    private CatalogStatus? _told;

    private CatalogActor(CatalogSettings settings, DomainName name, IActorRef region)
    {
        _settings = settings;
        _region = region;
        _policy = settings.Policies.Current[name];
        _origin = new RequestOrigin($"catalog {name}", null, "");
        _logger = Context.System.LoggerFactory.CreateLogger<CatalogActor>();
    }

    private enum Phase
    {
        Resting = 0,
        Reading = 1,
        Comparing = 2,
        Applying = 3,
    }

    private DomainName Name => _policy.Name;

    /// <summary>What is to be done by the content that the catalog has now; null before it was compared.</summary>
    private CatalogPlan? CurrentPlan => _row?.Content is { } content && content.Hash == _planned ? _plan : null;

    private bool IsOurs => _row is { Wish: ZoneWish.Present, Owner: { } owner } && owner.Catalog == Name;

    /// <summary>The recipe of the actor of one catalog.</summary>
    /// <param name="settings">What all catalogs share.</param>
    /// <param name="name">The catalog.</param>
    /// <param name="region">Door to all zones.</param>
    public static Props Props(CatalogSettings settings, DomainName name, IActorRef region) =>
        Kernel.Props.Create(static a => new CatalogActor(a.settings, a.name, a.region), (settings, name, region));

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(CatalogPoliciesChanged));
        Timers.StartSingleTimer(RoundTimer, RoundTimer, TimeSpan.Zero);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case CatalogRow x: RowIs(x.Row); break;
            case CatalogPoliciesChanged: ChangePolicy(); break;
            case CatalogRead x when _phase == Phase.Reading && x.Content == _content: Compare(x.Reading); break;
            case CatalogNotRead x when _phase == Phase.Reading && x.Content == _content:
                EndRound(new Reason(ReasonCode.JournalAway, x.Problem));
                break;
            case OwnedRead x when _phase == Phase.Comparing: Owned(x); break;
            case OwnedReadFailed x when _phase == Phase.Comparing: EndRound(x.Reason); break;
            case ZoneReply x when x.Zone == Name: OwnReply(x); break;
            case ZoneReply x: StepEnded(x); break;
            case GetCatalog: Sender.Tell(Status(), Self); break;
            case ApproveCatalog x: Approve(x); break;
            case object timer when timer == RoundTimer: BeginAnew(); break;
            case object timer when timer == StuckTimer: Restart(); break;
            case CatalogRead or CatalogNotRead or OwnedRead or OwnedReadFailed: break;
            default: Unhandled(message); break;
        }

        Tell();
    }

    private void RowIs(ZoneRow? row)
    {
        bool isNews = row?.Content?.Hash != _row?.Content?.Hash || row?.Owner != _row?.Owner || row?.Wish != _row?.Wish;
        _row = row;
        if (!isNews) return;
        _idleRounds = 0;
        BeginAnew();
    }

    private void ChangePolicy()
    {
        CatalogPolicy policy = _settings.Policies.Current[Name];
        if (policy == _policy) return;
        _policy = policy;
        _idleRounds = 0;
        BeginAnew();
    }

    private void BeginAnew()
    {
        _isSecondLook = false;
        Begin();
    }

    /// <summary>Another round, now or when what is on its way has ended.</summary>
    private void Begin()
    {
        Timers.Cancel(RoundTimer);
        if (_phase != Phase.Resting)
        {
            if (_phase == Phase.Applying) CodeProbe.Reached("catalog.changed-while-applying");
            _again = true;
            _steps.Clear();
            if (_phase == Phase.Applying && _underWay.Count == 0) EndRound(null);
            return;
        }

        _again = false;
        _failure = null;
        _done = 0;
        if (!IsOurs)
        {
            // Its content is transferred like that of any zone; no target has it.
            _region.Tell(new ClaimZone(Name, new ZoneOwner(Name), Adopts: false, _origin), Self);
            Later();
            return;
        }

        if (_row!.Content is not { } content) return;
        _phase = Phase.Reading;
        _content = content.Hash;
        Timers.StartSingleTimer(StuckTimer, StuckTimer, StuckAfter);
        _settings.Reader.Read(content, _policy.MembersMaximum, Context.ReplyTo());
    }

    private void Compare(CatalogReading reading)
    {
        _catalog = reading.Catalog;
        Reason? before = _problem;
        _problem = reading.Problem is { } problem ? new Reason(ReasonCode.CatalogBroken, problem) : null;
        if (_again || _problem is not null)
        {
            if (_problem is not null && before != _problem) LogBroken(_logger, Name, _problem.Text);
            EndRound(null);
            return;
        }

        _phase = Phase.Comparing;
        _heirs.Clear();
        _heirsZones.Clear();
        _settings.Journal.Tell(new AskOwned(Name), Self);
    }

    /// <summary>The catalog's own zones; then those of the catalogs to which it gives members away.</summary>
    private void Owned(OwnedRead read)
    {
        if (read.Catalog == Name)
        {
            _owned = read.Zones;
            _heirs.UnionWith(CatalogPlan.Heirs(_catalog!, _owned, _settings.Names));
            foreach (DomainName heir in _heirs) _settings.Journal.Tell(new AskOwned(heir), Self);
        }
        else
        {
            if (!_heirs.Remove(read.Catalog)) return;
            foreach (OwnedZone zone in read.Zones) _heirsZones[zone.Zone] = read.Catalog;
        }

        if (_heirs.Count == 0) Apply(_owned);
    }

    private void Apply(ImmutableArray<OwnedZone> owned)
    {
        if (_again)
        {
            EndRound(null);
            return;
        }

        bool isApproved = _row?.Owner?.Label == _content.ToString();
        CatalogPlan plan = CatalogPlan.Make(_policy, _catalog!, owned, _settings.Names, isApproved, _heirsZones);
        if (plan.IsStopped && _plan?.IsStopped != true) LogStopped(_logger, Name, plan.Removals.Length, owned.Length);
        _plan = plan;
        _planned = _content;
        _held = owned.Length;
        _conflicts.Clear();
        _conflicts.AddRange(plan.Conflicts);
        _phase = Phase.Applying;
        foreach (CatalogEntry entry in plan.Claims)
        {
            var owner = new ZoneOwner(Name, entry.Label, entry.Group, entry.NextOwner);
            _steps.Enqueue(new ClaimZone(entry.Zone, owner, _policy.Adopts, _origin));
        }

        if (!plan.IsStopped)
        {
            foreach (DomainName zone in plan.Removals) _steps.Enqueue(new ReleaseZone(zone, Name, _origin));
        }

        if (_steps.Count > 0) LogApplying(_logger, Name, plan.Claims.Length, plan.IsStopped ? 0 : plan.Removals.Length);
        Step();
    }

    private void Step()
    {
        while (_underWay.Count < _policy.Concurrent && _steps.TryDequeue(out ZoneMessage? step))
        {
            _underWay.Add(step.Zone);
            _region.Tell(step, Self);
        }

        if (_underWay.Count == 0) EndRound(_failure);
        else Timers.StartSingleTimer(StuckTimer, StuckTimer, StuckAfter);
    }

    private void StepEnded(ZoneReply reply)
    {
        if (_phase != Phase.Applying || !_underWay.Remove(reply.Zone)) return;
        if (reply is { Outcome: ZoneOutcome.Failed, Reason: { } reason })
        {
            if (reason.Code == ReasonCode.OwnedElsewhere)
            {
                CodeProbe.Reached("catalog.member-not-free");
                _conflicts.Add(new CatalogConflict(reply.Zone, reason));
            }
            else
            {
                _failure = reason;
            }
        }
        else if (reply.Outcome == ZoneOutcome.Done)
        {
            _done++;
            Count(reply.Zone);
        }

        Step();
    }

    /// <summary>Keeps what is told of the plan to what is left of it.</summary>
    private void Count(DomainName zone)
    {
        if (_plan!.Added.BinarySearch(zone) >= 0) _held++;
        else if (_plan.Removals.BinarySearch(zone) >= 0) _held--;
    }

    private void EndRound(Reason? failure)
    {
        Timers.Cancel(StuckTimer);
        _failure = failure;
        _phase = Phase.Resting;
        if (_again)
        {
            Begin();
            return;
        }

        // A look at what the journal says after the work: the plan that is told is then what is really left.
        if (_done > 0 && !_isSecondLook)
        {
            _isSecondLook = true;
            Begin();
            return;
        }

        Later();
    }

    private void Later()
    {
        bool isAtRest = _failure is null && _conflicts.Count == 0 && IsOurs;
        double doubled = _policy.RetryMinimum.TotalSeconds * Math.Pow(2, Math.Min(_idleRounds, 20));
        TimeSpan retry = TimeSpan.FromSeconds(Math.Min(doubled, _policy.RetryMaximum.TotalSeconds));
        _idleRounds = isAtRest ? 0 : _idleRounds + 1;
        Timers.StartSingleTimer(RoundTimer, RoundTimer, isAtRest ? _policy.RetryMaximum : retry);
    }

    private void Restart()
    {
        _steps.Clear();
        _underWay.Clear();
        EndRound(new Reason(ReasonCode.Overload, "the zones of the catalog did not answer in time"));
    }

    /// <summary>Of the catalog's own claim. The row that follows begins the next round.</summary>
    private void OwnReply(ZoneReply reply)
    {
        if (reply.Outcome == ZoneOutcome.Failed) _failure = reply.Reason;
    }

    private void Approve(ApproveCatalog asked)
    {
        if (CurrentPlan is not { IsStopped: true } plan || !IsOurs || _row!.Content is not { } content || _problem is not null)
        {
            Sender.Tell(new ZoneReply(Name, ZoneOutcome.Failed, new Reason(ReasonCode.NothingWaits, "no removal waits")), Self);
        }
        else if (asked.Serial != content.Serial)
        {
            var other = new Reason(
                ReasonCode.CandidateChanged, $"the catalog has serial {content.Serial} now, not {asked.Serial}; look at it again");
            Sender.Tell(new ZoneReply(Name, ZoneOutcome.Failed, other), Self);
        }
        else
        {
            // Durable before anything is removed: a later owner goes on with it.
            CodeProbe.Reached("catalog.removal-approved");
            LogApproved(_logger, Name, asked.Origin.Client, plan.Removals.Length);
            _region.Tell(new ClaimZone(Name, _row.Owner! with { Label = content.Hash.ToString() }, Adopts: false, asked.Origin), Sender);
        }
    }
}
