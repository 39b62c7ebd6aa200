using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Backends;

/// <summary>
/// Stands on this node for a target that another node holds: to the zones it is a target like any other. It carries wishes there and
/// reports back, over a link that loses messages.
/// </summary>
/// <remarks>
/// <code>
///   Queued --window has room--> Sent --arrived--> Taken --as wanted--> (reported, dropped)
///     ^                           |                 |
///     +---- not heard of in time, link was cut -----+
/// </code>
/// A newer wish for a zone replaces the older and gets a number of its own; what still comes of the older one is recognized by its number
/// and dropped. Before the first wish goes out the target's health must have been heard from that run of the node: otherwise a return of
/// the server between the two could be missed.
/// <para>A target that is away holds nothing here: each wish is reported so and forgotten, and on the return, as for a target of this
/// node, all owners are told to look at everything again. A new run of the node counts as a return, and so does a server that returned.
/// A link that was cut for a moment only makes the wishes go out again that were not proven yet.</para>
/// </remarks>
internal sealed partial class RemoteTargetActor : UntypedActor
{
    private static readonly object TickTimer = new();
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(500);

    private readonly RemoteTargetSettings _settings;
    private readonly ILogger _logger;
    private readonly Reason _nodeDown;
    private readonly Reason _nothingHeard;
    private Guid? _instance;
    private bool _hasSeen;
    private bool _isLinked;
    private TargetHealthTold? _told;
    private TargetPortrait? _portrait;
    private TimeSpan _heardAt;
    private TimeSpan? _cutSince;
    private (Guid Instance, TargetHealthTold Told)? _early;
    private bool _isHealthy = true;
    private bool _owesReturn;
    private Reason? _reason;
    private DateTimeOffset _since;

    private RemoteTargetActor(RemoteTargetSettings settings)
    {
        _settings = settings;
        _since = Clock.UtcNow;
        _nodeDown = new Reason(ReasonCode.TargetAway, settings.Node is { } node ? $"node {node} is down" : "no node holds the target");
        _nothingHeard = new Reason(ReasonCode.TargetAway, $"nothing is heard of node {settings.Node}");
        _logger = Context.System.LoggerFactory.CreateLogger<RemoteTargetActor>();
    }

    public static Props Props(RemoteTargetSettings settings) => Kernel.Props.Create(static s => new RemoteTargetActor(s), settings);

    protected internal override void PreStart()
    {
        Timers.StartPeriodicTimer(TickTimer, TickTimer, TickInterval, TickInterval);
        Context.Parent.Tell(new RemoteTargetStarted(), Self);
    }

    /// <summary>The wishes are lost with the instance.</summary>
    protected internal override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        _owesReturn = true;
    }

    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case WantZone wish: Want(wish, Sender); break;
            case FromNode from when _instance is { } instance && from.Instance == instance: Hear(from.Message); break;
            case FromNode { Message: TargetHealthTold told } from: _early = (from.Instance, told); break;
            case FromNode: break;
            case LinkChanged link: Link(link); break;
            case NodeSeen seen: See(seen.Instance); break;
            case OwnerEnded ended: ForgetOwner(ended.Owner); break;
            case GetTargetStatus: Sender.Tell(Status(), Self); break;
            case GetTargetDrift: Sender.Tell(TargetDrift.Elsewhere(_settings.Name), Self); break;
            case object timer when timer == TickTimer: Tick(); break;
            default: Unhandled(message); break;
        }

        Judge();
    }

    /// <summary>There is a link, and the target's health was heard over it not long ago.</summary>
    private bool IsReachable => _instance is not null && _isLinked && _told is not null
        && Clock.Monotonic - _heardAt < _settings.Link.AwayAfter + _settings.Link.AwayAfter;

    private void Hear(object message)
    {
        switch (message)
        {
            case WishTaken taken: Taken(taken.Request); break;
            case ReportOfTarget report: Reported(report); break;
            case TargetHealthTold told: HearHealth(told); break;
        }
    }

    private void HearHealth(TargetHealthTold told)
    {
        _heardAt = Clock.Monotonic;
        _isLinked = true;
        if (_told is { } before)
        {
            // Told before the one that is known, and overtaken by it.
            if (told.Returns < before.Returns) return;
            _owesReturn |= told.Returns > before.Returns;
        }

        _told = told;
        _portrait = told.Portrait ?? _portrait;
    }

    private void Link(LinkChanged link)
    {
        if (_instance != link.Instance) return;
        if (!link.IsUp || !_isLinked) TellAllAgain();
        _isLinked = link.IsUp;
    }

    private void See(Guid? instance)
    {
        _hasSeen = true;
        if (instance == _instance) return;
        _owesReturn |= _instance is not null && instance is not null;
        _instance = instance;
        _told = null;
        _isLinked = false;
        TellAllAgain();
        if (_early is { } early && early.Instance == instance) HearHealth(early.Told);
        _early = null;
    }

    /// <summary>Draws what follows from all that is known by now.</summary>
    private void Judge()
    {
        if (IsReachable)
        {
            _cutSince = null;
            if (_told!.Healthy) Returned();
            else Away(_told.Reason ?? _nothingHeard);
            if (_isHealthy) Pump();
            return;
        }

        _cutSince ??= Clock.Monotonic;
        if (_hasSeen && _instance is null) Away(_nodeDown);
        else if (Clock.Monotonic - _cutSince >= _settings.Link.AwayAfter) Away(_nothingHeard);
    }

    private void Returned()
    {
        if (_isHealthy && !_owesReturn) return;
        if (!_isHealthy)
        {
            _since = Clock.UtcNow;
            LogReturned(_logger, _settings.Name);
        }

        _isHealthy = true;
        _owesReturn = false;
        _reason = null;
        Publish(new TargetHealthChanged(_settings.Name, Healthy: true, Returned: true, Reason: null));
    }

    private void Away(Reason reason)
    {
        _reason = reason;
        if (!_isHealthy) return;
        _isHealthy = false;
        _since = Clock.UtcNow;
        LogAway(_logger, _settings.Name, reason.ToString());
        ReportAllAway();
        Publish(new TargetHealthChanged(_settings.Name, Healthy: false, Returned: false, reason));
    }

    private void Publish(TargetHealthChanged change) => Context.System.EventStream.Publish(change with { Source = Self });

    private TargetStatus Status() =>
        new(
            _settings.Name,
            _portrait?.Driver ?? "remote",
            _isHealthy,
            _reason ?? _portrait?.Doubt,
            _since,
            _wishes.Count,
            _outstanding)
        {
            Server = _portrait?.Server,
            Controlled = _portrait?.Controlled,
            Limits = _portrait?.Limits,
            Features = _portrait?.Features ?? [],
        };

    [LoggerMessage(EventId = 302, EventName = "target-returned", Level = LogLevel.Information, Message = "{Target} can be reached again")]
    private static partial void LogReturned(ILogger logger, string target);

    [LoggerMessage(EventId = 303, EventName = "target-away", Level = LogLevel.Warning, Message = "{Target} cannot be reached: {Reason}")]
    private static partial void LogAway(ILogger logger, string target, string reason);

    private sealed record OwnerEnded(IActorRef Owner);
}

/// <summary>Settings of a remote target's actor.</summary>
/// <param name="Name">The name by which all nodes know the target.</param>
/// <param name="Node">The node that holds it; null while nobody does.</param>
/// <param name="Target">Its name there.</param>
/// <param name="Numbers">Numbers for its wishes; they outlive a restart of the actor.</param>
/// <param name="Link">How other nodes are reached.</param>
internal sealed record RemoteTargetSettings(string Name, string? Node, string Target, WishNumbers Numbers, TargetLink Link)
{
    /// <summary>Recognizes wishes of an owner on this node that another has followed; outlives a restart of the actor.</summary>
    public WishFence Fence { get; } = new();
}
