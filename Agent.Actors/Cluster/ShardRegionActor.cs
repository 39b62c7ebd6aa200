using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Cluster;

/// <summary>Told to a shard's host when its region has become the owner; the host loads what it needs and then serves.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">Epoch of the ownership, for every write.</param>
public sealed record ShardStart(int Shard, long Epoch)
{
    /// <summary>The former owner did not end in order: what it had begun outside may still take effect for a while.</summary>
    public bool AfterCrash { get; init; }
}

/// <summary>Goes to every shard host of this node, with the original sender.</summary>
public sealed record ToAllShards(object Message);

/// <summary>Asks a region how it stands; answered by <see cref="RegionState"/>.</summary>
public sealed record GetRegionState;

/// <summary>How many shards there are, and how many this node hosts.</summary>
public sealed record RegionState(int Total, int Owned);

/// <summary>
/// The door to all entities: it knows which shard a message belongs to and hands it to that shard's host. A message for a
/// shard that nobody owns yet waits in a bounded buffer; one that cannot wait is answered by <see cref="IUnplaced"/>.
/// </summary>
/// <remarks>Knows no DNS. Messages for one shard keep their order, also across the buffer.</remarks>
public sealed class ShardRegionActor : UntypedActor
{
    private static readonly TimeSpan ReviveDelay = TimeSpan.FromSeconds(1);
    private static readonly SupervisorStrategy Strategy = new OneForOneStrategy(decider: Decide);

    private readonly ShardRegionSettings _settings;
    private readonly IActorRef?[] _hosts;
    private readonly long[] _epochs;
    private readonly Dictionary<int, Queue<Held>> _held = [];
    private int _heldCount;

    private ShardRegionActor(ShardRegionSettings settings)
    {
        _settings = settings;
        _hosts = new IActorRef?[settings.Coordination.ShardCount];
        _epochs = new long[_hosts.Length];
    }

    /// <summary>The recipe.</summary>
    public static Props Props(ShardRegionSettings settings) => Kernel.Props.Create(static s => new ShardRegionActor(s), settings);

    /// <summary>The shard of a key.</summary>
    public static int ShardOf(ulong key, int shardCount) => (int)(key % (ulong)shardCount);

    /// <summary>
    /// A host that failed has forgotten which shard it is: it ends, and a new one is told. Impossible state escalates as everywhere.
    /// </summary>
    protected internal override SupervisorStrategy SupervisorStrategy => Strategy;

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(OwnershipEnded));
        _settings.Coordination.Subscribe(Self);
    }

    /// <summary>What waited for an owner is answered; nobody would remember it.</summary>
    protected internal override void PostStop()
    {
        foreach (Held held in _held.Values.SelectMany(queue => queue)) _settings.Unplaced.Answer(held.Message, held.Sender, Self);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case IShardKeyed keyed:
                Route(keyed);
                break;
            case ShardAcquired acquired:
                Acquire(acquired);
                break;
            case ShardLost lost:
                Lose(lost.Shard);
                break;
            case OwnershipEnded:
                for (int shard = 0; shard < _hosts.Length; shard++) Lose(shard);
                break;
            case HostFailed failed:
                if (_hosts[failed.Shard] == failed.Host) HostEnded(failed.Shard);
                break;
            case Revive revive:
                if (_hosts[revive.Shard] is null && _epochs[revive.Shard] == revive.Epoch)
                    Acquire(new ShardAcquired(revive.Shard, revive.Epoch));
                break;
            case ToAllShards all:
                foreach (IActorRef? host in _hosts) host?.Tell(all.Message, Sender);
                break;
            case GetRegionState:
                Sender.Tell(new RegionState(_hosts.Length, _hosts.Count(h => h is not null)), Self);
                break;
            case HoldTimeout timeout:
                Expire(timeout.Shard);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Route(IShardKeyed message)
    {
        int shard = ShardOf(message.ShardKey, _hosts.Length);
        if (_hosts[shard] is { } host)
        {
            host.Tell(message, Sender);
            return;
        }

        if (_heldCount >= _settings.MaxHeld)
        {
            _settings.Unplaced.Answer(message, Sender, Self);
            return;
        }

        if (!_held.TryGetValue(shard, out Queue<Held>? queue)) _held[shard] = queue = new Queue<Held>();
        queue.Enqueue(new Held(message, Sender, Clock.Monotonic + _settings.HoldAtMost));
        _heldCount++;
        if (queue.Count == 1) Timers.StartSingleTimer(shard, new HoldTimeout(shard), _settings.HoldAtMost);
    }

    private void Acquire(ShardAcquired acquired)
    {
        if (_hosts[acquired.Shard] is not null) Lose(acquired.Shard);
        IActorRef host = Context.ActorOf(_settings.HostProps, $"shard-{acquired.Shard}-{acquired.Epoch}");
        Context.WatchWith(host, new HostFailed(acquired.Shard, host));
        _hosts[acquired.Shard] = host;
        _epochs[acquired.Shard] = acquired.Epoch;
        host.Tell(new ShardStart(acquired.Shard, acquired.Epoch), Self);
        if (!_held.Remove(acquired.Shard, out Queue<Held>? queue)) return;
        Timers.Cancel(acquired.Shard);
        _heldCount -= queue.Count;
        foreach (Held held in queue) host.Tell(held.Message, held.Sender);
    }

    private void Lose(int shard)
    {
        if (_hosts[shard] is { } host) Context.Stop(host);
        _hosts[shard] = null;
        _epochs[shard] = 0;
    }

    /// <summary>The shard is still ours: what comes for it waits until its next host is there.</summary>
    private void HostEnded(int shard)
    {
        CodeProbe.Reached("region.host-broke");
        _hosts[shard] = null;
        var revive = new Revive(shard, _epochs[shard]);
        Timers.StartSingleTimer(revive, revive, ReviveDelay);
    }

    private static Directive Decide(Exception cause)
    {
        Directive usual = SupervisorStrategy.DefaultDecider(cause);
        return usual == Directive.Restart ? Directive.Stop : usual;
    }

    private void Expire(int shard)
    {
        if (!_held.TryGetValue(shard, out Queue<Held>? queue)) return;
        while (queue.TryPeek(out Held held) && held.Until <= Clock.Monotonic)
        {
            queue.Dequeue();
            _heldCount--;
            _settings.Unplaced.Answer(held.Message, held.Sender, Self);
        }

        if (queue.TryPeek(out Held next)) Timers.StartSingleTimer(shard, new HoldTimeout(shard), next.Until - Clock.Monotonic);
        else _held.Remove(shard);
    }

    private readonly record struct Held(IShardKeyed Message, IActorRef Sender, TimeSpan Until);

    private sealed record HoldTimeout(int Shard);

    private sealed record HostFailed(int Shard, IActorRef Host);

    private sealed record Revive(int Shard, long Epoch);
}

/// <summary>Settings of a region.</summary>
/// <param name="Coordination">Says which shards are ours.</param>
/// <param name="HostProps">Recipe of a shard's host.</param>
/// <param name="Unplaced">Answers what could not be placed.</param>
/// <param name="HoldAtMost">How long a message may wait for an owner.</param>
/// <param name="MaxHeld">How many messages may wait in all.</param>
public sealed record ShardRegionSettings(
    ICoordination Coordination,
    Props HostProps,
    IUnplaced Unplaced,
    TimeSpan HoldAtMost,
    int MaxHeld);

/// <summary>Answers messages that found no owner in time, in the words of their protocol.</summary>
public interface IUnplaced
{
    /// <summary>Tells <paramref name="sender"/> that the message was not handled.</summary>
    void Answer(IShardKeyed message, IActorRef sender, IActorRef self);
}
