using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Zones;

/// <summary>
/// The one place in the cluster where a zone changes: feeds the <see cref="ZoneMachine"/> and carries its effects out. It lives
/// while the zone is in motion; a quiet zone is a row of its shard.
/// </summary>
/// <remarks>
/// The actor ends only by agreement with its shard: it offers its end together with the number of messages it has received, and
/// the shard takes the offer only when it has sent no more. So no message can be lost between the two.
/// </remarks>
internal sealed partial class ZoneActor : UntypedActor
{
    private static readonly object QuietTimer = new();
    private static readonly Reason Interrupted = new(ReasonCode.NoOwner, "the work for this zone was interrupted");

    private static readonly Reason NothingKept = new(
        ReasonCode.NothingKept, "no content of the zone is kept: it was never here, or undelete-window is over");

    private static readonly Reason TransferInterrupted = new(ReasonCode.TransferBroken, "the transfer broke inside the agent");

    /// <summary>A pass that broke is over; the next one comes when the zone's machine says so.</summary>
    private static readonly SupervisorStrategy Strategy = new OneForOneStrategy(decider: static cause =>
        SupervisorStrategy.DefaultDecider(cause) == Directive.Escalate ? Directive.Escalate : Directive.Stop);

    private readonly ZoneActorSettings _settings;
    private readonly DomainName _name;
    private readonly ZoneMachine _machine;
    private readonly List<ZoneEffect> _effects = [];
    private readonly Dictionary<long, IActorRef> _requesters = [];
    private readonly ILogger _logger;
    private ZoneTargets _targets;
    private ImmutableArray<string> _healthy;
    private long _requesterCounter;
    private long _received;
    private Append? _writing;
    private bool _writingTwice;
    private bool _readingKept;
    private IActorRef? _transfer;
    private long _pass;
    private TimeSpan _passBegunAt;
    private TimeSpan _writeBegunAt;
    private TimeSpan _refreshIn;
    private ZoneRow? _toldRow;
    private ZonePhase _toldPhase;
    private bool _toldTransferring;
    private uint? _announced;
    private ZonePolicy? _policyOfAll;
    private ZonePolicy? _policy;

    private ZoneActor(ZoneActorSettings settings, ZoneRowOrName zone, ZoneTargets targets, ImmutableArray<string> healthy)
    {
        _settings = settings;
        _name = zone.Name;
        _healthy = healthy;
        _logger = Context.System.LoggerFactory.CreateLogger<ZoneActor>();
        _targets = targets;
        _machine = new ZoneMachine(zone.Name, zone.Row, targets.Set.Names, PolicyNow(), targets.Others);
        _announced = AnnouncedSerial();
    }

    public static Props Props(ZoneActorSettings settings, ZoneRowOrName zone, ZoneTargets targets, ImmutableArray<string> healthy) =>
        Kernel.Props.Create(static a => new ZoneActor(a.settings, a.zone, a.targets, a.healthy), (settings, zone, targets, healthy));

    protected internal override SupervisorStrategy SupervisorStrategy => Strategy;

    protected internal override void OnReceive(object message)
    {
        _machine.ChangePolicy(PolicyNow());
        if (message is FromShard fromShard)
        {
            _received++;
            Buggify.Break("zone.before");
            fromShard.IsTaken = true;
            Feed(fromShard.Message, fromShard.Sender);
        }
        else
        {
            Feed(message, Sender);
        }

        Buggify.Break("zone.before-telling-shard");
        TellOthers();
        TellShard();
    }

    /// <summary>Whoever still waits hears that nothing comes any more: the actor broke, or its shard went elsewhere.</summary>
    protected internal override void PostStop()
    {
        foreach (IActorRef requester in _requesters.Values) requester.Tell(new ZoneReply(_name, ZoneOutcome.Failed, Interrupted), Self);
    }

    private void Feed(object message, IActorRef sender)
    {
        if (message is AppendFailed failed && failed.Id == _writing?.Id && _writingTwice)
        {
            // One of two went wrong: what is durable only the journal can say, and the shard asks it when this actor ends.
            CodeProbe.Reached("zone.write-unclear");
            Context.Stop(Self);
            return;
        }

        Time(message);
        ZoneInput? input = message switch
        {
            CreateZone x => new CreateAsked(Register(sender, deadline: true), _healthy, x.Origin),
            DeleteZone x => new DeleteAsked(Register(sender, deadline: true), _healthy, x.Origin) { Force = x.Force },
            ClaimZone x => new ClaimAsked(Register(sender, deadline: true), x.Owner, x.Adopts, x.Origin),
            ReleaseZone x => new ReleaseAsked(Register(sender, deadline: true), x.Catalog, x.Origin),
            UndeleteZone x => new UndeleteAsked(Register(sender, deadline: true), _healthy, x.Origin),
            RemoveOrphan x => new OrphanRemovalAsked(Register(sender, deadline: true), x.Origin),
            NotifyZone x => new NotifyAsked(Register(sender, deadline: false), x.Notifier, x.Origin) { SerialHint = x.SerialHint },
            DecideCandidate x => new DecisionAsked(Register(sender, deadline: true), x.Approve, x.Serial, x.Hash, x.Origin),
            RefreshZone x => new RefreshAsked(Register(sender, deadline: false), x.Force, x.Origin),
            ZoneInput x => x,
            Deadline x => new DeadlineReached(x.Requester),
            AppendDone x => new JournalWritten(Written(x.Id)),
            AppendFailed x => new JournalRefused(Written(x.Id), x.Reason),
            AppendDelayed x => new JournalDelayed(x.Id, x.Reason),
            KeptRead x => KeptOf(x.Content, NothingKept),
            KeptReadFailed x => KeptOf(null, x.Reason),
            TargetReport x => new TargetReported(x.Generation, x.Progress),
            PassProgress x => new PassMoved(x.Pass),
            ZoneBrought x => new PassBrought(x.Pass, x.Content, x.Source, x.Statistics) 
            {
                Expire = x.Expire,
                Stopped = x.Stopped,
                Behind = x.Behind,
            },
            NothingNewer x => new PassFoundCurrent(x.Pass, x.Serial, x.Expire),
            NothingBrought x => new PassFailed(x.Pass, x.Reason)
            {
                HasNoMasters = x.HasNoMasters,
                MastersHaveIt = x.MastersHaveIt,
            },
            _ => null,
        };
        if (input is not null)
        {
            if (message is PassResult result && result.Pass == _pass)
            {
                _transfer = null;
                LogPass(result);
            }

            Step(input);
            return;
        }

        switch (message)
        {
            case GetZone when _machine.Phase == ZonePhase.Unknown: sender.Tell(new ZoneReply(_name, ZoneOutcome.Unknown), Self); break;
            case GetZone: sender.Tell(Status(), Self); break;
            case GetZoneContent { OfCandidate: true }:
                sender.Tell(new ZoneContentReply(_name, _machine.Row?.Candidate?.Content), Self);
                break;
            case GetZoneContent: sender.Tell(ContentReply(), Self); break;
            case HealthyTargets x: _healthy = x.Names; break;
            case TellTargetAgain x: TellAgain(x); break;
            case ZoneTargets x: Exchange(x); break;
            case JournalRestarted: AskJournalAgain(); break;
            case TransferEnded x: TransferBroke(x.Pass); break;
            case object timer when timer == QuietTimer: OfferRest(); break;
            default: Unhandled(message); break;
        }
    }

    private void Step(ZoneInput input)
    {
        _machine.Handle(input, Clock.UtcNow, _effects);
        foreach (ZoneEffect effect in _effects)
        {
            Buggify.Break("zone.between-effects");
            CarryOut(effect);
        }

        _effects.Clear();
    }

    private void CarryOut(ZoneEffect effect)
    {
        switch (effect)
        {
            case AnswerRequester x:
                Timers.Cancel(x.Requester);
                if (_requesters.Remove(x.Requester, out IActorRef? requester))
                    requester.Tell(new ZoneReply(_name, x.Outcome, x.Reason), Self);
                break;
            case BeginPass x:
                _pass = x.Pass;
                _passBegunAt = Clock.Monotonic;
                FaultPoint.Pass("pass.begun");
                _transfer = Context.ActorOf(TransferActor.Props(
                    _settings.Transfers,
                    new PassOrder(x.Pass, _name.Fold(), x.HeldSerial, x.Force, x.Notifier)
                    {
                        AcceptOlder = x.AcceptOlder,
                        IsUrgent = x.IsUrgent,
                        SerialHint = x.SerialHint,
                        Served = _machine.Phase == ZonePhase.Present ? _machine.Row?.Content : null,
                        Guards = GuardsNow(),
                        Catalog = _machine.Owner?.Catalog,
                        Group = _machine.Owner?.Group ?? "",
                        Pinned = x.Pinned,

                        // Who forces a transfer doubts what is held, so nothing starts from that; nor does a way lead to something older.
                        Held = x.HeldSerial is null || x.Force || x.AcceptOlder ? null : _machine.Row?.Content,
                    }));
                Context.WatchWith(_transfer, new TransferEnded(x.Pass));
                break;
            case CancelPass:
                if (_transfer is not null) Context.Stop(_transfer);
                _transfer = null;
                break;
            case WriteJournal x:
                if (x.Write != 0) _writeBegunAt = Clock.Monotonic;
                var append = new Append(x.Write, _targets.Epoch, x.Entries);
                if (append.Id != 0) (_writing, _writingTwice) = (append, false);
                _settings.Journal.Tell(append, Self);
                foreach (ZoneEvent line in x.Entries.OfType<ZoneEvent>()) Log(line);
                break;
            case ReadKept:
                _readingKept = true;
                _settings.Journal.Tell(new AskKept(_name), Self);
                break;
            case WantPresent x:
                TellTargets(Wish(x.Generation, x.Content, x.ObserveFirst, Clock.Monotonic) with { IsExpired = x.IsExpired });
                break;
            case WantAbsent x:
                TellTargets(Wish(x.Generation, content: null, observeFirst: true) with { Undoes = x.Undoes });
                break;
            case WantAt x:
                TellTarget(x);
                break;
            case ContentStopped x:
                GuardMetrics.CountBlocked(x.Guard);
                break;
            case SetTimer x:
                TimeSpan delay = x.Delay * (1 + (x.Jitter * ((2 * Random.NextDouble()) - 1)));
                if (x.Timer == ZoneTimer.Refresh) _refreshIn = delay;
                Timers.StartSingleTimer(x.Timer, new TimerFired(x.Timer), delay);
                break;
            case ClearTimer x:
                Timers.Cancel(x.Timer);
                break;
            case ZoneIsGone:
                OfferRest();
                break;
        }
    }

    /// <summary>The settings for this zone; looked up once for each change of the settings.</summary>
    private ZonePolicy PolicyNow()
    {
        ZonePolicy current = _settings.Policy.Current;
        if (ReferenceEquals(current, _policyOfAll)) return _policy!;
        _policyOfAll = current;
        return _policy = current.Of(_name);
    }

    /// <summary>A catalog that loses members has a guard of its own, which looks at members and not at records.</summary>
    private GuardPolicy GuardsNow()
    {
        GuardPolicy guards = PolicyNow().Guards;
        return _machine.Row?.Owner?.Catalog == _name ? guards with { ShrinkPercent = 100, ShrinkRecords = 0 } : guards;
    }

    /// <summary>Records how long the step took that ends with this message.</summary>
    private void Time(object message)
    {
        switch (message)
        {
            case NotifyZone { ReceivedAt: { } at }:
                ChangeMetrics.Took(ChangeStep.Intake, Clock.Monotonic - at);
                break;
            case ZoneBrought { TransferBegunAt: { } begun } x when x.Pass == _pass:
                ChangeMetrics.Took(ChangeStep.Soa, begun - _passBegunAt);
                ChangeMetrics.Took(ChangeStep.Transfer, Clock.Monotonic - begun);
                break;
            case AppendDone x:
                ChangeMetrics.Took(ChangeStep.Journal, Clock.Monotonic - _writeBegunAt);
                ChangeMetrics.Waited(ChangeWait.Disk, x.DiskWait);
                break;
        }
    }

    private long Written(long write)
    {
        if (_writing?.Id == write) _writing = null;
        return write;
    }

    /// <summary>The writer broke. Perhaps it has written what was asked; the same once more does no harm.</summary>
    private void AskJournalAgain()
    {
        if (_readingKept) _settings.Journal.Tell(new AskKept(_name), Self);
        if (_writing is null) return;
        CodeProbe.Reached("zone.wrote-again");
        _writingTwice = true;
        _settings.Journal.Tell(_writing, Self);
    }

    /// <summary>A pass whose result is here ends by itself; one that ends without a result broke.</summary>
    private void TransferBroke(long pass)
    {
        if (pass != _pass || _transfer is null) return;
        CodeProbe.Reached("zone.transfer-broke");
        _transfer = null;
        Step(new PassFailed(pass, TransferInterrupted));
    }

    private KeptFound KeptOf(ZoneContent? content, Reason reason)
    {
        _readingKept = false;
        return new KeptFound(content, content is null ? reason : null);
    }

    private long Register(IActorRef sender, bool deadline)
    {
        long id = ++_requesterCounter;
        _requesters.Add(id, sender);
        if (deadline) Timers.StartSingleTimer(id, new Deadline(id), _settings.Policy.Current.AnswerDeadline);
        return id;
    }

    private ZoneStatus Status() => ZoneStatusView.Of(_name, _machine.Row, _machine.Phase, _transfer is not null);

    private ZoneContentReply ContentReply() => _machine is { Phase: ZonePhase.Present, Row: { IsExpired: false } row }
        ? new ZoneContentReply(_name, row.Content) { ExpiresAt = row.ExpiresAt }
        : new ZoneContentReply(_name, null);

    /// <summary>Keeps the shard's picture current, so that it can list zones and bring this actor back after a failure.</summary>
    private void TellShard()
    {
        bool transferring = _transfer is not null;
        if (!ReferenceEquals(_toldRow, _machine.Row) || _toldPhase != _machine.Phase || _toldTransferring != transferring)
        {
            _toldRow = _machine.Row;
            _toldPhase = _machine.Phase;
            _toldTransferring = transferring;
            Context.Parent.Tell(new ZonePicture(_name, _machine.Row, _machine.Phase, transferring), Self);
        }

        if (_machine.Phase == ZonePhase.Unknown && _machine.Waiting == 0) OfferRest();
        else if (_machine.IsQuiet && !Timers.IsTimerActive(QuietTimer))
            Timers.StartSingleTimer(QuietTimer, QuietTimer, _settings.Policy.Current.PassivateAfter);
        else if (!_machine.IsQuiet) Timers.Cancel(QuietTimer);
    }

    private void OfferRest()
    {
        bool gone = _machine.Phase == ZonePhase.Unknown;
        if (gone || _machine.IsQuiet) Context.Parent.Tell(new RestOffered(_name, _received, gone, _refreshIn), Self);
    }

    private sealed record Deadline(long Requester);

    private sealed record TransferEnded(long Pass);
}
