using Agent.Actors.Journal;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// While a node's gate is open its lease stands in the store, by true time. Clocks that are wrong by one in a hundred are allowed: the
/// gate's guard is more than a quarter of the lease. A store that takes all leases back before their time is not the gate's fault.
/// </summary>
internal sealed class GateChecker(SimCluster cluster) : IClusterChecker
{
    public string Name => "no gate is open behind the end of its lease";

    public void AfterStep()
    {
        foreach (SimClusterNode node in cluster.Nodes)
        {
            if (node.Node.PausedFor > TimeSpan.Zero) node.LastPaused = cluster.Sim.Now;
            if (!node.IsBegun || !node.Node.IsUp || !node.Cluster.Gate.IsOpen) continue;
            if (node.Lease is not { } lease || cluster.Store.HasRunOut(lease)) Assert.Fail($"{node.Name}, lease {node.Lease}");
        }
    }

    public void AtEnd() => AfterStep();
}

/// <summary>A server that serves what it should, and has done so for a while in which nothing new was wanted of the zone, is not ordered to
/// serve it: whoever takes a zone over looks first. Not so a node that stood still between a look and what follows from it.</summary>
internal sealed class LevelChecker(string name, SimServer server, SimCluster cluster) : IClusterChecker
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    private readonly SortedDictionary<DomainName, ServerEffect> _last = [];
    private readonly SortedDictionary<DomainName, TimeSpan> _wanted = [];
    private int _seen;
    private int _read;

    public string Name => $"{name} is left alone while it is level";

    public void AfterStep()
    {
        for (; _read < cluster.Journal.State.Commits.Count; _read++)
        {
            SimCommit commit = cluster.Journal.State.Commits[_read];
            if (commit.Write.Entry is PutZone) _wanted[commit.Write.Entry.Zone] = commit.At;
        }

        while (_seen < server.Effects.Count) Look(server.Effects[_seen++]);
    }

    public void AtEnd() => AfterStep();

    private void Look(ServerEffect effect)
    {
        if (effect.Zone is null)
        {
            _last.Clear();
            return;
        }

        if (effect.Serial is { } serial && _last.TryGetValue(effect.Zone, out ServerEffect? before) && before.Serial == serial
            && effect.OrderedAt - before.At > Settled && !(server.LastDoubt(effect.Zone) > before.At)
            && !(cluster.Nodes.Find(n => n.Name == effect.By?.Node)?.LastPaused >= before.At)
            && !(_wanted.TryGetValue(effect.Zone, out TimeSpan at) && at > before.At))
        {
            Assert.Fail($"{effect.Zone} was at {serial} since {before.At}: {effect}");
        }

        _last[effect.Zone] = effect;
    }
}
