using Agent.Actors.Backends;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Zones;
using Agent.Tests.TestKit;
using Xunit.Abstractions;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>Whole clusters of real actors under all faults at once, and with bugs that are planted to see whether they are found.</summary>
public sealed class SimClusterTests(ITestOutputHelper output)
{
    private const int Seeds = 400;
    private const int CalmSeeds = 20;
    private const int OrderlySeeds = 6;
    private const int CatalogSeeds = 20;
    private const int EditedSeeds = 15;
    private const int MovedSeeds = 15;
    private const int StagedSeeds = 15;

    /// <summary>A bug that so many lives do not show would live on.</summary>
    private const int SeedsForBug = 300;

    [Fact]
    public void A_calm_cluster_keeps_its_promises() =>
        SimSeeds.ForEach(CalmSeeds, seed => ClusterLife.Live(seed, SimSeeds.Swarm(seed), isCalm: true).Sim.Unseed);

    [Fact]
    public void Members_of_a_catalog_come_and_go_and_those_that_stay_listed_are_never_taken_away() =>
        SimSeeds.ForEach(CatalogSeeds, seed => CatalogLife.Live(seed, SimSeeds.Swarm(seed)).Sim.Unseed);

    [Fact]
    public void Hand_edits_are_put_right_whoever_owns_the_zone_and_whoever_holds_the_server() =>
        SimSeeds.ForEach(EditedSeeds, seed => ClusterLife.Live(seed, SimSeeds.Swarm(seed), isEdited: true).Sim.Unseed);

    [Fact]
    public void Zones_move_between_servers_although_the_nodes_read_of_it_one_after_the_other() =>
        SimSeeds.ForEach(MovedSeeds, seed => ClusterLife.Live(seed, SimSeeds.Swarm(seed), moves: true).Sim.Unseed);

    [Fact]
    public void New_content_comes_to_a_canary_first_whoever_owns_the_zone_and_whoever_holds_the_canary() =>
        SimSeeds.ForEach(StagedSeeds, seed =>
        {
            bool isStrict = seed % 2 == 0;
            ZonePolicy policy = SimCluster.QuickPolicy with
            {
                Rollout = new RolloutPolicy
                {
                    Canaries = new TargetSelection(["farm1"]),
                    Observe = TimeSpan.FromSeconds(seed % 3 * 2),
                    Patience = TimeSpan.FromSeconds(15),
                    Away = isStrict ? CanaryAway.Wait : CanaryAway.Skip,
                },
            };
            SimCluster cluster = ClusterLife.Live(seed, SimSeeds.Swarm(seed), policy: policy);
            if (isStrict) CheckNothingCamePast(cluster);
            return cluster.Sim.Unseed;
        });

    private static void CheckNothingCamePast(SimCluster cluster)
    {
        SimServer canary = cluster.FarmServers["farm1"];
        foreach ((string name, SimServer server) in cluster.Servers.Where(s => s.Server != canary))
        {
            foreach (ServerEffect effect in server.Effects.Where(e => e.Serial is not null))
            {
                bool wasTried = canary.Effects.Any(e => e.At < effect.At && e.Zone == effect.Zone && e.Serial == effect.Serial);
                Assert.True(wasTried, $"{name} serves {effect.Zone} {effect.Serial} at {effect.At}, which the canary never did before");
            }
        }
    }

    [Fact]
    public void No_request_fails_because_nodes_leave_in_good_order_and_return() =>
        SimSeeds.ForEach(OrderlySeeds, seed => OrderlyLife.Live(seed, SimSeeds.Swarm(seed)).Sim.Unseed);

    /// <summary>What a shard's host had not finished is lost at the hand-off, instead of being asked of the next owner.</summary>
    [Fact]
    public void An_orderly_leave_that_loses_requests_is_found() => Assert.Contains(Enumerable.Range(1, 20), number =>
    {
        ulong seed = (ulong)number;
        SimOptions options = SimSeeds.Swarm(seed) with { PlantedBug = PlantedBug.BufferLostAtHandOff };
        return Record.Exception(() => OrderlyLife.Live(seed, options)) is not null;
    });

    [Fact]
    public void Whatever_happens_promises_are_kept_and_the_farm_comes_level()
    {
        SimulationReport report = new();
        SimSeeds.ForEach(Seeds, seed =>
        {
            SimCluster cluster = ClusterLife.Live(seed, SimSeeds.Swarm(seed));
            report.Add(cluster);
            return cluster.Sim.Unseed;
        });
        output.WriteLine(report.Describe());
    }

    /// <summary>The first seed that fails with the bug holds without it.</summary>
    [Theory]
    [InlineData(PlantedBug.LeaseFromReceipt, "no gate is open behind the end of its lease")]
    [InlineData(PlantedBug.ReplayAfterTakeover, "is left alone while it is level")]
    [InlineData(PlantedBug.BufferLostAtHandOff, "requests are open")]
    [InlineData(PlantedBug.NoCheckAfterTakeover, "masters have")]
    [InlineData(PlantedBug.FenceDropped, "epochs never decrease")]
    public void A_planted_bug_is_found(string bug, string cry)
    {
        for (ulong seed = 1; seed <= SeedsForBug; seed++)
        {
            SimOptions options = SimSeeds.Swarm(seed);
            Exception? found = Record.Exception(() => ClusterLife.Live(seed, options with { PlantedBug = bug }));
            if (found is null || !found.Message.Contains(cry, StringComparison.Ordinal)) continue;
            ClusterLife.Live(seed, options);
            output.WriteLine($"seed {seed} finds {bug}: {found.Message.Split('\n')[0]}");
            return;
        }

        Assert.Fail($"{SeedsForBug} seeds do not find {bug}");
    }
}
