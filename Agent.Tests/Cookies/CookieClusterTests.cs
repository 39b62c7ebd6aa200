using Agent.Actors.Cluster;
using Agent.Actors.Cookies;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Cookies;
using Agent.Dns.Net;
using Agent.Tests.Simulation.Cluster;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cookies;

/// <summary>
/// Nodes with clocks of their own that share secrets over the simulated store: what one gives out is good at every other, however often the
/// secrets change; and when the store has failed in every way it can, they agree again.
/// </summary>
public sealed class CookieClusterTests
{
    private const int Seeds = 4;

    private static readonly NetworkEndpoint Client = NetworkEndpoint.From(System.Net.IPAddress.Parse("192.0.2.1"), 53);

    [Fact]
    public void A_cookie_of_one_node_is_good_at_every_other() => SimSeeds.ForEach(Seeds, seed => Live(seed, isCalm: true));

    [Fact]
    public void After_all_faults_they_agree_again() => SimSeeds.ForEach(Seeds, seed => Live(seed, isCalm: false));

    private static ulong Live(ulong seed, bool isCalm)
    {
        var sim = new SimScheduler(seed, SimSeeds.Swarm(seed));
        KernelRandom draw = sim.Faults.Fork();
        var times = new LeaseTimes(TimeSpan.FromSeconds(10));
        StoreFaults faults = isCalm ? StoreFaults.None : StoreFaults.Swarm(draw);
        var store = new SimClusterStore(sim, new FaultLog(sim), faults, 0);
        List<CookieNode> nodes =
            [.. Enumerable.Range(1, 3).Select(i => new CookieNode(sim.CreateNode($"n{i}", Clock(draw)), store, times))];
        sim.RunFor(TimeSpan.FromMinutes(1));
        if (!isCalm)
        {
            sim.RunFor(TimeSpan.FromHours(5));
            store.Heal();
            sim.AreFaultsOver = true;
            sim.RunFor(TimeSpan.FromMinutes(15));
        }

        HashSet<string> made = [];
        for (int minute = 0; minute < (isCalm ? 6 * 60 : 5); minute += 5)
        {
            byte[][] cookies = [.. nodes.Select(node => node.Give())];
            foreach (byte[] cookie in cookies)
            {
                made.Add(Convert.ToHexString(cookie));
                Assert.All(nodes, node => Assert.Equal(CookieStatus.Good, node.Jar.Judge(cookie, Client)));
            }

            sim.RunFor(TimeSpan.FromMinutes(5));
            Assert.All(cookies, cookie => Assert.All(nodes, node => Assert.Equal(CookieStatus.Good, node.Jar.Judge(cookie, Client))));
        }

        if (isCalm) Assert.InRange(CookieNode.Drawn(nodes), 5, 40);
        return sim.Unseed;
    }

    /// <summary>Cookies carry the time, so clocks may differ by less than <see cref="DnsCookie.ClockSkew"/>.</summary>
    private static SimClockOptions Clock(KernelRandom random) => new()
    {
        DriftPpm = (random.NextDouble() - 0.5) * 200,
        UtcOffset = random.NextTimeSpan(TimeSpan.FromMinutes(4)) - TimeSpan.FromMinutes(2),
    };

    private sealed class CookieNode : ILeaseMemory
    {
        private static readonly ClusterKeys Keys = new("sim");

        private readonly KernelRandom _random;
        private long? _lease;
        private int _drawn;

        public CookieNode(SimNode node, SimClusterStore store, LeaseTimes times)
        {
            _random = store.Sim.Faults.Fork();
            Jar = new CookieJar(new NodeTime(node));
            ActorSystem system = node.CreateSystem("agent");
            SimStoreClient client = store.Connect(node);
            ClusterNode cluster = ClusterNode.Watch(system, new ClusterNodeSettings(
                node.Name,
                new Guid(node.Lives, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
                node.Name,
                "0",
                1,
                new NodeRecord(node.Name, ["self"], []),
                new ConfigRecord(1, ConfigRecord.OurHash, ConfigRecord.OurFormat, 0),
                Keys,
                client,
                times,
                this,
                () => node.SimClock.SinceBoot,
                DrainMax: TimeSpan.FromSeconds(10),
                new RebalanceBounds()));
            system.ActorOf(CookieActor.Props(new CookieSettings(
                Jar, TimeSpan.FromHours(1), Draw, new CookieCluster(Keys, client, cluster.View))));
        }

        public CookieJar Jar { get; }

        public static int Drawn(IEnumerable<CookieNode> nodes) => nodes.Sum(node => node._drawn);

        public byte[] Give()
        {
            byte[] option = new byte[DnsCookie.OptionBytes];
            Assert.True(Jar.TryWrite([1, 2, 3, 4, 5, 6, 7, 8], CookieStatus.ClientOnly, Client, option));
            return option;
        }

        public long? Recall() => _lease;

        public void Remember(long lease) => _lease = lease;

        private string Draw()
        {
            _drawn++;
            return string.Concat(Enumerable.Range(0, 32).Select(_ => "0123456789abcdef"[_random.Next(16)]));
        }
    }

    private sealed class NodeTime(SimNode node) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => node.SimClock.UtcNow;
    }
}
