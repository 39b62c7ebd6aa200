using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// A whole cluster of the real actors on one thread: nodes, servers of their own and of the farm, masters, and everything between them as
/// models that fail. How large it is, its times and its faults follow from the seed.
/// </summary>
internal sealed class SimCluster
{
    public static readonly ZonePolicy QuickPolicy = new()
    {
        PassivateAfter = TimeSpan.FromSeconds(2),
        RetryMaximum = TimeSpan.FromSeconds(20),
        RefreshMinimum = TimeSpan.FromHours(6),
    };

    public SimCluster(
        ulong seed,
        SimOptions options,
        bool isCalm = false,
        ZonePolicy? policy = null,
        PaceLimits? pace = null,
        SimCatalog? catalog = null)
    {
        Catalog = catalog;
        Policy = (policy ?? QuickPolicy) with { Catalogs = catalog is null ? [] : [catalog.Name] };
        Pace = pace ?? new PaceLimits(500, 2000);
        Sim = new SimScheduler(seed, options) { EndsRun = static cause => cause is Xunit.Sdk.XunitException };
        Log = new FaultLog(Sim);
        KernelRandom draw = Sim.Faults.Fork();
        Shards = 4 + draw.Next(5);
        Times = new LeaseTimes(TimeSpan.FromSeconds(8 + draw.Next(8)));
        int nodes = 3 + (draw.Chance(0.3) ? draw.Next(5) : draw.Next(2));
        Store = new SimClusterStore(
            Sim, Log, isCalm ? StoreFaults.None : StoreFaults.Swarm(draw), (draw.NextDouble() - 0.5) * 2000);
        Journal = new SimClusterJournal(Sim, Log, isCalm ? JournalFaults.None : JournalFaults.Swarm(draw));
        Journal.State.HasNoFence = options.PlantedBug == PlantedBug.FenceDropped;
        Network = new SimNetwork(Sim, Log, isCalm ? NetworkFaults.None : NetworkFaults.Swarm(draw));
        Masters = new SimMasters(Sim);
        int farm = 1 + draw.Next(2);
        for (int i = 1; i <= farm; i++) FarmServers.Add($"farm{i}", new SimServer(Sim) { MayOverlap = true });
        for (int i = 1; i <= nodes; i++)
        {
            SimNode node = Sim.CreateNode($"n{i}", NodeFaults.DrawClock(draw));
            Nodes.Add(new SimClusterNode(this, node, new SimServer(Sim)));
        }

        Checkers = new ClusterCheckers(Sim);
        Checkers.Add(new OneWriterChecker(Journal.State));
        Checkers.Add(new EpochChecker(Journal.State));
        Checkers.Add(new GenerationChecker(Journal.State));
        Checkers.Add(Answers = new AnswerChecker(Sim));
        Checkers.Add(new GateChecker(this));
        foreach ((string name, SimServer server) in Servers)
        {
            Checkers.Add(new SerialChecker(name, server, effect => IsOvertaken(server, effect)));
            Checkers.Add(new LevelChecker(name, server, this));
        }

        NodeChaos = new SimNodeChaos(
            Sim, Log, isCalm ? NodeFaults.None : NodeFaults.Swarm(draw), [.. Nodes.Select(n => n.Node)],
            started => Nodes.Find(n => n.Node == started)!.Start());
        foreach (SimClusterNode node in Nodes)
        {
            if (draw.Chance(0.5)) node.Start();
            else Sim.Schedule(draw.NextTimeSpan(TimeSpan.FromSeconds(10)), () => StartIfNew(node));
        }
    }

    public SimScheduler Sim { get; }

    public FaultLog Log { get; }

    public int Shards { get; }

    public LeaseTimes Times { get; }

    public ClusterKeys Keys { get; } = new("sim");

    /// <summary>What the file of a node says when the node reads it next.</summary>
    public ZonePolicy Policy { get; set; }

    /// <summary>How fast each node may ask each master.</summary>
    public PaceLimits Pace { get; }

    /// <summary>The catalog that all nodes consume; null for none.</summary>
    public SimCatalog? Catalog { get; }

    public SimClusterStore Store { get; }

    public SimClusterJournal Journal { get; }

    public SimNetwork Network { get; }

    public SimMasters Masters { get; }

    /// <summary>Servers that every node reaches and one holds at a time.</summary>
    public SortedDictionary<string, SimServer> FarmServers { get; } = new(StringComparer.Ordinal);

    public List<SimClusterNode> Nodes { get; } = [];

    public ClusterCheckers Checkers { get; }

    public AnswerChecker Answers { get; }

    public SimNodeChaos NodeChaos { get; }

    /// <summary>Every server, by the name under which the cluster knows it.</summary>
    public IEnumerable<(string Name, SimServer Server)> Servers =>
        [.. FarmServers.Select(f => (f.Key, f.Value)), .. Nodes.Select(n => ($"self@{n.Name}", n.Self))];

    /// <summary>Sends a request to the region of a node that is up.</summary>
    public ClientRequest Ask(SimClusterNode node, ZoneMessage message) => Answers.Ask(node.Node, node.Region, message);

    /// <summary>No fault happens from now on; what has happened has its consequences yet.</summary>
    public void Heal()
    {
        NodeChaos.End();
        Store.Heal();
        Journal.Heal();
        Network.Heal();
        Sim.ActorBreakChance = 0;
        Sim.AreFaultsOver = true;
        Masters.Away.Clear();
        Masters.Slow.Clear();
        Masters.BreakChance = 0;
        foreach ((_, SimServer server) in Servers)
        {
            server.Away = false;
            server.LieChance = 0;
        }

        foreach (SimClusterNode node in Nodes.Where(n => n.HasStarted))
        {
            node.Masters.Cut.Clear();
            foreach (SimServerEnd end in node.Farm.Values) end.IsCut = false;
            node.Cluster.Keeper.Tell(new SetLeaving(false));
        }
    }

    /// <summary>What the store says of the cluster, in a line.</summary>
    public string Describe()
    {
        ClusterView view = View();
        string members = string.Join(' ', view.Members.Values.Select(m => $"{m.Record.Node}/{Short(m.Record.Instance)}/{m.Record.State}"));
        string shards = string.Join(' ', Enumerable.Range(0, Shards).Select(s => $"{s}:{view.Assigned.GetValueOrDefault(s)?.Record.Node}"
            + $"/{Short(view.Assigned.GetValueOrDefault(s)?.Record.Instance)}={view.Owners.GetValueOrDefault(s)?.Record.Node}"
            + $"/{Short(view.Owners.GetValueOrDefault(s)?.Record.Instance)}"));
        return $"revision {view.Revision}; members {members}; leader {view.Coordinator?.Record.Node}; shards {shards}";

        static string Short(Guid? instance) => instance?.ToString()[..4] ?? "";
    }

    /// <summary>Which shards have no owner that is there.</summary>
    public string? Unowned()
    {
        ClusterView view = View();
        string[] missing = [.. Enumerable.Range(0, Shards)
            .Where(s => !view.Owners.TryGetValue(s, out Held<OwnerRecord>? o) || !view.IsThere(o.Record.Node, o.Record.Instance))
            .Select(s => $"{s}")];
        return missing.Length == 0 ? null : $"shards {string.Join(' ', missing)} have no owner";
    }

    private ClusterView View() => ClusterView.Of(Keys, new StoreRead(0, Store.State.Revision, Store.State.Read(Keys.Prefix)));

    private static void StartIfNew(SimClusterNode node)
    {
        if (!node.IsBegun && node.Node.IsUp) node.Start();
    }

    /// <summary>An order that left its node before another node's newer one, and arrived after it: no gate is before a server that takes
    /// orders from everybody. Only servers of the farm have several nodes that order.</summary>
    private static bool IsOvertaken(SimServer server, ServerEffect effect)
    {
        for (int i = server.Effects.Count - 1; i >= 0; i--)
        {
            ServerEffect before = server.Effects[i];
            if (before.Zone != effect.Zone || ReferenceEquals(before, effect) || before.At > effect.At) continue;
            return before.By != effect.By && effect.OrderedAt < before.At;
        }

        return false;
    }
}
