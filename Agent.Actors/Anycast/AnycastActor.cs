using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Actors.Zones;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Anycast;

/// <summary>
/// Looks at the node at an even pace, feeds the <see cref="AnycastMachine"/>, and has announced what it decides. Each look asks first and
/// judges a moment later, with the last that is known of whoever has not answered by then.
/// </summary>
/// <remarks>The machine outlives this actor: a fault here must not withdraw the node.</remarks>
public sealed partial class AnycastActor : UntypedActor
{
    /// <summary>After so many missed looks the node has slept.</summary>
    private const int LooksMissed = 5;

    private static readonly object LookTimer = new();
    private static readonly object JudgeTimer = new();

    private readonly AnycastSettings _settings;
    private readonly Memory _memory;
    private readonly AnycastMachine _machine;
    private readonly ILogger _logger;
    private readonly List<(IActorRef Asker, bool WasAnnounced)> _leavers = [];
    private Announcement? _wanted;
    private string? _problem;
    private TimeSpan? _shownAt;
    private bool _isShown;
    private string _told = "";

    private AnycastActor(AnycastSettings settings, Memory memory)
    {
        _settings = settings;
        _memory = memory;
        _machine = memory.Machine ??= new AnycastMachine(settings.Policy, Clock.Monotonic);
        _logger = Context.System.LoggerFactory.CreateLogger<AnycastActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(AnycastSettings settings) =>
        Kernel.Props.Create(static a => new AnycastActor(a.settings, a.Memory), (settings, Memory: new Memory()));

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(TargetSetChanged));
        Context.System.EventStream.Subscribe(Self, typeof(NodeJoined));
        Context.System.EventStream.Subscribe(Self, typeof(NodeExpelled));
        Timers.StartPeriodicTimer(LookTimer, LookTimer, TimeSpan.Zero, _settings.Policy.Interval);
        Show();
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case object timer when timer == LookTimer:
                Ask();
                Timers.StartSingleTimer(JudgeTimer, JudgeTimer, _settings.Policy.Interval / 10);
                break;
            case object timer when timer == JudgeTimer: Judge(); break;
            case TargetSetChanged x: TakeTargets(x.Targets); break;
            case TargetStatus x: TakeStatus(x); break;
            case ProvenZones x: TakeProven(x); break;
            case ClusterState x: _cluster = x; break;
            case NodeJoined x: _membership = x; break;
            case NodeExpelled: _membership = null; break;
            case StoreCommitted x: Committed(x); break;
            case StoreFailed x: CommitFailed(x); break;
            case AnnouncementShown x: Shown(x); break;
            case LeaveAnycast: BeginLeaving(Sender); break;
            default: Unhandled(message); break;
        }
    }

    private void Judge()
    {
        bool wasAnnounced = _machine.IsAnnounced;
        if (Clock.Monotonic - _memory.JudgedAt > _settings.Policy.Interval * LooksMissed)
        {
            _machine.Woke(Clock.Monotonic);
            ForgetProven();
        }

        _memory.JudgedAt = Clock.Monotonic;
        AnycastFacts facts = Facts();
        _machine.Look(facts, Clock.Monotonic);
        Carry(wasAnnounced, facts);
        if (_settings.Cluster is { } cluster) AskStore(cluster);
    }

    /// <summary>Shows what was decided, told at every look: that it is not told any more is how the outside sees that this node is
    /// dead.</summary>
    private void Carry(bool wasAnnounced, AnycastFacts facts)
    {
        if (wasAnnounced != _machine.IsAnnounced)
        {
            _memory.Since = Clock.UtcNow;
            AnycastMetrics.CountTransition(_machine.IsAnnounced);
        }

        Show();
        Tell(wasAnnounced);
        _settings.Board.Put(new AnycastStatus(
            Clock.Monotonic,
            _machine.IsAnnounced,
            _isShown,
            _machine.Metric,
            _machine.IsFit,
            _memory.Since ??= Clock.UtcNow,
            _problem is null ? _machine.Reasons : _machine.Reasons.Add(new Reason(ReasonCode.AnnounceFailed, _problem)),
            facts,
            Announcers()));
        EndLeaving();
    }

    private void Show()
    {
        bool isChange = _wanted is null || _wanted.IsAnnounced != _machine.IsAnnounced;
        if (isChange) (_isShown, _shownAt) = (false, null);
        _wanted = new Announcement(++_memory.Number, _machine.IsAnnounced, _machine.Metric);
        _settings.Announcer.Show(_wanted, Context.ReplyTo());
        if (isChange) _memory.ChangedWith = _memory.Number;
    }

    /// <summary>An answer to what was wanted before the last change says nothing.</summary>
    private void Shown(AnnouncementShown answer)
    {
        if (answer.Number < _memory.ChangedWith || (!answer.IsShown && answer.Problem is null)) return;
        if (answer.Problem is not null && answer.Problem != _problem) LogProblem(_logger, answer.Problem);
        _problem = answer.Problem;
        _isShown = answer.IsShown;
        if (_isShown) _shownAt ??= Clock.Monotonic;
        else _shownAt = null;
        EndLeaving();
    }

    private void BeginLeaving(IActorRef asker)
    {
        _memory.IsStopping = true;
        _leavers.Add((asker, _machine.IsAnnounced));
        Judge();
    }

    /// <summary>Also when routers could not be told: nothing is gained by waiting.</summary>
    private void EndLeaving()
    {
        if (_leavers.Count == 0 || _machine.IsAnnounced || (!_isShown && _problem is null)) return;
        foreach ((IActorRef asker, bool wasAnnounced) in _leavers) asker.Tell(new AnycastLeft(wasAnnounced), Self);
        _leavers.Clear();
    }

    private void Tell(bool wasAnnounced)
    {
        string reasons = string.Join("; ", _machine.Reasons.Select(reason => reason.ToString()));
        string codes = string.Join(' ', _machine.Reasons.Select(reason => reason.Code));
        if (wasAnnounced != _machine.IsAnnounced && _machine.IsAnnounced) LogAnnounced(_logger, _machine.Metric, reasons);
        else if (wasAnnounced != _machine.IsAnnounced) LogWithdrawn(_logger, reasons);
        else if (codes != _told) LogReasons(_logger, _machine.IsAnnounced ? "announced" : "withdrawn", reasons);
        _told = codes;
    }

    [LoggerMessage(EventId = 600, EventName = "anycast-announced", Level = LogLevel.Information,
        Message = "the node attracts traffic with metric {Metric}: {Reasons}")]
    private static partial void LogAnnounced(ILogger logger, int metric, string reasons);

    [LoggerMessage(EventId = 601, EventName = "anycast-withdrawn", Level = LogLevel.Warning,
        Message = "the node does not attract traffic any more: {Reasons}")]
    private static partial void LogWithdrawn(ILogger logger, string reasons);

    [LoggerMessage(EventId = 602, EventName = "anycast-reasons", Level = LogLevel.Information,
        Message = "the node stays {State}: {Reasons}")]
    private static partial void LogReasons(ILogger logger, string state, string reasons);

    [LoggerMessage(EventId = 603, EventName = "anycast-not-shown", Level = LogLevel.Error, Message = "routers cannot be told: {Problem}")]
    private static partial void LogProblem(ILogger logger, string problem);

    /// <summary>What a fault of this actor must not lose.</summary>
    private sealed class Memory
    {
        public AnycastMachine? Machine { get; set; }

        public DateTimeOffset? Since { get; set; }

        public long Number { get; set; }

        /// <summary>Number of the first announcement that said what is wanted now.</summary>
        public long ChangedWith { get; set; }

        public bool IsStopping { get; set; }

        public TimeSpan? JudgedAt { get; set; }
    }
}
