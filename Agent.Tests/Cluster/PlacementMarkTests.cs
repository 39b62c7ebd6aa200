using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Tests.Cluster;

/// <summary>Nodes whose configurations place zones differently are told apart.</summary>
public sealed class PlacementMarkTests
{
    private static readonly DomainName Corp = DomainName.Parse("corp.example.");
    private static readonly DomainName Other = DomainName.Parse("other.example.");

    [Fact]
    public void It_is_the_same_whatever_the_order_and_another_for_another_placement()
    {
        string mark = PlacementMark.Of(Policy([], (Corp, true, ["a", "b"]), (Other, false, ["b"])));
        Assert.Equal(mark, PlacementMark.Of(Policy([], (Other, false, ["b"]), (DomainName.Parse("CORP.example."), true, ["b", "a"]))));
        string[] others =
        [
            PlacementMark.Of(Policy([], (Corp, true, ["a", "b"]))),
            PlacementMark.Of(Policy([], (Corp, false, ["a", "b"]), (Other, false, ["b"]))),
            PlacementMark.Of(Policy([], (Corp, true, ["a"]), (Other, false, ["b"]))),
            PlacementMark.Of(Policy(["a"], (Corp, true, ["a", "b"]), (Other, false, ["b"]))),
        ];
        Assert.Equal(5, others.Append(mark).Distinct().Count());
    }

    [Fact]
    public void The_nodes_that_differ_are_named_and_one_that_does_not_tell_is_not_among_them()
    {
        Assert.Null(TargetPlacementActor.DisagreementOf(View(("n1", "x"), ("n2", "x"), ("n3", null))));
        Assert.EndsWith(": n1, n3 / n2", TargetPlacementActor.DisagreementOf(View(("n1", "x"), ("n2", "y"), ("n3", "x"), ("n4", null))));
    }

    private static ZonePolicy Policy(string[] canaries, params (DomainName Name, bool IsBelow, string[] Targets)[] placed) => new()
    {
        Placement = new ZonePatternMap<TargetSelection>(
            [.. placed.Select(p => (new ZonePattern(p.Name, p.IsBelow), new TargetSelection(p.Targets)))]),
        Rollout = new RolloutPolicy { Canaries = new TargetSelection(canaries) },
    };

    private static ClusterView View(params (string Node, string? Placement)[] members) => ClusterView.Empty with
    {
        Members = ClusterView.Empty.Members.AddRange(members.Select(m => KeyValuePair.Create(m.Node, new Held<MemberRecord>(
            new MemberRecord(m.Node, Guid.Empty, Guid.Empty, "here", MemberState.Up, "0", 1) { Placement = m.Placement }, 1, 1, 1)))),
    };
}
