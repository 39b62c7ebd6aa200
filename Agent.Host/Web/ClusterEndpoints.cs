using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Host.Web;

/// <summary>The paths below <c>/api/v1/cluster</c>.</summary>
internal sealed class ClusterEndpoints(ManagementParts parts, ZoneQueries queries)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/api/v1/cluster", async () => Results.Json(await DescribeAsync()));
        if (parts.Cluster is not { } cluster)
        {
            routes.Map("/api/v1/cluster/{part}/{**rest}", () => Problems.Of(
                StatusCodes.Status404NotFound, "no-cluster", "this agent stands alone: it is no node of a cluster"));
            return;
        }

        routes.MapPost("/api/v1/cluster/drain", () => Leave(cluster, leaving: true));
        routes.MapDelete("/api/v1/cluster/drain", () => Leave(cluster, leaving: false));
        routes.MapReading("/api/v1/cluster/pins", async () => Results.Json(new { pins = PinsOf((await StateAsync(cluster)).View) }));
        routes.MapPut("/api/v1/cluster/pins/{shard:int}", (int shard, PinModel pin) => string.IsNullOrEmpty(pin.Node)
            ? Task.FromResult(Problems.Of(StatusCodes.Status400BadRequest, "bad-wish", "node must name where the shard is to be"))
            : AskDeskAsync(cluster, new SetPin(shard, pin.Node)));
        routes.MapDelete("/api/v1/cluster/pins/{shard:int}", (int shard) => AskDeskAsync(cluster, new SetPin(shard, null)));
        routes.MapDelete("/api/v1/cluster/nodes/{node}", (string node) => AskDeskAsync(cluster, new ForgetNode(node)));
    }

    private async Task<ClusterModel> DescribeAsync()
    {
        RegionState region = await parts.Region.Ask<RegionState>(new GetRegionState(), Patience);
        IReadOnlyDictionary<int, int> zones = await queries.CountByShardAsync();
        if (parts.Cluster is not { } cluster)
        {
            // An agent that stands alone is a cluster of one, and its own coordinator.
            var alone = new MemberModel(parts.NodeName, "up", null, region.Owned, zones.Values.Sum(), null);
            return new ClusterModel([alone], new ShardsModel(region.Total, region.Total - region.Owned), parts.NodeName, null, []);
        }

        ClusterState state = await StateAsync(cluster);
        ClusterView view = state.View;
        int total = view.Config?.Record.Shards ?? region.Total;
        var members = view.Nodes.Keys.Union(view.Members.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(node => MemberOf(node, view, zones));
        int unowned = Enumerable.Range(0, total).Count(shard => !view.Owners.ContainsKey(shard));
        return new ClusterModel(
            [.. members], new ShardsModel(total, unowned), view.Coordinator?.Record.Node, state.IsCurrent ? null : state.Why, PinsOf(view))
        {
            Disagreement = TargetPlacementActor.DisagreementOf(view),
        };
    }

    private static MemberModel MemberOf(string node, ClusterView view, IReadOnlyDictionary<int, int> zones)
    {
        int[] shards = [.. view.Owners.Where(owner => owner.Value.Record.Node == node).Select(owner => owner.Key)];
        Held<MemberRecord>? member = view.Members.GetValueOrDefault(node);
        return new MemberModel(
            node,
            member is null ? "down" : member.Record.State.ToString().ToLowerInvariant(),
            member?.Record.Address,
            shards.Length,
            shards.Sum(shard => zones.GetValueOrDefault(shard)),
            member?.Record.Version)
        {
            Placement = member?.Record.Placement,
        };
    }

    private static PinView[] PinsOf(ClusterView view) => [.. view.Pins.Select(pin => new PinView(pin.Key, pin.Value.Record.Node))];

    private static Task<ClusterState> StateAsync(ClusterNode cluster) => cluster.View.Ask<ClusterState>(new GetClusterState(), Patience);

    private static IResult Leave(ClusterNode cluster, bool leaving)
    {
        cluster.Keeper.Tell(new SetLeaving(leaving));
        return Results.Accepted();
    }

    private static async Task<IResult> AskDeskAsync(ClusterNode cluster, object wish)
    {
        DeskAnswer answer = await cluster.Desk.Ask<DeskAnswer>(wish, Patience);
        return answer switch
        {
            { Done: true } => Results.NoContent(),
            { IsWrong: true } => Problems.Of(StatusCodes.Status400BadRequest, "bad-wish", answer.Why),
            _ => Problems.Of(StatusCodes.Status503ServiceUnavailable, "not-written", answer.Why),
        };
    }
}

/// <summary>The cluster as JSON.</summary>
/// <param name="Members">Every node that is there, or has been and is owed its servers' changes.</param>
/// <param name="Shards">How the shards stand.</param>
/// <param name="Coordinator">The node that leads; null when none does.</param>
/// <param name="Stale">Why this may be old: the store cannot be heard. Null when it can.</param>
/// <param name="Pins">Where operators want shards.</param>
public sealed record ClusterModel(
    IReadOnlyList<MemberModel> Members, ShardsModel Shards, string? Coordinator, string? Stale, IReadOnlyList<PinView> Pins)
{
    /// <summary>Which nodes place zones otherwise than others; null when all agree.</summary>
    public string? Disagreement { get; init; }
}

/// <summary>A node as JSON.</summary>
public sealed record MemberModel(string Name, string State, string? Address, int Shards, int Zones, string? Version)
{
    /// <summary>The same on nodes whose configurations place zones alike; null when the node does not tell.</summary>
    public string? Placement { get; init; }
}

/// <summary>Shards as JSON.</summary>
public sealed record ShardsModel(int Total, int Unowned);

/// <summary>A pin as JSON.</summary>
public sealed record PinView(int Shard, string Node);

/// <summary>Where a shard is to be pinned.</summary>
public sealed record PinModel(string? Node);
