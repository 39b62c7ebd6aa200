using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Simulation;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Targets;

/// <summary>
/// Three nodes, each with a server of its own, and one server that all can reach. What is wanted and who owns what is known here at once;
/// the nodes hear of it late, and one that was followed as an owner may go on telling for a while what it knows.
/// </summary>
internal sealed class SimTargetCluster
{
    public const int Shards = 3;
    public const int ZonesPerShard = 3;
    public const uint SerialsPerEpoch = 10_000;
    private const long StepsMax = 400_000;
    public const string Farm = "db";
    public static readonly ImmutableArray<string> Names = ["a", "b", "c"];

    /// <summary>The farm's server belongs to whoever owns this shard; it has no zones.</summary>
    private const int FarmShard = 100;

    private readonly Dictionary<(DomainName, uint), ZoneContent> _contents = [];
    private readonly ulong _seed;
    private long _epoch;
    private int _instances;

    public SimTargetCluster(ulong seed)
    {
        _seed = seed;
        Sim = new SimScheduler(seed, SimSeeds.Swarm(seed) with { StepsMax = StepsMax })
        {
            EndsRun = static cause => cause is Xunit.Sdk.XunitException,
        };
        Links = new SimLinks(Sim);
        FarmServer = new SimServer(Sim) { MayOverlap = true };
        foreach (string name in Names)
        {
            var node = new Node(this, name);
            Nodes.Add(name, node);
            node.Start();
        }

        for (int shard = 0; shard < Shards; shard++)
        {
            for (int i = 0; i < ZonesPerShard; i++) Zones.Add(DomainName.Parse($"z{i}.s{shard}.example."), new Truth(shard));
            MoveShard(shard, Names[shard], isClean: true);
        }

        MoveFarm("a");
    }

    public SimScheduler Sim { get; }

    public SimLinks Links { get; }

    public SortedDictionary<string, Node> Nodes { get; } = new(StringComparer.Ordinal);

    public SimServer FarmServer { get; }

    /// <summary>What is durable of each zone.</summary>
    public SortedDictionary<DomainName, Truth> Zones { get; } = [];

    public SortedDictionary<int, Owner> Owners { get; } = [];

    private (string? Node, long Epoch) Holder { get; set; }

    public bool IsHeld(int shard, long epoch) =>
        shard == FarmShard ? Holder.Epoch == epoch : Owners.TryGetValue(shard, out Owner? owner) && owner.Epoch == epoch;

    /// <summary>Another owner takes the shard; a former one that did not end in order lives on for a while.</summary>
    public void MoveShard(int shard, string to, bool isClean)
    {
        if (!Nodes[to].IsUp) return;
        if (Owners.TryGetValue(shard, out Owner? former))
        {
            if (isClean) former.Stop();
            else Sim.Schedule(Sim.Faults.NextTimeSpan(TimeSpan.FromSeconds(20)), former.Stop);
        }

        var owner = new Owner(this, shard, ++_epoch, Nodes[to], AfterCrash: !isClean);
        Owners[shard] = owner;
        owner.Start();
    }

    public void MoveFarm(string? to)
    {
        Holder = (to, ++_epoch);
        TellNodes();
    }

    /// <summary>The newest wish for a zone, made durable by its owner and then told.</summary>
    public void Change(DomainName zone, bool isPresent)
    {
        Truth truth = Zones[zone];
        if (!Owners.TryGetValue(truth.Shard, out Owner? owner) || !owner.Node.IsUp) return;
        truth.Generation++;
        truth.Serial = isPresent ? ((uint)owner.Epoch * SerialsPerEpoch) + (uint)truth.Generation : null;
        owner.Learn(zone);
    }

    public void Crash(string name)
    {
        Nodes[name].Crash();
        if (Holder.Node == name) MoveFarm(null);
        TellNodes();
    }

    public void Restart(string name)
    {
        Nodes[name].Start();
        TellNodes();
    }

    /// <summary>Every node that is up hears of the cluster, each at another moment.</summary>
    public void TellNodes()
    {
        foreach (Node node in Nodes.Values.Where(n => n.IsUp))
            node.SimNode.Schedule(Sim.Faults.NextTimeSpan(TimeSpan.FromSeconds(2)), () => node.Directory.Tell(View()));
    }

    public ClusterTargets View() => new(
        [.. Nodes.Values.Select(n => new NodeTargets(n.Name, n.IsUp ? n.Instance : null, ["ns"]))],
        [new FarmTarget(Farm, Holder.Node, new TargetHold(FarmShard, Holder.Epoch))]);

    public ZoneContent Content(DomainName zone, uint serial)
    {
        if (!_contents.TryGetValue((zone, serial), out ZoneContent? content))
            _contents[(zone, serial)] = content = SampleZones.Content(zone.ToString(), serial);
        return content;
    }

    /// <summary>What a zone is wanted to be.</summary>
    internal sealed class Truth(int shard)
    {
        public int Shard { get; } = shard;

        public long Generation { get; set; } = 1;

        /// <summary>Null when it is to be absent.</summary>
        public uint? Serial { get; set; }
    }

    internal sealed class Node(SimTargetCluster cluster, string name)
    {
        public string Name { get; } = name;

        public SimNode SimNode { get; } = cluster.Sim.CreateNode(name);

        public SimServer Server { get; } = new(cluster.Sim) { MayOverlap = true };

        public SimPermit Permit { get; } = new(cluster);

        public bool IsUp { get; private set; }

        public Guid Instance { get; private set; }

        public ActorSystem System { get; private set; } = null!;

        public IActorRef Directory { get; private set; } = null!;

        public void Start()
        {
            if (!SimNode.IsUp) SimNode.Restart();
            IsUp = true;
            Instance = new Guid(++cluster._instances, 0, 0, new byte[8]);
            System = SimNode.CreateSystem(Name);
            var link = new TargetLink(Name, cluster.Links.Open(Name, Instance)) { WindowMax = 1 + (int)(cluster._seed % 5) };
            BackendActorSettings Backend(string target, IZoneBackend server) =>
                new(target, server, TimeSpan.FromSeconds(10)) { Permit = Permit, FenceCheck = Permit };
            var settings = new TargetDirectorySettings(
                [
                    new LocalTarget(Backend("ns", new OrderedServer(Server)), IsFarmScoped: false),
                    new LocalTarget(Backend(Farm, cluster.FarmServer), IsFarmScoped: true),
                ],
                link);
            System.ActorOf(Props.Create(static c => new Informer(c), cluster), "informer");
            Directory = System.ActorOf(TargetDirectoryActor.Props(settings), "targets");
            link.Transport.Receive(Directory);
            Directory.Tell(cluster.View());
            cluster.Links.Connect(Name);
        }

        public void Crash()
        {
            IsUp = false;
            cluster.Links.Close(Name);
            SimNode.Crash();
        }
    }

    /// <summary>A shard's owner, without anything that is not told to targets.</summary>
    internal sealed record Owner(SimTargetCluster Cluster, int Shard, long Epoch, Node Node, bool AfterCrash)
    {
        private IActorRef? _actor;
        private ActorSystem? _system;

        public SortedDictionary<DomainName, (long Generation, uint? Serial)> Known { get; } = [];

        /// <summary>The last generation that each target has proven, by target and zone.</summary>
        public SortedDictionary<(string, DomainName), long> Proven { get; } = [];

        public void Start()
        {
            foreach ((DomainName zone, Truth truth) in Cluster.Zones.Where(z => z.Value.Shard == Shard))
                Known[zone] = (truth.Generation, truth.Serial);
            _system = Node.System;
            _actor = _system.ActorOf(Props.Create(static o => new SimTargetOwner(o), this));
        }

        public void Learn(DomainName zone)
        {
            Truth truth = Cluster.Zones[zone];
            Known[zone] = (truth.Generation, truth.Serial);
            _actor!.Tell(new SimTargetOwner.Learned(zone));
        }

        public void Repeat() => _actor!.Tell(SimTargetOwner.Again);

        public void Stop()
        {
            if (Node.IsUp && Node.System == _system) _system!.Stop(_actor!);
        }
    }

    /// <summary>Knows whether the node is still counted in, and what the journal says of an epoch.</summary>
    internal sealed class SimPermit(SimTargetCluster cluster) : IOrderPermit, IFenceCheck
    {
        public bool IsOpen { get; set; } = true;

        public bool IsJournalAway { get; set; }

        public void Check(FenceQuestion question, ReplyTo replyTo) => cluster.Sim.Schedule(
            cluster.Sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(50)),
            () => replyTo.Tell(new FenceAnswer(
                question.Id,
                IsJournalAway ? FenceState.Unknown : cluster.IsHeld(question.Shard, question.Epoch) ? FenceState.Held : FenceState.Lost)));
    }

    /// <summary>Tells a directory that knows nothing.</summary>
    private sealed class Informer(SimTargetCluster cluster) : UntypedActor
    {
        protected internal override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ClusterTargetsWanted));

        protected internal override void OnReceive(object message)
        {
            if (message is ClusterTargetsWanted wanted) wanted.Directory.Tell(cluster.View(), Self);
        }
    }

    /// <summary>The node's server, as this run of the node orders from it: never what an earlier owner wanted behind a later one.</summary>
    private sealed class OrderedServer(SimServer server) : IZoneBackend
    {
        private readonly Dictionary<DomainName, uint> _epochs = [];

        public BackendTraits Traits => server.Traits;

        public void Apply(ApplyZone order, ReplyTo replyTo)
        {
            uint epoch = order.Content.Serial / SerialsPerEpoch;
            uint before = _epochs.GetValueOrDefault(order.Zone);
            Assert.True(before <= epoch, $"{order.Zone}: what epoch {epoch} wanted, behind what {before} did");
            _epochs[order.Zone] = epoch;
            server.Apply(order, replyTo);
        }

        public void Remove(RemoveZone order, ReplyTo replyTo) => server.Remove(order, replyTo);

        public void Observe(ObserveZone order, ReplyTo replyTo) => server.Observe(order, replyTo);

        public void Probe(ProbeServer order, ReplyTo replyTo) => server.Probe(order, replyTo);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
