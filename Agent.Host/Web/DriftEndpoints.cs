using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Sweeps;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Web;

/// <summary>What others changed at servers, and its repair. A node knows it of the targets that it holds; of the others it asks the node
/// that holds them.</summary>
internal sealed class DriftEndpoints(ManagementParts parts)
{
    private readonly NodeRelay _relay = new(parts);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/api/v1/drift", (Delegate)ListAsync).WithMetadata(AnsweredToNodes.Instance);
        routes.MapReading("/api/v1/targets/{target}/drift", ShowAsync).WithMetadata(AnsweredToNodes.Instance);
        routes.MapPost("/api/v1/targets/{target}/repair", RepairAsync).WithMetadata(AnsweredToNodes.Instance);
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        TargetSet set = await TargetsAsync();
        TargetDriftModel[] targets = await Task.WhenAll(set.Targets.Select(t => DriftOfAsync(t.Key, t.Value)));
        if (RelayedRequests.Is(context)) return Results.Json(new DriftListModel(targets));
        IEnumerable<string> holders = targets.Where(t => t is { IsElsewhere: true, Node.Length: > 0 }).Select(t => t.Node);
        var told = (await _relay.AskEachAsync<DriftListModel>(holders.Distinct(StringComparer.Ordinal), "/api/v1/drift"))
            .SelectMany(a => a.Answer.Targets.Where(t => t.Node == a.Node && !t.IsElsewhere))
            .ToDictionary(t => (t.Target, t.Node));
        return Results.Json(
            new DriftListModel([.. targets.Select(t => t.IsElsewhere ? told.GetValueOrDefault((t.Target, t.Node), t) : t)]));
    }

    private async Task<IResult> ShowAsync(string target, HttpContext context)
    {
        TargetSet set = await TargetsAsync();
        if (await FindAsync(set, target) is not { } name) return Unknown(target);
        return await _relay.PassAsync(context, await NodeOfAsync(name)) ?? Results.Json(await DriftOfAsync(name, set.Targets[name]));
    }

    private async Task<string> NodeOfAsync(string name) => (await ClusterNaming.NowAsync(parts)).PlaceOf(name).Node;

    /// <summary>Of one zone its owner has the target told, wherever that is; of all zones the node that holds the target goes through
    /// them.</summary>
    private async Task<IResult> RepairAsync(string target, string? zone, HttpContext context)
    {
        TargetSet set = await TargetsAsync();
        if (await FindAsync(set, target) is not { } name) return Unknown(target);
        if (zone is not null)
        {
            if (!DomainName.TryParse(zone, out DomainName? parsed)) return Problems.BadName(zone);
            ZoneReply reply = await parts.Region.Ask<ZoneReply>(new LookAtTarget(parsed, name) { Depth = LookDepth.Repair }, Patience);
            return reply.Outcome == ZoneOutcome.Done ? Results.Accepted() : Problems.WithoutStatus(parsed, reply);
        }

        TargetStatus status = await set.Targets[name].Ask<TargetStatus>(new GetTargetStatus(), Patience);
        if (status.Listing is null)
        {
            string node = await NodeOfAsync(name);
            if (await _relay.PassAsync(context, node) is { } answer) return answer;
            return Problems.Of(
                StatusCodes.Status409Conflict,
                "target-elsewhere",
                $"{target} is held by the node {node}; ask the agent there, or name a zone");
        }

        RepairBegun begun = await parts.ContentSweep.Ask<RepairBegun>(new RepairTarget(name), Patience);
        return begun.IsKnown ? Results.Accepted() : Unknown(target);
    }

    private async Task<TargetDriftModel> DriftOfAsync(string name, IActorRef target)
    {
        TargetStatus status = await target.Ask<TargetStatus>(new GetTargetStatus(), Patience);
        TargetDrift drift = await target.Ask<TargetDrift>(new GetTargetDrift(), Patience);
        ContentSweeps sweeps = await parts.ContentSweep.Ask<ContentSweeps>(new GetContentSweep(), Patience);
        ClusterNaming naming = await ClusterNaming.NowAsync(parts);
        return TargetDriftModel.Of(drift, status, sweeps.Servers.FirstOrDefault(s => s.Target == name), naming.PlaceOf(name));
    }

    private async Task<TargetSet> TargetsAsync() =>
        (await parts.Targets.Ask<TargetSetChanged>(new GetTargetSet(), Patience)).Targets;

    /// <summary>A server that each node has for itself may be named without its node where this node has one.</summary>
    private async Task<string?> FindAsync(TargetSet set, string asked)
    {
        if (set.Targets.ContainsKey(asked)) return asked;
        ClusterNaming naming = await ClusterNaming.NowAsync(parts);
        return set.Names.FirstOrDefault(name => naming.PlaceOf(name) == (asked, parts.NodeName));
    }

    private static IResult Unknown(string target) =>
        Problems.Of(StatusCodes.Status404NotFound, "unknown-target", $"there is no target named {target}");
}
