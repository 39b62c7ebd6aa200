using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// All masters of a cluster are silent for three days, of which it is awake for hours: nodes restart, servers lose their zones and get
/// them from the journal's contents, and when the masters are back every zone comes level and no node asks them faster than its pace. The
/// checkers of the cluster stand by.
/// </summary>
public sealed class ClusterMastersAwayTests
{
    private const int Seeds = 1;
    private const int ChecksPerSecond = 4;

    private static readonly ZonePolicy Policy = new() { PassivateAfter = TimeSpan.FromSeconds(2) };

    [Fact]
    public void A_cluster_goes_on_for_days_and_comes_level_without_a_storm() => SimSeeds.ForEach(Seeds, Days);

    private static ulong Days(ulong seed)
    {
        var cluster = new SimCluster(seed, SimSeeds.Swarm(seed), isCalm: true, Policy, new PaceLimits(ChecksPerSecond, 1000));
        ClusterZone[] zones = [.. Enumerable.Range(0, 24).Select(i => new ClusterZone(DomainName.Parse($"zone{i}.example.")))];
        foreach (ClusterZone zone in zones) cluster.Masters.Zones[zone.Name] = 1;
        cluster.NodeChaos.StayDown = true;
        cluster.Sim.RunFor(TimeSpan.FromMinutes(1));
        foreach (ClusterZone zone in zones) zone.Create(cluster, cluster.Nodes[0]);
        Level(cluster, zones);

        cluster.Masters.Away.UnionWith(["m1", "m2"]);
        cluster.Sim.RunFor(TimeSpan.FromHours(6));
        foreach (SimClusterNode node in cluster.Nodes) Restart(cluster, [node], TimeSpan.FromMinutes(1));
        foreach ((_, SimServer server) in cluster.Servers) server.RestartEmpty();
        Level(cluster, zones);
        Assert.DoesNotContain(cluster.Journal.State.Rows.Values, r => r.IsExpired);

        // The beats of a cluster are too many for days of them: it spends most of the time switched off.
        Restart(cluster, cluster.Nodes, TimeSpan.FromDays(3));
        cluster.Sim.RunFor(TimeSpan.FromMinutes(15));
        foreach ((_, SimServer server) in cluster.Servers) server.RestartEmpty();
        Level(cluster, zones);
        Assert.All(cluster.Journal.State.Rows.Values, r => Assert.True(r.IsExpired, $"{r.Name}: {r.Reason}, confirmed {r.RefreshedAt}"));

        foreach (ClusterZone zone in zones) zone.Change(cluster, 1);
        cluster.Masters.Asked.Clear();
        cluster.Masters.Away.Clear();
        cluster.Sim.RunFor(TimeSpan.FromMinutes(3));
        Level(cluster, zones);
        Assert.All(cluster.Journal.State.Rows.Values, r => Assert.Null(r.Reason));

        // Each node has its own pace, and one question that tries whether the master is back.
        SpreadChecker.Check(cluster.Masters.Asked, cluster.Nodes.Count * (ChecksPerSecond + 2));
        cluster.Checkers.AtEnd();
        return cluster.Sim.Unseed;
    }

    private static void Restart(SimCluster cluster, IEnumerable<SimClusterNode> nodes, TimeSpan after)
    {
        foreach (SimClusterNode node in nodes) node.Node.Crash();
        cluster.Sim.RunFor(after);
        foreach (SimClusterNode node in nodes)
        {
            node.Node.Restart();
            node.Start();
        }

        cluster.Sim.RunFor(TimeSpan.FromMinutes(1));
    }

    private static void Level(SimCluster cluster, ClusterZone[] zones)
    {
        string[] Problems() => [.. zones.Select(z => z.Problem(cluster)).OfType<string>()];
        for (int minutes = 0; minutes < 10 && Problems().Length > 0; minutes++) cluster.Sim.RunFor(TimeSpan.FromMinutes(1));
        Assert.Empty(Problems());
    }
}
