using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Tests.TestKit;
using Xunit.Abstractions;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>All models together under all their faults: each fault really happens, seeds replay, and the checkers see what they
/// should.</summary>
public sealed class ToyClusterTests(ITestOutputHelper output)
{
    private const int Seeds = 200;
    private const int SeedsWithoutFence = 200;

    private static readonly string[] Kinds =
    [
        "journal.answer-lost", "journal.away", "journal.failover", "journal.in-doubt", "journal.late-effect", "journal.long-transaction",
        "journal.node-away", "journal.refused", "journal.request-lost", "journal.rolled-back", "journal.slow", "network.cut",
        "network.late", "network.link-broken", "network.lost", "network.lost-at-break", "network.no-link", "network.slow",
        "network.slow-link", "node.clock-step", "node.clock-step behind a turn", "node.clock-step within a port call", "node.crash",
        "node.crash behind a turn", "node.crash within a port call", "node.pause", "node.pause behind a turn",
        "node.pause within a port call", "node.suspend", "node.suspend behind a turn", "node.suspend within a port call",
        "store.answer-lost", "store.away", "store.compaction", "store.done-when-back", "store.late-effect", "store.leader-change",
        "store.mass-revoke", "store.node-away", "store.refused", "store.request-lost", "store.slow",
        "store.stale-renewal", "store.watch-broken", "store.watch-compacted", "store.watch-silent", "store.watch-slow",
    ];

    [Fact]
    public void With_a_fence_the_promises_hold_and_every_kind_of_fault_happens()
    {
        SortedDictionary<string, long> counts = new(StringComparer.Ordinal);
        long steps = 0;
        long commits = 0;
        SimSeeds.ForEach(Seeds, seed =>
        {
            ToyCluster toy = Live(seed, hasNoFence: false);
            foreach ((string kind, long count) in toy.Log.Counts) counts[kind] = counts.GetValueOrDefault(kind) + count;
            steps += toy.Sim.Steps;
            commits += toy.Journal.State.Commits.Count;
            return toy.Sim.Unseed;
        });
        output.WriteLine($"{steps} steps, {commits} entries, {counts.Values.Sum()} faults:");
        foreach ((string kind, long count) in counts) output.WriteLine($"{count,10} {kind}");
        if (Environment.GetEnvironmentVariable("AGENT_SEED") is null) Assert.Empty(Kinds.Except(counts.Keys, StringComparer.Ordinal));
    }

    [Fact]
    public void Without_a_fence_the_checkers_find_it()
    {
        int found = 0;
        for (ulong seed = 1; seed <= SeedsWithoutFence && found < 3; seed++)
        {
            try
            {
                Live(seed, hasNoFence: true);
            }
            catch (SimulationException)
            {
                found++;
            }
        }

        Assert.Equal(3, found);
    }

    private static ToyCluster Live(ulong seed, bool hasNoFence)
    {
        ToyCluster toy = new(seed, SimSeeds.Swarm(seed), hasNoFence);
        KernelRandom random = toy.Sim.Faults.Fork();
        for (int i = 0; i < 60; i++)
        {
            toy.Sim.RunFor(random.NextTimeSpan(TimeSpan.FromSeconds(6)));
            SimNode node = toy.Nodes[random.Next(toy.Nodes.Count)];
            if (node.IsUp) toy.Answers.Ask(node, toy.Actors[node.Name], "request");
        }

        toy.Heal();
        toy.Sim.RunFor(TimeSpan.FromMinutes(2));
        int before = toy.Journal.State.Commits.Count;
        toy.Sim.RunFor(TimeSpan.FromMinutes(1));
        toy.Checkers.AtEnd();
        string[] written = [.. toy.Journal.State.Commits.Skip(before).Select(c => $"{c.Write.Shard}").Distinct(StringComparer.Ordinal)];
        Assert.True(written.Length == ToyCluster.Shards, $"when all was well, only these shards were written: {string.Join(' ', written)}");
        return toy;
    }
}
