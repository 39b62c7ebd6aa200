using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Telemetry;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Backends;

/// <summary>
/// One for each target server: feeds the <see cref="TargetMachine"/> and carries its orders to the driver. It probes the server
/// from time to time also when there is no work, so that an absence is noticed and every return leads to a look at all zones.
/// </summary>
public sealed partial class BackendActor : UntypedActor
{
    /// <summary>Who a server is changes seldom: it is asked with every third probe.</summary>
    private const int ProbesForNaming = 3;

    private static readonly object DueTimer = new();
    private static readonly object ProbeTimer = new();

    private readonly BackendActorSettings _settings;
    private readonly TargetMachine _machine;
    private readonly List<TargetEffect> _effects = [];
    private readonly Dictionary<long, (BackendOrder Order, TimeSpan At)> _started = [];
    private readonly ILogger _logger;
    private readonly IdentityWatch _identity = new();
    private long _probes;
    private DateTimeOffset _since;
    private TimeSpan? _armed;

    private BackendActor(BackendActorSettings settings)
    {
        _settings = settings;
        _machine = new TargetMachine(settings.Name, settings.Backend.Traits, Random.Fork(), settings.Rules)
        {
            CanCheck = settings.Check is not null,
        };
        _since = Clock.UtcNow;
        _logger = Context.System.LoggerFactory.CreateLogger<BackendActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(BackendActorSettings settings) => Kernel.Props.Create(static s => new BackendActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        FarmMetrics.Begin(
            _settings.Name, [.. Words.Outcomes], [.. Words.Looks], [.. Words.Escalations], [.. Words.KindsOfDrift]);
        Timers.StartPeriodicTimer(ProbeTimer, ProbeTimer, TimeSpan.Zero, _settings.ProbeInterval);
    }

    /// <summary>The work that was held is lost with the machine: the owners are told to look at all their zones again.</summary>
    protected internal override void PostRestart(Exception reason)
    {
        CodeProbe.Reached("target.actor-broke");
        base.PostRestart(reason);
        Publish(new TargetHealthChanged(_settings.Name, Healthy: true, Returned: true, Reason: null));
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        var now = new KernelInstant(Clock.Monotonic, Clock.UtcNow);
        switch (message)
        {
            case WantZone want:
                if (_settings.Fence.Admit(want.Shard, want.Epoch)) _machine.Want(AsSet(want), Sender, now, _effects);
                break;
            case WishForTarget told: Take(told, now); break;
            case OwnersAre owners:
                foreach ((int shard, long epoch) in owners.Epochs) _settings.Fence.Expect(shard, epoch);
                break;
            case FenceAnswer answer: Fenced(answer, now); break;
            case OrderFinished finished:
                if (_started.ContainsKey(finished.Id)) FaultPoint.Pass("target.acted");
                if (_started.ContainsKey(finished.Id)) Count(finished);
                else HearProbe(finished);
                _machine.Finished(finished, now, _effects);
                break;
            case ZoneObserved observed:
                FaultPoint.Pass("target.observed");
                FarmMetrics.CountVerify(_settings.Name, Words.Of(observed.Observation));
                if (observed.Nsid is { } nsid && _identity.Heard(nsid)) TellIdentity();
                _machine.Observed(observed, now, _effects);
                break;
            case ServerNamed named: Named(named, now); break;
            case ContentChecked answer: _machine.Checked(answer, now, _effects); break;
            case GetTargetStatus x: Sender.Tell(Status(x), Self); break;
            case AskServer x: Ask(x.Question); break;
            case GetTargetDrift: Sender.Tell(_drift.Of(_settings.Name), Self); break;
            case object timer when timer == ProbeTimer:
                _machine.Probe(now, _effects);
                if (_probes++ % ProbesForNaming == 0 || _identity.IsInDoubt) _settings.Naming?.Name(Context.ReplyTo());
                break;
            case object timer when timer == FenceTimer: AskAgain(); break;
            case object timer when timer == DueTimer:
                _armed = null;
                _machine.Tick(now, _effects);
                break;
            default: Unhandled(message); break;
        }

        // An effect may not lead back here at once: the port answers by message only.
        foreach (TargetEffect effect in _effects) CarryOut(effect);
        _effects.Clear();
        Arm();
    }

    private void CarryOut(TargetEffect effect)
    {
        switch (effect)
        {
            case IssueOrder issue: Issue(issue); break;
            case ReportProgress report:
                report.Owner.Tell(report.Report, Self);
                if (report.Report.Progress.State == TargetZoneState.Verified && report.Times is { } times)
                    FarmMetrics.CountConvergence(_settings.Name, times.Apply, times.Verify);
                break;
            case Escalate x:
                FarmMetrics.CountEscalation(_settings.Name, Words.Of(x.Rung));
                LogEscalated(_logger, _settings.Name, x.Zone, Words.Of(x.Rung), x.Why.ToString());
                break;
            case CountCheck x:
                FarmMetrics.CountVerify(_settings.Name, Words.Of(x.Verdict));
                _drift.Compared(x.Reason);
                break;
            case DriftSeen x: Found(x.Finding); break;
            case DriftOver x: Over(x.Zone); break;
            case ReportHealth health:
                Log(health.Change);
                _since = Clock.UtcNow;
                Publish(health.Change);
                break;
        }
    }

    private void Publish(TargetHealthChanged change) => Context.System.EventStream.Publish(change with { Source = Self });

    private void Count(OrderFinished finished)
    {
        if (!_started.Remove(finished.Id, out (BackendOrder Order, TimeSpan At) started)) return;
        NoteDoubt(started.Order);
        string operation = started.Order is ApplyZone ? "apply" : "remove";
        TimeSpan took = Clock.Monotonic - started.At;
        FarmMetrics.CountApply(_settings.Name, operation, Words.Of(finished.Outcome), took);
        LogOrder(finished, started.Order, operation, took);
    }

    private void Log(TargetHealthChanged change)
    {
        if (change.Healthy) LogReturned(_logger, change.Target);
        else LogAway(_logger, change.Target, change.Reason?.ToString() ?? "");
    }

    [LoggerMessage(EventId = 300, EventName = "target-returned", Level = LogLevel.Information, Message = "{Target} can be reached again")]
    private static partial void LogReturned(ILogger logger, string target);

    [LoggerMessage(EventId = 301, EventName = "target-away", Level = LogLevel.Warning, Message = "{Target} cannot be reached: {Reason}")]
    private static partial void LogAway(ILogger logger, string target, string reason);

    private void Named(ServerNamed named, KernelInstant now)
    {
        if (_identity.Heard(named)) TellIdentity();

        // Where a probe tells the version it comes first, and once is enough.
        bool isTold = _identity.Controlled?.Version is not null;
        if (!isTold && _identity is { Reason: null, Present.Version: { } version }) _machine.Runs(version, now, _effects);
    }

    private void HearProbe(OrderFinished probe)
    {
        if (probe.Outcome == OrderOutcome.Away) _identity.ControlIsAway();
        else if (probe.Control is { } controlled && _identity.Heard(controlled)) TellIdentity();
    }

    private void TellIdentity()
    {
        if (_identity.Reason is { } reason) LogSplit(_logger, _settings.Name, reason.Text);
        else LogOne(_logger, _settings.Name, _identity.Present?.ToString() ?? "");
    }

    [LoggerMessage(EventId = 302, EventName = "identity-split", Level = LogLevel.Warning, Message = "{Target}: {Reason}")]
    private static partial void LogSplit(ILogger logger, string target, string reason);

    [LoggerMessage(EventId = 303, EventName = "identity-one", Level = LogLevel.Information,
        Message = "{Target}: one server answers again, {Server}")]
    private static partial void LogOne(ILogger logger, string target, string server);

    private void Arm()
    {
        if (_machine.NextDue is not { } due || due == _armed) return;
        _armed = due;
        Timers.StartSingleTimer(DueTimer, DueTimer, due - Clock.Monotonic);
    }

    /// <summary>The machine has no part in it: what is only looked at changes nothing of what is known.</summary>
    private void Ask(BackendOrder question)
    {
        var asker = new ReplyTo(Sender, 0);
        if (question is ListServed list) _settings.Backend.List(list, asker);
        else if (question is ObserveZone observe) _settings.Backend.Observe(observe, asker);
        else Unhandled(question);
    }

    private TargetStatus Status(GetTargetStatus question) => new(
        _settings.Name,
        _settings.Backend.Traits.Driver,
        _machine.Healthy,
        _machine.AwayReason ?? _identity.Reason,
        _since,
        _machine.Behind,
        _machine.UnderWay)
    {
        Listing = _settings.Backend.Traits.Listing,
        Limits = _machine.Limits,
        Server = _identity.Present,
        Controlled = _identity.Controlled?.Version,
        Features = TargetFeatures.Of(_settings),
        Owed = _machine.OwedFor(question.OwedFor, Clock.Monotonic),
        Drift = _settings.Rules.Drift,
        Drifted = _drift.Count,
        Comparisons = _machine.Comparisons,
        Escalated = _machine.Escalated,
        Exhausted = _machine.Exhausted,
        OwedFor = _machine.OwedSince is { } since ? Clock.Monotonic - since : null,
    };
}

/// <summary>Settings of one target.</summary>
/// <param name="Name">Name as configured; in a cluster the one by which all nodes know it.</param>
/// <param name="Backend">Driver.</param>
/// <param name="ProbeInterval">How often the server is probed.</param>
public sealed record BackendActorSettings(string Name, IZoneBackend Backend, TimeSpan ProbeInterval)
{
    /// <summary>Whether changes may be ordered without asking.</summary>
    public IOrderPermit Permit { get; init; } = StandingPermit.Instance;

    /// <summary>Who is asked while the permit is closed; null when nobody is there: changes wait for the permit then.</summary>
    public IFenceCheck? FenceCheck { get; init; }

    /// <summary>The ownership by which this node holds a target of the whole farm; null for one that is the node's own.</summary>
    public TargetHold? Holder { get; init; }

    /// <summary>What becomes of a zone here that no master has confirmed for too long.</summary>
    public OnExpire OnExpire { get; init; } = OnExpire.Keep;

    /// <summary>What proves a change, and what becomes of differences.</summary>
    public TargetRules Rules { get; init; } = new();

    /// <summary>Compares what the server serves with a content; null where it cannot be asked.</summary>
    public IContentCheck? Check { get; init; }

    /// <summary>Asks who the server is; null where it cannot be asked.</summary>
    public IServerNaming? Naming { get; init; }

    /// <summary>What led to the contents, for a driver that takes differences; null where no history is kept.</summary>
    public IContentHistory? History { get; init; }

    /// <summary>Which wishes are taken. It outlives a restart of the actor: what was overtaken once stays so.</summary>
    public WishFence Fence { get; init; } = new();
}

/// <summary>What a target does with an expired zone.</summary>
public enum OnExpire
{
    /// <summary>Old answers are better than none.</summary>
    Keep = 0,

    /// <summary>It is taken from the server until a master confirms it again.</summary>
    Withdraw = 1,
}
