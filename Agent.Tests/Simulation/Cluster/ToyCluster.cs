using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// A cluster of the simplest actors that use every model: they keep a lease, claim shards, write to the journal and talk to each other. It
/// exercises the models and the checkers; it is no good cluster, and nothing but the fence keeps it right.
/// </summary>
internal sealed class ToyCluster
{
    public const int Shards = 3;
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(8);

    public ToyCluster(ulong seed, SimOptions options, bool hasNoFence = false)
    {
        Sim = new SimScheduler(seed, options) { EndsRun = static cause => cause is Xunit.Sdk.XunitException };
        Log = new FaultLog(Sim);
        KernelRandom draw = Sim.Faults.Fork();
        Store = new SimClusterStore(Sim, Log, StoreFaults.Swarm(draw), (draw.NextDouble() - 0.5) * 2000);
        Journal = new SimClusterJournal(Sim, Log, JournalFaults.Swarm(draw));
        Network = new SimNetwork(Sim, Log, NetworkFaults.Swarm(draw));
        Journal.State.HasNoFence = hasNoFence;
        Checkers = new ClusterCheckers(Sim);
        Checkers.Add(new OneWriterChecker(Journal.State));
        Checkers.Add(new EpochChecker(Journal.State));
        Checkers.Add(new GenerationChecker(Journal.State));
        Checkers.Add(Answers = new AnswerChecker(Sim));
        for (int i = 0; i < 3; i++) Nodes.Add(Sim.CreateNode($"n{i + 1}", NodeFaults.DrawClock(draw)));
        NodeChaos = new SimNodeChaos(Sim, Log, NodeFaults.Swarm(draw), Nodes, Start);
        foreach (SimNode node in Nodes) Start(node);
    }

    public SimScheduler Sim { get; }

    public FaultLog Log { get; }

    public SimClusterStore Store { get; }

    public SimClusterJournal Journal { get; }

    public SimNetwork Network { get; }

    public ClusterCheckers Checkers { get; }

    public AnswerChecker Answers { get; }

    public SimNodeChaos NodeChaos { get; }

    public List<SimNode> Nodes { get; } = [];

    public SortedDictionary<string, IActorRef> Actors { get; } = new(StringComparer.Ordinal);

    public void Heal()
    {
        NodeChaos.End();
        Store.Heal();
        Journal.Heal();
        Network.Heal();
    }

    private void Start(SimNode node)
    {
        SimTransport transport = Network.Attach(node, SimNetwork.InstanceOf(node));
        ToyNode.Parts parts = new(node, Store.Connect(node), Journal.Connect(node), transport);
        Actors[node.Name] = node.CreateSystem().ActorOf(ToyNode.PropsOf(parts), "toy");
        transport.Receive(Actors[node.Name]);
        foreach (SimNode each in Nodes.Where(n => n.IsUp)) Actors.GetValueOrDefault(each.Name)?.Tell(new ToyNode.Peers(ListNodes()));
    }

    private ImmutableArray<NodePeer> ListNodes() =>
        [.. Nodes.Where(n => n.IsUp).Select(n => new NodePeer(n.Name, SimNetwork.InstanceOf(n), string.Empty))];
}
