using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Cluster;

/// <summary>
/// The door to all entities of the cluster: it knows which shard a message belongs to and hands it to that shard's host, here or on another
/// node. A message for a shard that nobody owns yet waits, bounded in number and time; one that cannot wait is answered by
/// <see cref="IUnplaced"/>.
/// </summary>
/// <remarks>
/// Knows no DNS. In a cluster a message is held until its answer is here: when its owner goes away, is another by now, or the link to it
/// breaks, it is sent again, under the same number. Of one entity only one message at a time is on its way to another node, so that they
/// keep their order; it is on its way until the owner has handed it to the entity. An agent that stands alone hands messages over at once
/// and holds nothing.
/// </remarks>
public sealed partial class ShardRegionActor : UntypedActor
{
    private static readonly TimeSpan ReviveDelay = TimeSpan.FromSeconds(1);
    private static readonly object TickTimer = new();
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);
    private static readonly SupervisorStrategy Strategy = new OneForOneStrategy(decider: Decide);

    private readonly ShardRegionSettings _settings;
    private readonly HostSlot[] _hosts;

    private ShardRegionActor(ShardRegionSettings settings)
    {
        _settings = settings;
        _hosts = [.. Enumerable.Range(0, settings.Coordination.ShardCount).Select(_ => new HostSlot())];
        _heldByShard = new int[_hosts.Length];
        _counter = (long)(Random.NextUInt64() >> 2);
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
        _settings.Peers?.View.Tell(new SubscribeView(Self), Self);
    }

    /// <summary>The sender of the message at which it broke hears so from the kernel, and only once.</summary>
    protected internal override void PreRestart(Exception reason, object? message)
    {
        if (_requests.Values.FirstOrDefault(r => ReferenceEquals(r.Message, message)) is { } request) Remove(request);
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected internal override void PostRestart(Exception reason)
    {
        CodeProbe.Reached("region.broke");
        base.PostRestart(reason);
        Context.System.EventStream.Publish(new RegionRestarted());
    }

    /// <summary>What waited for an owner is answered; nobody would remember it.</summary>
    protected internal override void PostStop()
    {
        for (int shard = 0; shard < _hosts.Length; shard++) _settings.Peers?.Gate?.End(shard);
        foreach (Request request in _requests.Values) _settings.Unplaced.Answer(request.Message, request.Sender, Self);
        CountWaiting(-_requests.Count);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case IShardKeyed keyed: Route(keyed, Sender); break;
            case Answered answered: Answer(answered.Request, answered.Answer); break;
            case FromNode from: FromPeer(from); break;
            case ServedAnswer served: AnswerPeer(served); break;
            case ViewChanged changed: See(changed.View); break;
            case LinkChanged link: LinkChanged(link); break;
            case ShardAcquired acquired: Acquire(acquired); break;
            case ShardLost lost: Lose(lost.Shard); break;
            case DrainShard drain: Drain(drain); break;
            case OwnershipEnded:
                for (int shard = 0; shard < _hosts.Length; shard++) Lose(shard);
                break;
            case ShardTaken taken: Taken(taken); break;
            case OwnershipChecked answer: OwnershipIs(answer); break;
            case AskOwnership again: AskAgain(again.Doubted); break;
            case HostEnded ended: Ended(ended); break;
            case Revive revive:
                HostSlot slot = _hosts[revive.Shard];
                if (slot.Ref is null && slot.Epoch == revive.Epoch) Start(revive.Shard, slot);
                break;
            case ToAllShards all: ToAll(all, Sender); break;
            case GetRegionState:
                Sender.Tell(
                    new RegionState(_hosts.Length, _hosts.Count(h => h.Ref is not null), CountReachable(), _requests.Count)
                    {
                        Unread = _hosts.Count(h => h.Ref is not null && !h.IsTaken),
                    },
                    Self);
                break;
            case object timer when timer == TickTimer: Tick(); break;
            default: Unhandled(message); break;
        }
    }

    private void Acquire(ShardAcquired acquired)
    {
        HostSlot slot = _hosts[acquired.Shard];
        if (slot.Ref is not null) Lose(acquired.Shard);
        slot.Epoch = acquired.Epoch;
        slot.AfterCrash = acquired.AfterCrash;
        Start(acquired.Shard, slot);
    }

    private void Start(int shard, HostSlot slot)
    {
        IActorRef host = Context.ActorOf(_settings.HostProps, $"shard-{shard}-{slot.Epoch}");
        Context.WatchWith(host, new HostEnded(shard, host));
        slot.Ref = host;
        slot.IsTaken = false;
        host.Tell(new ShardStart(shard, slot.Epoch) { AfterCrash = slot.AfterCrash }, Self);
        // Whoever hosts it next after a failure finds what this one has left.
        slot.AfterCrash = true;
        DispatchShard(shard);
    }

    private void Lose(int shard)
    {
        HostSlot slot = _hosts[shard];
        _settings.Peers?.Gate?.End(shard);
        if (slot.Ref is { } host) Context.Stop(host);
        slot.Clear();
    }

    /// <summary>From here on the shard is served here, unless its host has been told to end meanwhile.</summary>
    private void Taken(ShardTaken taken)
    {
        HostSlot slot = _hosts[taken.Shard];
        if (slot.Ref != Sender || slot.Epoch != taken.Epoch) return;
        slot.IsTaken = true;
        if (slot.Admits) _settings.Peers?.Gate?.Begin(taken.Shard, taken.Epoch);
        if (Array.Exists(_hosts, h => h.Ref is not null && !h.IsTaken)) return;
        foreach (HostSlot host in _hosts) host.Ref?.Tell(new AllShardsTaken(), Self);
    }

    /// <summary>Nothing is handed to the host any more. It ends when what is under way is durable; what it did not finish comes back
    /// here and waits for the next owner.</summary>
    private void Drain(DrainShard drain)
    {
        HostSlot slot = _hosts[drain.Shard];
        if (slot.Epoch == drain.Epoch) _settings.Peers?.Gate?.End(drain.Shard);
        if (slot.Epoch != drain.Epoch || slot.Ref is null)
        {
            if (slot.Epoch == drain.Epoch) slot.Clear();
            Sender.Tell(new ShardDrained(drain.Shard, drain.Epoch), Self);
            return;
        }

        slot.DrainedTo = Sender;
        if (PlantedBug.Is(PlantedBug.BufferLostAtHandOff)) LoseBuffer(drain.Shard);
        slot.Ref.Tell(new EndShard(), Self);
    }

    /// <summary>A host that ended by itself: drained, or broken. A broken one's shard is still ours: what comes for it waits until its next
    /// host is there.</summary>
    private void Ended(HostEnded ended)
    {
        HostSlot slot = _hosts[ended.Shard];
        if (slot.Ref != ended.Host) return;
        if (slot.DrainedTo is { } owner)
        {
            long epoch = slot.Epoch;
            slot.Clear();
            owner.Tell(new ShardDrained(ended.Shard, epoch), Self);
            return;
        }

        CodeProbe.Reached("region.host-broke");
        _settings.Peers?.Gate?.End(ended.Shard);
        slot.Ref = null;
        var revive = new Revive(ended.Shard, slot.Epoch);
        Timers.StartSingleTimer(revive, revive, ReviveDelay);
    }

    private static Directive Decide(Exception cause)
    {
        Directive usual = SupervisorStrategy.DefaultDecider(cause);
        return usual == Directive.Restart ? Directive.Stop : usual;
    }

    /// <summary>One shard as this node hosts it, or not.</summary>
    private sealed class HostSlot
    {
        public IActorRef? Ref { get; set; }

        public long Epoch { get; set; }

        public bool AfterCrash { get; set; }

        /// <summary>The host has read the shard's zones.</summary>
        public bool IsTaken { get; set; }

        /// <summary>Who hears when the host has ended in good order; messages are not handed to it any more.</summary>
        public IActorRef? DrainedTo { get; set; }

        public bool Admits => Ref is not null && DrainedTo is null;

        public void Clear() => (Ref, Epoch, AfterCrash, DrainedTo) = (null, 0, false, null);
    }

    private sealed record HostEnded(int Shard, IActorRef Host);

    private sealed record Revive(int Shard, long Epoch);
}
