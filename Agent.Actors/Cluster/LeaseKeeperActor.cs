using Agent.Actors.Kernel;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Cluster;

/// <summary>
/// Keeps this node among the members of the cluster: feeds the <see cref="LeaseMachine"/> and carries its effects out. Tells of joining and
/// of expulsion on the event stream.
/// </summary>
public sealed partial class LeaseKeeperActor : UntypedActor
{
    private static readonly object TickTimer = new();

    /// <summary>How often it is said that the store has not been heard yet.</summary>
    private static readonly TimeSpan WordEvery = TimeSpan.FromMinutes(1);

    private readonly LeaseKeeperSettings _settings;
    private readonly LeaseMachine _machine;
    private readonly List<LeaseEffect> _effects = [];
    private readonly ILogger _logger;
    private long _requests;
    private long _stateRequest;
    private long _stateRevision;
    private long _enteredAt;
    private long _configRequest;
    private bool _configured;
    private string? _mismatch;
    private TimeSpan? _wordDue;
    private bool _leaving;
    private string? _placement;
    private Shown _shown;
    private Shown _showing;

    private LeaseKeeperActor(LeaseKeeperSettings settings)
    {
        _settings = settings;
        _placement = settings.Member.Placement;
        _machine = new LeaseMachine(settings.Member.Times, NewInstance);
        _logger = Context.System.LoggerFactory.CreateLogger<LeaseKeeperActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(LeaseKeeperSettings settings) => Kernel.Props.Create(static s => new LeaseKeeperActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        if (_settings.Member.Memory.Recall() is { } last && last != 0) _settings.Member.Store.Revoke(--_requests, last, Context.ReplyTo());
        Context.System.EventStream.Subscribe(Self, typeof(MembershipWanted));
        _settings.View.Tell(new SubscribeView(Self), Self);
        Timers.StartPeriodicTimer(TickTimer, TickTimer, TimeSpan.Zero, _settings.Member.Times.Beat / 10);
    }

    /// <summary>Whoever kept the lease before this incarnation is not known any more: everything on it ends.</summary>
    protected internal override void PreRestart(Exception reason, object? message)
    {
        Context.System.EventStream.Publish(new NodeExpelled(_machine.Instance, "the keeper of the lease broke"));
        base.PreRestart(reason, message);
    }

    /// <summary>The others need not wait for the lease to run out.</summary>
    protected internal override void PostStop()
    {
        _settings.Gate.Close();
        if (_machine.Lease != 0) _settings.Member.Store.Revoke(--_requests, _machine.Lease, Context.ReplyTo());
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        TimeSpan now = _settings.Member.SinceBoot();
        switch (message)
        {
            case object timer when timer == TickTimer:
                if (_configured) _machine.Tick(now, _effects);
                else if (_mismatch is null) Unheard(now);
                ShowState();
                break;
            case LeaseGranted x: _machine.Granted(x, now, _effects); break;
            case LeaseKept x: _machine.Kept(x, now, _effects); break;
            case LeaseRevoked: break;
            case StoreCommitted x when x.Request == _stateRequest: StateShown(x); break;
            case StoreFailed x when x.Request == _stateRequest: _stateRequest = 0; break;
            case StoreCommitted x when x.Request == _configRequest: _configRequest = 0; break;
            case StoreFailed x when x.Request == _configRequest: _configRequest = 0; break;
            case StoreCommitted x: _machine.Entered(x, now, _effects); break;
            case StoreFailed x: _machine.Failed(x, now, _effects); break;
            case ViewChanged x: Look(x.View, now); break;
            case ClusterState x: SayUnheard(x); break;
            case LeaveAndRejoin x: _machine.Leave(x.Why, now, _effects); break;
            case MembershipWanted x:
                if (_machine.IsMember) x.Asker.Tell(new NodeJoined(_machine.Lease, _machine.Instance, _enteredAt), Self);
                break;
            case SetLeaving x: Leave(x.Leaving); break;
            case SetPlacement x:
                _placement = x.Placement;
                ShowState();
                break;
            default: Unhandled(message); break;
        }

        foreach (LeaseEffect effect in _effects) CarryOut(effect);
        _effects.Clear();
    }

    private void CarryOut(LeaseEffect effect)
    {
        switch (effect)
        {
            case AskLease x: _settings.Member.Store.Grant(x.Request, _settings.Member.Times.TimeToLive, Context.ReplyTo()); break;
            case BeatLease x: _settings.Member.Store.KeepAlive(x.Request, x.Lease, Context.ReplyTo()); break;
            case EnterMember x: Enter(x); break;
            case DropLease x: _settings.Member.Store.Revoke(--_requests, x.Lease, Context.ReplyTo()); break;
            case Joined x:
                _enteredAt = x.Revision;
                LogJoined(_logger, _settings.Member.Node, x.Instance, x.Lease);
                Context.System.EventStream.Publish(new NodeJoined(x.Lease, x.Instance, x.Revision));
                break;
            case Expelled x:
                _settings.Gate.Close();
                _stateRequest = 0;
                LogExpelled(_logger, _settings.Member.Node, x.Why);
                Context.System.EventStream.Publish(new NodeExpelled(x.Instance, x.Why));
                break;
            case HoldsUntil x: _settings.Gate.OpenUntil(x.SinceBoot); break;
            case CannotJoin x: LogCannotJoin(_logger, _settings.Member.Node, x.Why); break;
        }
    }

    private void Enter(EnterMember effect)
    {
        _settings.Member.Memory.Remember(effect.Lease);
        _shown = Wanted;
        string key = _settings.Member.Keys.Member(_settings.Member.Node);
        _settings.Member.Store.Commit(
            effect.Request,
            new StoreTransaction(
                [new StoreCompare(key, StoreField.CreateRevision, 0)],
                [
                    new StoreWrite(key, ClusterRecords.Write(Record(effect.Instance, _shown)), effect.Lease),
                    new StoreWrite(_settings.Member.Keys.Node(_settings.Member.Node), ClusterRecords.Write(_settings.Member.Servers)),
                ]),
            Context.ReplyTo());
    }

    private void Leave(bool leaving)
    {
        if (leaving != _leaving)
        {
            if (leaving) LogLeaving(_logger, _settings.Member.Node);
            else LogStays(_logger, _settings.Member.Node);
            Context.System.EventStream.Publish(new NodeLeaves(leaving));
        }

        _leaving = leaving;
        ShowState();
    }

    /// <summary>What the others are to know of this node.</summary>
    private Shown Wanted => new(_leaving ? MemberState.Leaving : MemberState.Up, _placement);

    private MemberRecord Record(Guid instance, Shown shown) =>
        new MemberRecord(
            _settings.Member.Node,
            instance,
            _settings.Member.Process,
            _settings.Member.Address,
            shown.State,
            _settings.Member.Version,
            _settings.Member.Protocol)
        {
            Placement = shown.Placement,
        };

    /// <summary>A view from before the node was entered says nothing of it.</summary>
    private void Look(ClusterView view, TimeSpan now)
    {
        Configure(view);
        if (_machine.IsMember && view.Revision >= _enteredAt && !view.IsThere(_settings.Member.Node, _machine.Instance))
            _machine.NotSeen(now, _effects);
        SeeState(view);
    }

    /// <summary>A write whose answer was lost, or that arrived long after it was given up, is seen here alone; the next tick mends
    /// it.</summary>
    private void SeeState(ClusterView view)
    {
        if (!_machine.IsMember || _stateRequest != 0 || view.Members.GetValueOrDefault(_settings.Member.Node) is not { } seen) return;
        if (seen.Record.Instance == _machine.Instance && seen.ModRevision >= _stateRevision)
            _shown = new Shown(seen.Record.State, seen.Record.Placement);
    }

    /// <summary>The first node says what the cluster is; every other compares. One that differs must not work beside the rest.</summary>
    private void Configure(ClusterView view)
    {
        if (view.Config is not { } config)
        {
            // A view that is older than a key says nothing; the comparison decides.
            if (_configured || _configRequest != 0) return;
            _configRequest = --_requests;
            _settings.Member.Store.Commit(
                _configRequest,
                new StoreTransaction(
                    [new StoreCompare(_settings.Member.Keys.Config, StoreField.CreateRevision, 0)],
                    [new StoreWrite(_settings.Member.Keys.Config, ClusterRecords.Write(_settings.Member.Config))]),
                Context.ReplyTo());
            return;
        }

        ConfigRecord ours = _settings.Member.Config with { Incarnation = config.Record.Incarnation };
        string? mismatch = config.Record == ours ? null : $"the cluster has {InWords(config.Record)}, this node is for {InWords(ours)}";
        if (mismatch is not null && mismatch != _mismatch) LogCannotJoin(_logger, _settings.Member.Node, mismatch);
        _mismatch = mismatch;
        _configured |= mismatch is null;
    }

    /// <summary>Before the first view nothing is tried, so nothing else fails that could be told.</summary>
    private void Unheard(TimeSpan now)
    {
        _wordDue ??= now + _settings.Member.Times.Beat;
        if (now < _wordDue) return;
        _wordDue = now + WordEvery;
        _settings.View.Tell(new GetClusterState(), Self);
    }

    private void SayUnheard(ClusterState state)
    {
        if (!_configured && state.Why is { } why) LogCannotJoin(_logger, _settings.Member.Node, $"etcd cannot be heard ({why})");
    }

    private static string InWords(ConfigRecord config) => $"{config.Shards} shards (hash {config.Hash}, format {config.Format})";

    /// <summary>Tells the others whether the node is leaving, and how it places; tried until the store has taken it.</summary>
    private void ShowState()
    {
        Shown wanted = Wanted;
        if (!_machine.IsMember || wanted == _shown || _stateRequest != 0) return;
        _showing = wanted;
        _stateRequest = --_requests;
        string key = _settings.Member.Keys.Member(_settings.Member.Node);
        _settings.Member.Store.Commit(
            _stateRequest,
            new StoreTransaction(
                [new StoreCompare(key, StoreField.CreateRevision, _enteredAt)],
                [new StoreWrite(key, ClusterRecords.Write(Record(_machine.Instance, wanted)), _machine.Lease)]),
            Context.ReplyTo());
    }

    private void StateShown(StoreCommitted answer)
    {
        _stateRequest = 0;
        if (!answer.Succeeded) return;
        _shown = _showing;
        _stateRevision = answer.Revision;
    }

    /// <summary>What may change of a member's record while it is there.</summary>
    private readonly record struct Shown(MemberState State, string? Placement);

    /// <summary>From the system's random numbers, so that a simulation replays.</summary>
    private Guid NewInstance()
    {
        Span<byte> octets = stackalloc byte[16];
        BitConverter.TryWriteBytes(octets, Random.NextUInt64());
        BitConverter.TryWriteBytes(octets[8..], Random.NextUInt64());
        return new Guid(octets);
    }

    [LoggerMessage(EventId = 500, EventName = "node-joined", Level = LogLevel.Information,
        Message = "{Node} is a member of the cluster (run {Instance}, lease {Lease})")]
    private static partial void LogJoined(ILogger logger, string node, Guid instance, long lease);

    [LoggerMessage(EventId = 501, EventName = "node-expelled", Level = LogLevel.Error,
        Message = "{Node} is not a member any more: {Why}; its shards stop, and it joins anew")]
    private static partial void LogExpelled(ILogger logger, string node, string why);

    [LoggerMessage(EventId = 540, EventName = "node-leaving", Level = LogLevel.Information,
        Message = "{Node} gives its shards to the others")]
    private static partial void LogLeaving(ILogger logger, string node);

    [LoggerMessage(EventId = 543, EventName = "node-stays", Level = LogLevel.Information,
        Message = "{Node} takes shards again: its drain was undone")]
    private static partial void LogStays(ILogger logger, string node);

    [LoggerMessage(EventId = 502, EventName = "node-waits", Level = LogLevel.Warning, Message = "{Node} cannot join yet: {Why}")]
    private static partial void LogCannotJoin(ILogger logger, string node, string why);
}

/// <summary>Settings of the keeper of a lease.</summary>
/// <param name="Member">The node whose lease it is.</param>
/// <param name="View">The actor that knows the view.</param>
/// <param name="Gate">Opened while the lease holds.</param>
public sealed record LeaseKeeperSettings(ClusterNodeSettings Member, IActorRef View, OwnershipGate Gate);

/// <summary>Remembers the last lease over a restart of the process, so that it need not run out before the node comes back.</summary>
public interface ILeaseMemory
{
    /// <summary>The last lease; null when nothing is known.</summary>
    long? Recall();

    /// <summary>Keeps the lease; may take effect late, and may fail without a word.</summary>
    void Remember(long lease);
}
