using System.Collections.Immutable;
using Agent.Actors.Anycast;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Zones;
using Agent.Tests.Simulation.Cluster;

namespace Agent.Tests.Anycast;

/// <summary>One node of <see cref="AnnouncerLife"/>: lease, view and anycast as in the program, over one played server and routes that live
/// as long as somebody renews them.</summary>
internal sealed class AnnouncerNode(AnnouncerLife life, SimNode node) : ILeaseMemory, IAnnouncer
{
    private static readonly TimeSpan RouteLifetime = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(60);

    private readonly KernelRandom _random = life.Sim.Faults.Fork();
    private AnycastBoard _board = new();
    private long? _lease;
    private IActorRef? _keeper;
    private Announcement? _shown;
    private TimeSpan _shownAt;
    private TimeSpan _illAt = TimeSpan.MinValue;

    public SimNode Node => node;

    public string Name => node.Name;

    /// <summary>Since when its server owes a change.</summary>
    public TimeSpan? OwesSince { get; set; }

    public bool IsServerUp { get; set; } = true;

    public bool IsStuck { get; set; }

    public int Metric => _shown?.Metric ?? -1;

    /// <summary>Routers lead here.</summary>
    public bool IsAttracting => _shown is { IsAnnounced: true } && life.Sim.Now - _shownAt < RouteLifetime;

    /// <summary>It has lately been so that it withdraws without asking; what it writes of that may arrive late.</summary>
    public bool WentUnasked => IsIll() || life.Sim.Now - _illAt < Aftermath;

    public long? Recall() => _lease;

    public void Remember(long lease) => _lease = lease;

    public void Start()
    {
        _illAt = life.Sim.Now;
        ActorSystem system = node.CreateSystem("agent");
        SimStoreClient store = life.Store.Connect(node);
        store.Deadline = life.Times.RequestDeadline;
        store.ProgressTimeout = life.Times.Beat * 3;
        ClusterNode cluster = ClusterNode.Watch(system, new ClusterNodeSettings(
            Name,
            new Guid(node.Lives, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
            Name,
            "0",
            1,
            new NodeRecord(Name, ["self"], []),
            new ConfigRecord(1, ConfigRecord.OurHash, ConfigRecord.OurFormat, 0),
            life.Keys,
            store,
            life.Times,
            this,
            () => node.SimClock.SinceBoot,
            DrainMax: TimeSpan.FromSeconds(10),
            new RebalanceBounds()));
        _keeper = cluster.Keeper;
        IActorRef farm = system.ActorOf(PlayedFarm.PropsOf(this), "farm");
        system.ActorOf(AnycastActor.Props(new AnycastSettings(
            AnycastMachineTests.Policy,
            _board = new AnycastBoard(),
            this,
            farm,
            farm,
            1,
            () => IsStuck,
            new AnycastCluster(Name, life.Keys, store, cluster.View))));
    }

    public void Show(Announcement wanted, ReplyTo replyTo)
    {
        if (_shown is { IsAnnounced: true } && !wanted.IsAnnounced && IsIll()) _illAt = life.Sim.Now;
        (_shown, _shownAt) = (wanted, life.Sim.Now);
        node.Schedule(
            _random.NextTimeSpan(TimeSpan.FromMilliseconds(50)),
            () => replyTo.Tell(new AnnouncementShown(wanted.Number, IsShown: true, Problem: null)));
    }

    public void Drain(bool isLeaving)
    {
        if (node.IsUp) _keeper?.Tell(new SetLeaving(isLeaving));
    }

    /// <summary>Nothing kept it from working for so long.</summary>
    public bool HasBeenWell(TimeSpan duration) => !IsIll() && life.Sim.Now - _illAt > duration;

    public string Describe() =>
        $"{Name}: shown {_shown} at {_shownAt}, owes since {OwesSince}, server {IsServerUp}, "
        + $"stuck {IsStuck}, up {node.IsUp}, ill at {_illAt}, "
        + string.Join('/', _board.Status?.Reasons ?? []);

    private bool IsIll()
    {
        bool isIll = IsStuck || !node.IsUp || node.PausedFor > TimeSpan.Zero || life.Sim.Now - _shownAt > RouteLifetime;
        if (isIll) _illAt = life.Sim.Now;
        return isIll;
    }

    /// <summary>The directory of targets and the door to the zones, of a node whose one server serves one zone.</summary>
    private sealed class PlayedFarm(AnnouncerNode self) : UntypedActor
    {
        public static Props PropsOf(AnnouncerNode self) => Props.Create(static s => new PlayedFarm(s), self);

        protected internal override void OnReceive(object message)
        {
            string name = $"self@{self.Name}";
            switch (message)
            {
                case GetTargetSet:
                    Sender.Tell(new TargetSetChanged(new TargetSet(
                        1, ImmutableSortedDictionary.Create<string, IActorRef>(StringComparer.Ordinal).Add(name, Self))), Self);
                    break;
                case GetTargetStatus:
                    TimeSpan now = self.Node.SimClock.Monotonic;
                    Sender.Tell(
                        new TargetStatus(name, "test", self.IsServerUp, null, Clock.UtcNow, 0, 0)
                        {
                            OwedFor = self.OwesSince is null ? null : self.Owing(now),
                        },
                        Self);
                    break;
                case ToAllShards { Message: CountProven question }:
                    Sender.Tell(new ProvenZones(0, question.Round, 1, self.OwesSince is null ? 1 : 0), Self);
                    break;
                default: Unhandled(message); break;
            }
        }
    }

    private TimeSpan Owing(TimeSpan now) => TimeSpan.FromTicks(Math.Min(now.Ticks, (life.Sim.Now - OwesSince!.Value).Ticks));
}
