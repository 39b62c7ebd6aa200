using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Cluster;

/// <summary>
/// Claims the shards that are assigned to this node and gives up those that are not any more: feeds a <see cref="ShardMachine"/> for each
/// and carries their effects out. The region is told <see cref="ShardAcquired"/>, <see cref="DrainShard"/> and <see cref="ShardLost"/>.
/// </summary>
public sealed partial class ShardOwnerActor : UntypedActor
{
    private static readonly object TickTimer = new();
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);

    private readonly ShardOwnerSettings _settings;
    private readonly ShardMachine[] _machines;
    private readonly Dictionary<long, int> _requests = [];
    private readonly List<ShardEffect> _effects = [];
    private readonly ILogger _logger;
    private ClusterView _view = ClusterView.Empty;
    private NodeJoined? _self;
    private TimeSpan? _leavesSince;
    private long _counter;

    private ShardOwnerActor(ShardOwnerSettings settings)
    {
        _settings = settings;
        _machines = new ShardMachine[settings.Shards];
        for (int shard = 0; shard < _machines.Length; shard++)
            _machines[shard] = new ShardMachine(shard, settings.Node, settings.DrainMax, () => ++_counter);
        _logger = Context.System.LoggerFactory.CreateLogger<ShardOwnerActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(ShardOwnerSettings settings) => Kernel.Props.Create(static s => new ShardOwnerActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(NodeJoined));
        Context.System.EventStream.Subscribe(Self, typeof(NodeExpelled));
        Context.System.EventStream.Subscribe(Self, typeof(ShardFenced));
        Context.System.EventStream.Subscribe(Self, typeof(NodeLeaves));
        Context.System.EventStream.Subscribe(Self, typeof(RegionRestarted));
        Context.System.EventStream.Publish(new MembershipWanted(Self));
        _settings.View.Tell(new SubscribeView(Self), Self);
        Timers.StartPeriodicTimer(TickTimer, TickTimer, TickInterval);
    }

    /// <summary>Machines that are forgotten own nothing that anybody looks after: the node has to join anew.</summary>
    protected internal override void PreRestart(Exception reason, object? message)
    {
        for (int shard = 0; shard < _machines.Length; shard++) _settings.Region.Tell(new ShardLost(shard), Self);
        _settings.Keeper.Tell(new LeaveAndRejoin("the owner of its shards broke"), Self);
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        TimeSpan now = Clock.Monotonic;
        switch (message)
        {
            case ViewChanged x: See(x.View, now); break;
            case NodeJoined x: Join(x, now); break;
            case NodeExpelled x when _self is null || x.Instance == _self.Instance: Expel(); break;
            case NodeExpelled: break;
            case ShardFenced x: _machines[x.Shard].Fenced(RevisionOf(x.Epoch), now, _effects); break;
            case NodeLeaves x: _leavesSince = x.Leaving ? now : null; break;
            case RegionRestarted: EachMachine(static (machine, at, effects) => machine.HostGone(at, effects), now); break;
            case ShardDrained x: _machines[x.Shard].HostEnded(RevisionOf(x.Epoch), now, _effects); break;
            case StoreCommitted x when _requests.Remove(x.Request, out int shard): _machines[shard].Committed(x, now, _effects); break;
            case StoreFailed x when _requests.Remove(x.Request, out int shard): _machines[shard].Failed(x, now, _effects); break;
            case StoreRead x when _requests.Remove(x.Request, out int shard): _machines[shard].Read(x, now, _effects); break;
            case StoreCommitted or StoreFailed or StoreRead: break;
            case GetOwnedShards: Sender.Tell(new OwnedShards(_machines.Count(m => m.IsHosted), _machines.All(m => m.IsIdle)), Self); break;
            case object timer when timer == TickTimer: EachMachine(static (machine, at, effects) => machine.Tick(at, effects), now); break;
            default: Unhandled(message); break;
        }

        CarryOut();
        SayDrained(now);
    }

    private void SayDrained(TimeSpan now)
    {
        if (_leavesSince is not { } since || !Array.TrueForAll(_machines, machine => machine.IsIdle)) return;
        _leavesSince = null;
        LogDrained(_logger, _settings.Node, (now - since).TotalSeconds);
    }

    private void See(ClusterView view, TimeSpan now)
    {
        _view = view;
        foreach (ShardMachine machine in _machines)
        {
            machine.See(view, now, _effects);
            CarryOut();
        }
    }

    private void Join(NodeJoined joined, TimeSpan now)
    {
        Expel();
        _self = joined;
        foreach (ShardMachine machine in _machines) machine.Join(joined.Instance);
        EachMachine(static (machine, at, effects) => machine.Tick(at, effects), now);
    }

    private void Expel()
    {
        _self = null;
        foreach (ShardMachine machine in _machines) machine.Expel(_effects);
        CarryOut();
    }

    private void EachMachine(Action<ShardMachine, TimeSpan, List<ShardEffect>> step, TimeSpan now)
    {
        foreach (ShardMachine machine in _machines)
        {
            step(machine, now, _effects);
            CarryOut();
        }
    }

    private void CarryOut()
    {
        foreach (ShardEffect effect in _effects) CarryOut(effect);
        _effects.Clear();
    }

    private void CarryOut(ShardEffect effect)
    {
        switch (effect)
        {
            case ClaimShard x: Claim(x); break;
            case ReadOwner x:
                _requests[x.Request] = x.Shard;
                _settings.Store.Read(x.Request, _settings.Keys.Owner(x.Shard), Context.ReplyTo());
                break;
            case ReleaseShard x: Release(x); break;
            case HostShard x:
                LogOwned(_logger, x.Shard, _view.EpochOf(x.OwnerRevision));
                _settings.Region.Tell(new ShardAcquired(x.Shard, _view.EpochOf(x.OwnerRevision)) { AfterCrash = x.AfterCrash }, Self);
                break;
            case EndHost x: _settings.Region.Tell(new DrainShard(x.Shard, _view.EpochOf(x.OwnerRevision)), Self); break;
            case DropHost x:
                LogDropped(_logger, x.Shard);
                _settings.Region.Tell(new ShardLost(x.Shard), Self);
                break;
        }
    }

    private void Claim(ClaimShard effect)
    {
        if (_self is null) return;
        _requests[effect.Request] = effect.Shard;
        string owner = _settings.Keys.Owner(effect.Shard), givenUp = _settings.Keys.GivenUp(effect.Shard);
        var writes = ImmutableArray.Create(
            new StoreWrite(owner, ClusterRecords.Write(new OwnerRecord(_settings.Node, _self.Instance)), _self.Lease));
        if (effect.GivenUpRevision != 0) writes = writes.Add(new StoreWrite(givenUp, null));
        _settings.Store.Commit(
            effect.Request,
            new StoreTransaction(
                [
                    new StoreCompare(owner, StoreField.CreateRevision, 0),
                    new StoreCompare(_settings.Keys.Assign(effect.Shard), StoreField.ModRevision, effect.AssignRevision),
                    new StoreCompare(_settings.Keys.Member(_settings.Node), StoreField.CreateRevision, _self.Revision),
                    new StoreCompare(givenUp, StoreField.ModRevision, effect.GivenUpRevision),
                ],
                writes),
            Context.ReplyTo());
    }

    private void Release(ReleaseShard effect)
    {
        _requests[effect.Request] = effect.Shard;
        string owner = _settings.Keys.Owner(effect.Shard);
        var writes = ImmutableArray.Create(new StoreWrite(owner, null));
        if (effect.InGoodOrder && _self is not null)
        {
            writes = writes.Add(new StoreWrite(
                _settings.Keys.GivenUp(effect.Shard), ClusterRecords.Write(new OwnerRecord(_settings.Node, _self.Instance))));
        }

        _settings.Store.Commit(
            effect.Request,
            new StoreTransaction([new StoreCompare(owner, StoreField.CreateRevision, effect.OwnerRevision)], writes),
            Context.ReplyTo());
    }

    private static long RevisionOf(long epoch) => epoch & ((1L << 52) - 1);

    [LoggerMessage(EventId = 530, EventName = "shard-owned", Level = LogLevel.Information,
        Message = "shard {Shard} is ours, epoch {Epoch}")]
    private static partial void LogOwned(ILogger logger, int shard, long epoch);

    [LoggerMessage(EventId = 541, EventName = "node-drained", Level = LogLevel.Information,
        Message = "{Node} has given its shards away after {Seconds:0.00} s")]
    private static partial void LogDrained(ILogger logger, string node, double seconds);

    [LoggerMessage(EventId = 531, EventName = "shard-dropped", Level = LogLevel.Warning, Message = "shard {Shard} is not ours any more")]
    private static partial void LogDropped(ILogger logger, int shard);
}

/// <summary>Settings of the owner of shards on a node.</summary>
/// <param name="Node">Name of this node.</param>
/// <param name="Shards">Number of shards.</param>
/// <param name="Keys">The cluster's keys.</param>
/// <param name="Store">What all nodes agree through.</param>
/// <param name="View">The actor that knows the view.</param>
/// <param name="Keeper">The keeper of the lease.</param>
/// <param name="Region">The door to the zones, which hosts the shards.</param>
/// <param name="DrainMax">How long a host may take to end in good order.</param>
public sealed record ShardOwnerSettings(
    string Node,
    int Shards,
    ClusterKeys Keys,
    IClusterStore Store,
    IActorRef View,
    IActorRef Keeper,
    IActorRef Region,
    TimeSpan DrainMax);
