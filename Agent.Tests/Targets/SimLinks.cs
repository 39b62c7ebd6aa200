using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Targets;

/// <summary>Links between simulated nodes that keep less than a link promises: messages get lost, come twice, overtake each
/// other.</summary>
internal sealed class SimLinks(SimScheduler sim)
{
    private readonly SortedDictionary<string, Port> _ports = new(StringComparer.Ordinal);
    private readonly HashSet<(string, string)> _cut = [];

    public double LossChance { get; set; }

    public double DoubleChance { get; set; }

    public TimeSpan DelayMax { get; set; } = TimeSpan.FromMilliseconds(20);

    public long Sent { get; private set; }

    /// <summary>The transport of a node's present run; that of an earlier run is dead from here on.</summary>
    public INodeTransport Open(string node, Guid instance)
    {
        var port = new Port(this, node, instance);
        _ports[node] = port;
        return port;
    }

    /// <summary>The links of this run are up: both ends hear of it.</summary>
    public void Connect(string node)
    {
        foreach (string other in _ports.Keys.Where(other => other != node && !_cut.Contains(Pair(node, other))))
        {
            Tell(node, other, isUp: true);
            Tell(other, node, isUp: true);
        }
    }

    public void Close(string node)
    {
        if (!_ports.Remove(node, out Port? gone)) return;
        foreach ((string other, Port port) in _ports)
            port.Receiver?.Tell(new LinkChanged(node, gone.Instance, IsUp: false, "the node is gone"));
    }

    public bool Toggle(string one, string two)
    {
        bool isUp = _cut.Remove(Pair(one, two));
        if (!isUp) _cut.Add(Pair(one, two));
        Tell(one, two, isUp);
        Tell(two, one, isUp);
        return isUp;
    }

    public void Heal()
    {
        LossChance = 0;
        DoubleChance = 0;
        foreach ((string one, string two) in _cut.Order().ToArray()) Toggle(one, two);
    }

    private static (string, string) Pair(string one, string two) => string.CompareOrdinal(one, two) < 0 ? (one, two) : (two, one);

    private void Tell(string node, string peer, bool isUp)
    {
        if (_ports.TryGetValue(node, out Port? port) && _ports.TryGetValue(peer, out Port? other))
            port.Receiver?.Tell(new LinkChanged(peer, other.Instance, isUp, "as the simulation says"));
    }

    private void Send(Port from, string node, object message)
    {
        Sent++;
        if (_ports.GetValueOrDefault(from.Node) != from || _cut.Contains(Pair(from.Node, node))) return;
        if (!_ports.TryGetValue(node, out Port? to) || sim.Faults.Chance(LossChance)) return;
        int copies = sim.Faults.Chance(DoubleChance) ? 2 : 1;
        for (int i = 0; i < copies; i++)
        {
            sim.Schedule(sim.Faults.NextTimeSpan(DelayMax), () =>
            {
                if (_ports.GetValueOrDefault(node) == to) to.Receiver?.Tell(new FromNode(from.Node, from.Instance, message));
            });
        }
    }

    private sealed class Port(SimLinks links, string node, Guid instance) : INodeTransport
    {
        public string Node { get; } = node;

        public Guid Instance { get; } = instance;

        public IActorRef? Receiver { get; private set; }

        public void Connect(ImmutableArray<NodePeer> peers)
        {
        }

        public void Send(string node, object message) => links.Send(this, node, message);

        public void Receive(IActorRef receiver) => Receiver = receiver;
    }
}
