using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Tests.Cluster;

/// <summary>The plan is a function of the view: what it must hold is held over random clusters.</summary>
public sealed class RebalancePlanTests
{
    private static readonly RebalanceBounds Bounds = new();
    private static readonly Dictionary<int, string> Nobody = [];

    [Fact]
    public void The_first_node_gets_everything()
    {
        ClusterViews views = new ClusterViews(64).Join("a");
        ImmutableArray<ShardMove> moves = Plan(views, mayBalance: false);
        Assert.Equal(64, moves.Length);
        Assert.All(moves, move => Assert.Equal(ClusterViews.InstanceOf("a"), move.Instance));
    }

    [Fact]
    public void Without_a_node_that_takes_shards_nothing_is_planned()
    {
        Assert.Empty(Plan(new ClusterViews(8), mayBalance: true));
        Assert.Empty(Plan(new ClusterViews(8).Join("a", state: MemberState.Leaving), mayBalance: true));
    }

    [Fact]
    public void The_shards_of_a_dead_node_go_to_the_others_at_once_and_nothing_else_moves()
    {
        ClusterViews views = Settled(64, "a", "b", "c");
        int[] ofC = [.. views.View.Owners.Where(owner => owner.Value.Record.Node == "c").Select(owner => owner.Key)];
        foreach (int shard in ofC) views.Disown(shard);
        views.Leave("c");
        ImmutableArray<ShardMove> moves = Plan(views, mayBalance: false);
        Assert.Equal(ofC, moves.Select(move => move.Shard).Order());
        Assert.All(moves, move => Assert.NotEqual("c", move.Node));
    }

    [Fact]
    public void A_node_that_is_back_under_another_run_gets_its_shards_again()
    {
        ClusterViews views = Settled(64, "a", "b");
        int[] ofB = [.. views.View.Owners.Where(owner => owner.Value.Record.Node == "b").Select(owner => owner.Key)];
        foreach (int shard in ofB) views.Disown(shard);
        views.Join("b", run: 2);
        ImmutableArray<ShardMove> moves = Plan(views, mayBalance: false);
        Assert.Equal(ofB, moves.Select(move => move.Shard).Order());
        Assert.All(moves, move => Assert.Equal(("b", ClusterViews.InstanceOf("b", 2)), (move.Node, move.Instance)));
    }

    [Fact]
    public void A_shard_that_its_node_does_not_claim_goes_to_another()
    {
        ClusterViews views = Settled(8, "a", "b");
        views.Disown(0).Assign(0, "a");
        ShardMove move = Assert.Single(RebalancePlan.Compute(
            views.View, Bounds, mayBalance: false, new Dictionary<int, string> { [0] = "a" }, []));
        Assert.Equal((0, "b"), (move.Shard, move.Node));
    }

    [Fact]
    public void A_node_that_lately_took_nothing_is_given_nothing_and_keeps_what_it_has()
    {
        ClusterViews views = Settled(12, "a", "b");
        views.Join("c");
        Assert.Empty(RebalancePlan.Compute(views.View, Bounds, mayBalance: true, Nobody, ["c"]));
        Run(views, rounds: 48);
        int[] ofC = [.. views.View.Owners.Where(owner => owner.Value.Record.Node == "c").Select(owner => owner.Key)];
        Assert.InRange(ofC.Length, 3, 5);
        Assert.Empty(RebalancePlan.Compute(views.View, Bounds, mayBalance: true, Nobody, ["c"]));
        views.Leave("a").Leave("b");
        Assert.All(
            RebalancePlan.Compute(views.View, Bounds, mayBalance: true, Nobody, ["c"]), move => Assert.Equal("c", move.Node));
    }

    [Fact]
    public void Pins_win_over_balance_and_a_pin_to_a_missing_node_is_no_pin()
    {
        ClusterViews views = Settled(8, "a", "b");
        foreach (int shard in Enumerable.Range(0, 8)) views.Pin(shard, "b");
        Run(views, rounds: 40);
        Assert.All(views.View.Owners.Values, owner => Assert.Equal("b", owner.Record.Node));
        views.Pin(3, "nowhere");
        Assert.Empty(Plan(views, mayBalance: false));
    }

    [Fact]
    public void Random_clusters_come_to_rest_balanced_and_move_no_more_than_needed()
    {
        for (ulong seed = 1; seed <= 300; seed++) RandomCluster(new KernelRandom(seed));
    }

    private static void RandomCluster(KernelRandom random)
    {
        int shards = random.Next(1, 128);
        var views = new ClusterViews(shards);
        string[] names = ["a", "b", "c", "d", "e"];
        string[] present = [.. names.Take(1 + random.Next(names.Length))];
        foreach (string node in present) views.Join(node);
        for (int shard = 0; shard < shards; shard++)
        {
            if (random.Chance(0.3)) continue;
            string node = names[random.Next(names.Length)];
            views.Assign(shard, node);
            if (present.Contains(node) && random.Chance(0.8)) views.Own(shard, node);
        }

        foreach (string node in present.Where(_ => random.Chance(0.2))) views.Join(node, state: MemberState.Leaving);
        string[] takers = [.. views.View.Members.Values.Where(m => m.Record.State == MemberState.Up).Select(m => m.Record.Node)];
        views.Follow([]);
        int rounds = Run(views, rounds: 4 * shards);
        if (takers.Length == 0) return;
        Assert.True(rounds < 4 * shards, $"{shards} shards on {takers.Length} nodes do not come to rest");
        int[] loads = [.. takers.Select(node => views.View.Owners.Values.Count(owner => owner.Record.Node == node))];
        Assert.Equal(shards, loads.Sum());
        Assert.True(loads.Max() - loads.Min() <= Math.Max(2, 0.1 * loads.Max()), $"{string.Join(", ", loads)}");
        Assert.Empty(Plan(views, mayBalance: true));
    }

    /// <summary>A settled cluster of these nodes.</summary>
    private static ClusterViews Settled(int shards, params string[] nodes)
    {
        var views = new ClusterViews(shards);
        foreach (string node in nodes) views.Join(node);
        Run(views, rounds: 4 * shards);
        return views;
    }

    private static int Run(ClusterViews views, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            ImmutableArray<ShardMove> moves = Plan(views, mayBalance: true);
            if (moves.IsEmpty) return round;
            Assert.True(moves.Count(move => move.Why == "balance") <= Bounds.MovesMax);
            Assert.Equal(moves.Length, moves.Select(move => move.Shard).Distinct().Count());
            views.Follow(moves);
        }

        return rounds;
    }

    private static ImmutableArray<ShardMove> Plan(ClusterViews views, bool mayBalance) =>
        RebalancePlan.Compute(views.View, Bounds, mayBalance, Nobody, []);
}
