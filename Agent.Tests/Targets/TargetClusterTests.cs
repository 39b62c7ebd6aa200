using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Tests.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Targets;

/// <summary>Targets of three nodes under faults of every kind. When the faults are over, every server serves the newest wish.</summary>
[Trait("Category", "Long")]
public sealed class TargetClusterTests
{
    private const int Seeds = 300;
    private const int Acts = 40;
    private static readonly double[] BreakChances = [0, 0, 0.0005, 0.005];

    [Fact]
    public void Every_target_comes_to_serve_the_newest_wish() => SimSeeds.ForEach(Seeds, Life);

    private static ulong Life(ulong seed)
    {
        var cluster = new SimTargetCluster(seed);
        KernelRandom random = cluster.Sim.Faults.Fork();
        cluster.Links.LossChance = random.Chance(0.5) ? 0.2 : 0;
        cluster.Links.DoubleChance = random.Chance(0.5) ? 0.2 : 0;
        cluster.Links.DelayMax = TimeSpan.FromMilliseconds(random.Chance(0.3) ? 3000 : 20);
        cluster.Sim.ActorBreakChance = BreakChances[random.Next(BreakChances.Length)];
        for (int act = 0; act < Acts; act++)
        {
            Act(cluster, random);
            cluster.Sim.RunFor(random.NextTimeSpan(TimeSpan.FromSeconds(random.Chance(0.1) ? 20 : 1)));
        }

        Heal(cluster);
        cluster.Sim.RunFor(TimeSpan.FromMinutes(8));
        Check(cluster);
        return cluster.Sim.Unseed;
    }

    private static void Act(SimTargetCluster cluster, KernelRandom random)
    {
        string name = SimTargetCluster.Names[random.Next(3)];
        SimTargetCluster.Node node = cluster.Nodes[name];
        int shard = random.Next(SimTargetCluster.Shards);
        switch (random.Next(15))
        {
            case 0 or 1 or 2 or 3:
                cluster.Change(cluster.Zones.Keys.ElementAt(random.Next(cluster.Zones.Count)), isPresent: random.Chance(0.8));
                break;
            case 4: cluster.MoveShard(shard, name, isClean: true); break;
            case 5: cluster.MoveShard(shard, name, isClean: false); break;
            case 6 when node.IsUp: cluster.MoveFarm(name); break;
            case 7: cluster.MoveFarm(null); break;
            case 8: cluster.Links.Toggle(name, SimTargetCluster.Names[(SimTargetCluster.Names.IndexOf(name) + 1) % 3]); break;
            case 9: Server(cluster, random).Away ^= true; break;
            case 10: Server(cluster, random).RestartEmpty(); break;
            case 11:
                if (!node.IsUp) cluster.Restart(name);
                else if (cluster.Nodes.Values.Count(n => n.IsUp) > 1) CrashAndMove(cluster, node);
                break;
            case 12: node.Permit.IsOpen ^= true; break;
            case 13: node.Permit.IsJournalAway ^= true; break;
            default:
                if (cluster.Owners[shard].Node.IsUp) cluster.Owners[shard].Repeat();
                break;
        }
    }

    private static void CrashAndMove(SimTargetCluster cluster, SimTargetCluster.Node node)
    {
        cluster.Crash(node.Name);
        string next = cluster.Nodes.Values.First(n => n.IsUp).Name;
        foreach ((int shard, SimTargetCluster.Owner owner) in cluster.Owners.ToArray())
        {
            if (owner.Node == node) cluster.MoveShard(shard, next, isClean: false);
        }
    }

    private static SimServer Server(SimTargetCluster cluster, KernelRandom random)
    {
        int which = random.Next(4);
        return which == 3 ? cluster.FarmServer : cluster.Nodes.Values.ElementAt(which).Server;
    }

    private static void Heal(SimTargetCluster cluster)
    {
        cluster.Sim.ActorBreakChance = 0;
        cluster.Sim.AreFaultsOver = true;
        cluster.Links.Heal();
        cluster.FarmServer.Away = false;
        foreach (SimTargetCluster.Node node in cluster.Nodes.Values)
        {
            if (!node.IsUp) cluster.Restart(node.Name);
            node.Server.Away = false;
            node.Permit.IsOpen = true;
            node.Permit.IsJournalAway = false;
        }

        cluster.MoveFarm("b");
    }

    private static void Check(SimTargetCluster cluster)
    {
        ImmutableArray<string> targets = ["db", "ns@a", "ns@b", "ns@c"];
        (string Name, SimServer Server)[] servers =
            [(SimTargetCluster.Farm, cluster.FarmServer), .. cluster.Nodes.Values.Select(n => ($"ns@{n.Name}", n.Server))];
        foreach ((DomainName zone, SimTargetCluster.Truth truth) in cluster.Zones)
        {
            SimTargetCluster.Owner owner = cluster.Owners[truth.Shard];
            foreach ((string name, SimServer server) in servers)
            {
                uint? served = server.Served.TryGetValue(zone, out uint serial) ? serial : null;
                Assert.True(
                    served == truth.Serial,
                    $"{zone} at {name}: serves {served}, wanted {truth.Serial} of generation {truth.Generation}, proven "
                    + $"{owner.Proven.GetValueOrDefault((name, zone))} to epoch {owner.Epoch} at {owner.Node.Name}");
                long proven = owner.Proven.GetValueOrDefault((name, zone));
                Assert.True(
                    proven == truth.Generation,
                    $"{zone} at {name}: generation {truth.Generation}, heard of {proven}, epoch {owner.Epoch} at {owner.Node.Name}: "
                    + Describe(cluster, owner.Node));
            }
        }

        foreach (SimTargetCluster.Node node in cluster.Nodes.Values) CheckNothingIsLeft(cluster, node, targets);
    }

    private static void CheckNothingIsLeft(SimTargetCluster cluster, SimTargetCluster.Node node, ImmutableArray<string> targets)
    {
        TargetSet set = Ask<TargetSetChanged>(cluster, node.Directory, new GetTargetSet()).Targets;
        Assert.Equal(targets.AsEnumerable(), set.Names);
        foreach (IActorRef target in set.Targets.Values)
        {
            TargetStatus status = Ask<TargetStatus>(cluster, target, new GetTargetStatus());
            Assert.True(status is { Healthy: true, Behind: 0, UnderWay: 0 }, $"at {node.Name}: {status}");
            Assert.True(status.Limits is not null && status.Driver != "remote", $"at {node.Name} nothing was heard of it: {status}");
        }
    }

    private static string Describe(SimTargetCluster cluster, SimTargetCluster.Node node)
    {
        TargetSet set = Ask<TargetSetChanged>(cluster, node.Directory, new GetTargetSet()).Targets;
        return string.Join(", ", set.Targets.Values.Select(t => Ask<TargetStatus>(cluster, t, new GetTargetStatus())));
    }

    private static T Ask<T>(SimTargetCluster cluster, IActorRef actor, object question)
    {
        Task<T> answer = actor.Ask<T>(question, TimeSpan.FromSeconds(10));
        Assert.True(cluster.Sim.RunUntil(() => answer.IsCompleted, TimeSpan.FromSeconds(10)));
        return answer.GetAwaiter().GetResult();
    }
}
