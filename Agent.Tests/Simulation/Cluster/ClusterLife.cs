using System.Text;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// One life of a cluster: requests, changes and faults for a while, then all faults end and everything must come level. Whatever was
/// promised meanwhile must be so.
/// </summary>
internal sealed class ClusterLife
{
    public static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");

    private static readonly TimeSpan ConvergeWithin = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan StaysLevel = TimeSpan.FromSeconds(30);
    private static readonly double[] BreakChances = [0, 0, 0.00005, 0.0005];

    private readonly SimCluster _cluster;
    private readonly KernelRandom _random;
    private readonly ClusterZone[] _zones;
    private readonly int _acts;
    private readonly bool _isEdited;
    private readonly bool _moves;

    private ClusterLife(ulong seed, SimOptions options, bool isCalm, bool isEdited, bool moves, ZonePolicy? policy)
    {
        _isEdited = isEdited;
        _moves = moves;
        _cluster = new SimCluster(seed, options, isCalm, policy);
        _random = _cluster.Sim.Faults.Fork();
        _zones = [.. Enumerable.Range(0, 3 + _random.Next(5)).Select(i => new ClusterZone(DomainName.Parse($"zone{i}.example.")))];
        foreach (ClusterZone zone in _zones) _cluster.Masters.Zones[zone.Name] = 1;
        _cluster.Sim.ActorBreakChance = isCalm ? 0 : BreakChances[_random.Next(BreakChances.Length)];
        if (_cluster.Sim.ActorBreakChance > 0) foreach ((_, SimServer server) in _cluster.Servers) server.MayOverlap = true;
        _acts = 10 + _random.Next(40);
    }

    /// <summary>Lives it, and returns the cluster as it was at the end.</summary>
    /// <param name="isEdited">Somebody edits the servers by hand, and looks go as deep as the records.</param>
    /// <param name="moves">Zones move between servers, and the nodes read of it one after the other.</param>
    /// <param name="policy">How zones are handled; null: as usual here.</param>
    public static SimCluster Live(
        ulong seed, SimOptions options, bool isCalm = false, bool isEdited = false, bool moves = false, ZonePolicy? policy = null)
    {
        ClusterLife life = new(seed, options, isCalm, isEdited, moves, policy);
        life.Live();
        return life._cluster;
    }

    private void Live()
    {
        for (int act = 0; act < _acts; act++)
        {
            _cluster.Sim.RunFor(_random.NextTimeSpan(TimeSpan.FromSeconds(_random.Chance(0.1) ? 30 : 4)));
            Act();
            if (_isEdited) ActByHand();
            if (_moves && _random.Chance(0.2)) Move();
            if (_moves && Up() is { } reading && _random.Chance(0.3)) reading.Reload();
        }

        _cluster.Heal();
        foreach (SimClusterNode node in _cluster.Nodes) node.Reload();
        ComeLevel();
        if (_isEdited) CheckRecords();
        CheckNothingWaits();
        if (_moves) CheckEveryNodeKnows();
        _cluster.Checkers.AtEnd();
    }

    /// <summary>Only records: a serial that was raised by hand would have to go back.</summary>
    private void ActByHand()
    {
        ClusterZone zone = _zones[_random.Next(_zones.Length)];
        (string name, SimServer server) = _cluster.Servers.ElementAt(_random.Next(_cluster.Servers.Count()));
        if (_random.Chance(0.6)) server.EditByHand(zone.Name, serialBy: 0);
        else if (Up() is { } node) Look(node, zone, name, (LookDepth)_random.Next(3));
    }

    /// <summary>Each zone belongs to servers of a kind, to both kinds, or to all by no pattern. Some nodes read of it at once.</summary>
    private void Move()
    {
        (ZonePattern, TargetSelection) Somewhere(ClusterZone zone) => (new ZonePattern(zone.Name, IsBelow: false), new TargetSelection(
            _random.Next(4) switch { 0 => ["farm1"], 1 => ["self"], 2 => ["self@n1"], _ => (string[])["farm1", "self"] }));
        (ZonePattern, TargetSelection)[] placed = [.. _zones.Where(_ => _random.Chance(0.7)).Select(Somewhere)];
        _cluster.Policy = _cluster.Policy with { Placement = new ZonePatternMap<TargetSelection>(placed) };
        foreach (SimClusterNode node in _cluster.Nodes.Where(_ => _random.Chance(0.5))) node.Reload();
    }

    private void Look(SimClusterNode node, ClusterZone zone, string target, LookDepth depth) =>
        _cluster.Ask(node, new LookAtTarget(zone.Name, target) { Depth = depth });

    private void CheckRecords()
    {
        SimClusterNode asked = Up()!;
        foreach (ClusterZone zone in _zones)
        {
            foreach ((string name, _) in _cluster.Servers) Look(asked, zone, name, LookDepth.Content);
        }

        _cluster.Sim.RunFor(TimeSpan.FromMinutes(2));
        Assert.Null(Problem());
        foreach ((string name, SimServer server) in _cluster.Servers)
        {
            string[] left = [.. server.Spoiled.Where(server.Served.ContainsKey).Select(z => z.ToString())];
            Assert.True(left.Length == 0, $"{name} still has records of others: {string.Join(' ', left)}");
        }
    }

    /// <summary>Level is what stays so for a while: a request of a node that died may still be under way.</summary>
    private void ComeLevel()
    {
        TimeSpan until = _cluster.Sim.Now + ConvergeWithin;
        TimeSpan levelFrom = _cluster.Sim.Now;
        string? problem;
        do
        {
            _cluster.Sim.RunFor(TimeSpan.FromSeconds(5));
            // A master tells of a change until somebody has heard it.
            foreach (ClusterZone zone in _zones.Where(z => !z.IsNoted))
            {
                if (Up() is { } node) zone.Notify(_cluster, node);
            }

            problem = Problem();
            if (problem is not null) levelFrom = _cluster.Sim.Now;
        }
        while (_cluster.Sim.Now - levelFrom < StaysLevel && _cluster.Sim.Now < until);
        if (problem is not null) Assert.Fail($"not level after {ConvergeWithin}: {problem}; {_cluster.Describe()}");
    }

    private string? Problem()
    {
        if (_cluster.Nodes.Find(n => !n.HasStarted || !n.Node.IsUp || n.Node.PausedFor > TimeSpan.Zero) is { } away)
            return $"{away.Name} is away";
        if (_cluster.Unowned() is { } unowned) return unowned;
        if (_cluster.Answers.Open > 0) return $"requests are open: {_cluster.Answers.DescribeOpen()}";
        return _zones.Select(z => z.Problem(_cluster)).FirstOrDefault(p => p is not null);
    }

    /// <summary>Nobody waits for anything, and every node finds every shard; one may just be on its way to another node for
    /// balance.</summary>
    private void CheckNothingWaits()
    {
        for (int tries = 0; ; tries++)
        {
            RegionState[] states = [.. _cluster.Nodes.Select(StateOf)];
            if (states.All(s => s.Waiting == 0 && s.Reachable == s.Total)) return;
            if (tries == 60) Assert.Fail($"not at rest: {string.Join("; ", states.AsEnumerable())}");
            _cluster.Sim.RunFor(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Each node has each other one answer, and says of every target what its holder has told.</summary>
    private void CheckEveryNodeKnows()
    {
        _cluster.Sim.RunFor(TimeSpan.FromSeconds(15));
        foreach (SimClusterNode node in _cluster.Nodes)
        {
            foreach (SimClusterNode other in _cluster.Nodes.Where(other => other != node))
            {
                NodeAnswer answer = Ask<NodeAnswer>(node.Cluster.Questions!, new AskNode(other.Name, "GET", "/about"));
                Assert.Equal($"200 {other.Name} /about", $"{answer.Status} {Encoding.UTF8.GetString(answer.Body.AsSpan())}");
            }

            TargetSet set = Ask<TargetSetChanged>(node.Targets, new GetTargetSet()).Targets;
            foreach ((string name, IActorRef target) in set.Targets)
            {
                TargetStatus status = Ask<TargetStatus>(target, new GetTargetStatus());
                Assert.True(status is { Limits: not null, Features.Length: > 0 }, $"{node.Name} knows nothing of {name}: {status}");
            }
        }
    }

    private T Ask<T>(IActorRef actor, object question)
        where T : class
    {
        ReplyBox box = new(_cluster.Sim);
        actor.Tell(question, box);
        return box.Expect<T>();
    }

    private RegionState StateOf(SimClusterNode node)
    {
        ReplyBox box = new(_cluster.Sim);
        node.Region.Tell(new GetRegionState(), box);
        return box.Expect<RegionState>();
    }

    private SimClusterNode? Up()
    {
        SimClusterNode[] up = [.. _cluster.Nodes.Where(n => n.HasStarted && n.Node.IsUp)];
        return up.Length == 0 ? null : up[_random.Next(up.Length)];
    }

    private void Act()
    {
        if (Up() is not { } node) return;
        ClusterZone zone = _zones[_random.Next(_zones.Length)];
        SimServer server = _cluster.Servers.ElementAt(_random.Next(_cluster.Servers.Count())).Server;
        SimServerEnd end = node.Farm.Values.ElementAt(_random.Next(node.Farm.Count));
        switch (_random.Next(24))
        {
            case < 6: zone.Create(_cluster, node); break;
            case < 8: zone.Delete(_cluster, node); break;
            case < 14:
                zone.Change(_cluster, 1 + (uint)_random.Next(3));
                zone.Notify(_cluster, node);
                break;
            case 14: server.Away = !server.Away; break;
            case 15: server.RestartEmpty(); break;
            case 16: server.LieChance = _random.Chance(0.5) ? 0.3 : 0; break;
            case 17: end.IsCut = !end.IsCut; break;
            case 18: _cluster.Masters.BreakChance = _random.Chance(0.5) ? 0.3 : 0; break;
            case 19:
                if (!_cluster.Masters.Away.Remove("m1")) _cluster.Masters.Away.Add("m1");
                break;
            case 20:
                if (!_cluster.Masters.Slow.Remove(zone.Name)) _cluster.Masters.Slow.Add(zone.Name);
                break;
            case 21: node.Cluster.Keeper.Tell(new SetLeaving(_random.Chance(0.6))); break;
            case 22:
                string? where = _random.Chance(0.7) ? _cluster.Nodes[_random.Next(_cluster.Nodes.Count)].Name : null;
                node.Cluster.Desk.Tell(new SetPin(_random.Next(_cluster.Shards), where), new ReplyBox(_cluster.Sim));
                break;
            default:
                if (!node.Masters.Cut.Remove("m2")) node.Masters.Cut.Add("m2");
                break;
        }
    }
}
