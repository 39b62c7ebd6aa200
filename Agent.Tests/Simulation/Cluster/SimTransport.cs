using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>A node's end of the links to the others, for one life of the node. It hears whoever is linked to it, also a node that it does
/// not list itself.</summary>
internal sealed class SimTransport : SimPort, INodeTransport
{
    private readonly SimNetwork _network;
    private readonly SortedDictionary<string, SimLink> _links = new(StringComparer.Ordinal);
    private IActorRef? _receiver;

    internal SimTransport(SimNetwork network, SimNode node, Guid instance, KernelRandom random)
        : base(network.Sim, node, random)
    {
        _network = network;
        Instance = instance;
        node.Crashed += OnCrash;
    }

    public Guid Instance { get; }

    public string Name => Node.Name;

    /// <summary>Faults of what this node sends; null for those of the network.</summary>
    public NetworkFaults? OwnFaults { get; set; }

    internal bool IsUp => !IsDead;

    internal KernelRandom Draw => Random;

    public void Receive(IActorRef receiver) => _receiver = receiver;

    public void Connect(ImmutableArray<NodePeer> peers)
    {
        if (!TryCall()) return;
        foreach (SimLink link in _links.Values.Where(l => !peers.Any(l.IsTo)).ToArray())
        {
            _links.Remove(link.Peer.Node);
            link.Close();
        }

        foreach (NodePeer peer in peers.Where(p => p.Node != Name && !_links.ContainsKey(p.Node)))
        {
            SimLink link = new(_network, this, peer);
            _links.Add(peer.Node, link);
            link.Open();
        }
    }

    public bool IsLinked(string node) => _links.TryGetValue(node, out SimLink? link) && link.IsUp;

    public void Send(string node, object message)
    {
        if (!TryCall()) return;
        if (!_links.TryGetValue(node, out SimLink? link))
        {
            _network.Log.Count("network.no-link", $"{Name} to {node}");
            return;
        }

        // A process that was stopped in the middle of the call sends when it goes on; the link may be another one then.
        TimeSpan pause = Node.PausedFor;
        if (pause == TimeSpan.Zero) link.Send(message);
        else Node.Schedule(pause, () => link.Send(message));
    }

    /// <summary>Something arrives from another node.</summary>
    internal void Arrive(string from, Guid instance, object message) => Tell(new FromNode(from, instance, message));

    internal void Tell(object news) => _receiver?.Tell(news);

    /// <summary>Runs when the process does: what is told to it during a pause waits in a socket.</summary>
    internal void WhenAwake(TimeSpan way, Action act) => Node.Schedule(way, act);

    internal void PeerDied(SimTransport dead)
    {
        if (IsDead || dead == this || !_links.TryGetValue(dead.Name, out SimLink? link) || !link.IsTo(dead.Instance)) return;
        if (!_network.IsCut(dead.Name, Name)) link.Break("connection reset by peer", Random.NextTimeSpan(_network.Faults.Way));
    }

    private void OnCrash(SimNode node)
    {
        node.Crashed -= OnCrash;
        foreach (SimLink link in _links.Values) link.Abandon();
        _network.Died(this);
    }
}
