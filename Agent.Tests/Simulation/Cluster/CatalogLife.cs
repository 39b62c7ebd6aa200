using Agent.Actors.Catalogs;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// One life of a cluster with a catalog: members come and go, some contents are broken or take too much away, control messages want the
/// same zones, and nodes die, stand still and lose each other. A member that every content lists is never taken away, and once the
/// faults are over the zones are those of the last content.
/// </summary>
internal sealed class CatalogLife
{
    private static readonly DomainName Name = DomainName.Parse("catalog.example.");
    private static readonly TimeSpan ConvergeWithin = TimeSpan.FromMinutes(20);

    private readonly SimCluster _cluster;
    private readonly SimCatalog _catalog;
    private readonly KernelRandom _random;
    private readonly DomainName[] _stable = [.. Enumerable.Range(0, 2).Select(i => DomainName.Parse($"stable{i}.example."))];
    private readonly DomainName[] _floating = [.. Enumerable.Range(0, 4).Select(i => DomainName.Parse($"floating{i}.example."))];
    private DomainName[] _listed = [];

    private CatalogLife(ulong seed, SimOptions options)
    {
        // Every other life has a guard that lets one member go at a time.
        _catalog = new SimCatalog(new CatalogPolicy(Name)
        {
            RemovalPercent = 100,
            RemovalMaximum = seed % 2 == 0 ? 1 : 0,
            Concurrent = 1 + (int)(seed % 3),
            RetryMinimum = TimeSpan.FromSeconds(1),
            RetryMaximum = TimeSpan.FromSeconds(20),
        });
        _cluster = new SimCluster(seed, options, catalog: _catalog);
        _random = _cluster.Sim.Faults.Fork();
        _cluster.Sim.ActorBreakChance = _random.Chance(0.3) ? 0.0005 : 0;
        if (_cluster.Sim.ActorBreakChance > 0) foreach ((_, SimServer server) in _cluster.Servers) server.MayOverlap = true;
        foreach (DomainName zone in _stable.Concat(_floating)) _cluster.Masters.Zones[zone] = 1;
        _cluster.Checkers.Add(new StableMembersChecker(_cluster.Journal.State, [.. _stable], Name));
        Publish();
    }

    /// <summary>Lives it, and returns the cluster as it was at the end.</summary>
    public static SimCluster Live(ulong seed, SimOptions options)
    {
        CatalogLife life = new(seed, options);
        life.Live();
        return life._cluster;
    }

    private void Live()
    {
        int acts = 10 + _random.Next(30);
        for (int act = 0; act < acts; act++)
        {
            _cluster.Sim.RunFor(_random.NextTimeSpan(TimeSpan.FromSeconds(_random.Chance(0.1) ? 30 : 4)));
            if (Up() is { } node) Act(node);
        }

        _cluster.Heal();
        Publish();
        ComeLevel();
        _cluster.Checkers.AtEnd();
    }

    private void Act(SimClusterNode node)
    {
        DomainName zone = _floating[_random.Next(_floating.Length)];
        switch (_random.Next(12))
        {
            case < 5:
                Publish();
                Ask(node, new NotifyZone(Name, ClusterLife.Origin, null, null));
                break;
            case 5:
                _catalog.PublishBroken();
                _cluster.Masters.Zones[Name] = _catalog.Serial;
                Ask(node, new NotifyZone(Name, ClusterLife.Origin, null, null));
                break;
            case 6: Ask(node, new ApproveCatalog(Name, _catalog.Serial, ClusterLife.Origin)); break;
            case 7: Ask(node, new CreateZone(zone, ClusterLife.Origin)); break;
            case 8: Ask(node, new DeleteZone(zone, ClusterLife.Origin)); break;
            case 9:
                DomainName owned = _random.Chance(0.5) ? Name : _stable[_random.Next(_stable.Length)];
                Ask(node, new DeleteZone(owned, ClusterLife.Origin));
                break;
            case 10: _cluster.Masters.BreakChance = _random.Chance(0.5) ? 0.3 : 0; break;
            default:
                if (!_cluster.Masters.Away.Remove("m1")) _cluster.Masters.Away.Add("m1");
                break;
        }
    }

    private void Ask(SimClusterNode node, ZoneMessage message) => _cluster.Ask(node, message);

    private void Publish()
    {
        _listed = [.. _stable, .. _floating.Where(_ => _random.Chance(0.5))];
        _catalog.Publish(_listed);
        _cluster.Masters.Zones[Name] = _catalog.Serial;
    }

    private void ComeLevel()
    {
        TimeSpan until = _cluster.Sim.Now + ConvergeWithin;
        string? problem;
        while ((problem = Problem()) is not null && _cluster.Sim.Now < until)
        {
            if (Up() is { } node) Help(node);
            _cluster.Sim.RunFor(TimeSpan.FromSeconds(10));
        }

        if (problem is not null) Assert.Fail($"not level after {ConvergeWithin}: {problem}; {_cluster.Describe()}");
    }

    /// <summary>What the outside goes on doing: the master tells of its serial, an operator approves, and whoever created a zone by a
    /// message gives it up.</summary>
    private void Help(SimClusterNode node)
    {
        Ask(node, new NotifyZone(Name, ClusterLife.Origin, null, null));
        Ask(node, new ApproveCatalog(Name, _catalog.Serial, ClusterLife.Origin));
        ZoneRow[] foreign = [.. _cluster.Journal.State.Rows.Values.Where(r => r.Wish == ZoneWish.Present && r.Owner is null)];
        foreach (ZoneRow row in foreign) Ask(node, new DeleteZone(row.Name, ClusterLife.Origin));
    }

    private string? Problem()
    {
        if (_cluster.Nodes.Find(n => !n.HasStarted || !n.Node.IsUp || n.Node.PausedFor > TimeSpan.Zero) is { } away)
            return $"{away.Name} is away";
        if (_cluster.Unowned() is { } unowned) return unowned;
        if (_cluster.Answers.Open > 0) return $"requests are open: {_cluster.Answers.DescribeOpen()}";
        foreach (DomainName zone in _stable.Concat(_floating))
        {
            _cluster.Journal.State.Rows.TryGetValue(zone, out ZoneRow? row);
            bool isOurs = row is { Wish: ZoneWish.Present, Owner: { } owner } && owner.Catalog == Name;
            int servers = _cluster.Servers.Count(s => s.Server.Served.ContainsKey(zone));
            bool isListed = _listed.Contains(zone);
            bool isLevel = isListed ? isOurs && servers == _cluster.Servers.Count() : row is null && servers == 0;
            string listed = $"{zone} is {(isListed ? "" : "not ")}listed by {_catalog.Serial}";
            if (!isLevel) return $"{listed}: {row}, at {servers} servers; {Effects(zone)}";
        }

        return _cluster.Servers.Any(s => s.Server.Served.ContainsKey(Name)) ? "a server has the catalog" : null;
    }

    private string Effects(DomainName zone) => string.Join("; ", _cluster.Servers.Select(s =>
        $"{s.Name}: {string.Join(", ", s.Server.Effects.Where(e => e.Zone == zone || e.Zone is null).TakeLast(4))}"));

    private SimClusterNode? Up()
    {
        SimClusterNode[] up = [.. _cluster.Nodes.Where(n => n.HasStarted && n.Node.IsUp)];
        return up.Length == 0 ? null : up[_random.Next(up.Length)];
    }

    /// <summary>What every content lists is never given up once it is there, whoever reads it and however often owners change.</summary>
    private sealed class StableMembersChecker(JournalState journal, HashSet<DomainName> stable, DomainName catalog)
        : JournalChecker(journal)
    {
        private readonly HashSet<DomainName> _held = [];

        public override string Name => "members that are always listed stay";

        protected override void Look(SimCommit commit)
        {
            DomainName zone = commit.Write.Entry.Zone;
            if (!stable.Contains(zone)) return;
            if (commit.Write.Entry is ForgetZone) Check(!_held.Contains(zone), commit, "it is forgotten");
            if (commit.Write.Entry is not PutZone { Row: { } row }) return;
            bool isOurs = row is { Wish: ZoneWish.Present, Owner: { } owner } && owner.Catalog == catalog;
            Check(isOurs || !_held.Contains(zone), commit, $"it is {row.Wish} for {row.Owner}");
            if (isOurs) _held.Add(zone);
        }
    }
}
