using Agent.Tests.TestKit;
using Xunit.Abstractions;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>Whole clusters of real actors under all faults at once.</summary>
public sealed class SimClusterTests(ITestOutputHelper output)
{
    private const int Seeds = 100;

    [Fact]
    public void A_calm_cluster_keeps_its_promises() =>
        SimSeeds.ForEach(10, seed => ClusterLife.Live(seed, SimSeeds.Swarm(seed), isCalm: true).Sim.Unseed);

    [Fact]
    public void Whatever_happens_promises_are_kept_and_the_farm_comes_level()
    {
        long steps = 0;
        TimeSpan lived = TimeSpan.Zero;
        SimSeeds.ForEach(Seeds, seed =>
        {
            SimCluster cluster = ClusterLife.Live(seed, SimSeeds.Swarm(seed));
            steps += cluster.Sim.Steps;
            lived += cluster.Sim.Now;
            return cluster.Sim.Unseed;
        });
        output.WriteLine($"{steps} steps, {lived.TotalHours:0.0} h");
    }
}
