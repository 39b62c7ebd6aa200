using System.Collections.Immutable;
using System.Diagnostics;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Sweeps;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Web;

/// <summary>A zone that some have and others do not, as JSON.</summary>
/// <param name="Kind"><c>server</c>: a server has it and nobody created it; <c>catalog</c>: a catalog lists it and cannot have it;
/// <c>masters</c>: it is ours and every master has refused it for long.</param>
/// <param name="At">The target or the catalog.</param>
public sealed record OrphanModel(string Zone, string Kind, string? At, string? Node, uint? Serial, ReasonModel? Reason);

/// <summary>The last sweep of a server, as JSON.</summary>
public sealed record SweepModel(
    string Target,
    string Node,
    string State,
    string Listing,
    int? Named,
    int Missing,
    int Foreign,
    DateTimeOffset? SweptAt,
    ReasonModel? Reason);

/// <summary>What there is of both, as JSON.</summary>
public sealed record OrphanListModel(IReadOnlyList<OrphanModel> Orphans, IReadOnlyList<SweepModel> Servers);

/// <summary>The paths below <c>/api/v1/orphans</c>: what the sweeps of all nodes' servers found, what catalogs claim in vain, and what all
/// masters have given up.</summary>
internal sealed class OrphanEndpoints(ManagementParts parts, ZoneQueries queries)
{
    private const string Path = "/api/v1/orphans";
    private const int GivenUpMaximum = 1000;
    private const int RemovedAtOnce = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly Reason NobodyCreated = new(ReasonCode.NotCreated, "the server has the zone, and nobody has created it here");

    private readonly NodeRelay _relay = new(parts);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading(Path, (Delegate)ListAsync).WithMetadata(AnsweredToNodes.Instance);
        routes.MapPost("/api/v1/orphans/sweep", (Delegate)SweepAsync).WithMetadata(AnsweredToNodes.Instance);
        routes.MapPost("/api/v1/orphans/adopt", AdoptAsync).WithMetadata(AnsweredToNodes.Instance);
        routes.MapPost("/api/v1/orphans/remove", RemoveAsync);
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        SweepFindings findings = parts.Sweep is { } sweep
            ? await sweep.Ask<SweepFindings>(new GetSweep(), Patience)
            : new SweepFindings([]);
        ClusterNaming naming = await ClusterNaming.NowAsync(parts);
        IEnumerable<OrphanModel> onServers = findings.Servers.SelectMany(s => s.Foreign.Select(f => new OrphanModel(
            f.Zone.ToString(), "server", naming.PlaceOf(s.Target).Name, naming.PlaceOf(s.Target).Node, f.Serial,
            ReasonModel.Of(NobodyCreated, f.Since))));
        SweepModel[] servers =
        [
            .. findings.Servers.Select(s => new SweepModel(
                naming.PlaceOf(s.Target).Name,
                naming.PlaceOf(s.Target).Node,
                s.State,
                s.Listing.ToString().ToLowerInvariant(),
                s.Named,
                s.Missing,
                s.Foreign.Length + s.FurtherForeign,
                s.SweptAt,
                ReasonModel.Of(s.Reason, null))),
        ];
        if (RelayedRequests.Is(context)) return Results.Json(new OrphanListModel([.. onServers], servers));

        var others = (await _relay.AskEachAsync<OrphanListModel>(await _relay.OthersAsync(), Path))
            .Select(a => (Orphans: a.Answer.Orphans.Where(o => o.Node == a.Node), Servers: a.Answer.Servers.Where(s => s.Node == a.Node)))
            .ToArray();
        object[] catalogs = await Task.WhenAll(parts.Catalogs.Order().Select(c => parts.Region.Ask<object>(new GetCatalog(c), Patience)));
        IEnumerable<OrphanModel> inCatalogs = catalogs.OfType<CatalogStatus>().SelectMany(c => c.Conflicting.Select(z => new OrphanModel(
            z.Zone.ToString(), "catalog", c.Name.ToString(), null, null, ReasonModel.Of(z.Reason, null))));
        IEnumerable<OrphanModel> givenUp = (await GivenUpAsync()).Select(z => new OrphanModel(
            z.Name.ToString(), "masters", null, null, z.Serial, ReasonModel.Of(z.Reason, z.RefusedSince)));
        var told = others.SelectMany(o => o.Servers).ToDictionary(s => (s.Target, s.Node));
        return Results.Json(new OrphanListModel(
            [.. onServers, .. others.SelectMany(o => o.Orphans), .. inCatalogs, .. givenUp],
            [.. servers.Select(s => told.GetValueOrDefault((s.Target, s.Node), s))]));
    }

    private async Task<IResult> SweepAsync(HttpContext context)
    {
        NodeAnswer? others = await _relay.TellOthersAsync(context);
        if (parts.Sweep is not { } sweep) return others is null ? Off() : Results.Accepted();
        await sweep.Ask<SweepFindings>(new SweepNow(null), Patience);
        return Results.Accepted();
    }

    /// <summary>A zone becomes ours as by a CREATE: with the content of its masters, or not at all.</summary>
    private async Task<IResult> AdoptAsync(string? zone, HttpContext context)
    {
        if (parts.Sweep is not { } sweep) return Off();
        if (!DomainName.TryParse(zone ?? "", out DomainName? name)) return Problems.BadName(zone ?? "");
        SweepFindings findings = await sweep.Ask<SweepFindings>(new GetSweep(), Patience);
        if (!findings.Servers.Any(s => s.Foreign.Any(f => f.Zone == name)))
        {
            // The sweep of the node that holds the server has found it.
            return await _relay.TellOthersAsync(context) is not null
                ? Results.Ok(new { name = name.ToString() })
                : Problems.Of(StatusCodes.Status404NotFound, ReasonCode.UnknownZone, $"no server was found to have {name} uncreated");
        }

        ZoneReply reply = await parts.Region.Ask<ZoneReply>(
            new CreateZone(name, Origin(context, "adopted by")), parts.AnswerDeadline() + Patience);
        if (reply.Outcome != ZoneOutcome.Done)
        {
            return Problems.Of(
                reply.Reason?.Code == ReasonCode.OwnedElsewhere ? StatusCodes.Status409Conflict : StatusCodes.Status502BadGateway,
                reply.Reason?.Code ?? "failed",
                reply.Reason?.Text ?? "the zone could not be adopted");
        }

        sweep.Tell(new ZoneAdopted(name));
        return Results.Ok(new { name = name.ToString() });
    }

    /// <summary>The operator says how many zones they have seen to be given up: have others come since, nothing is removed.</summary>
    private async Task<IResult> RemoveAsync(int? count, HttpContext context)
    {
        ImmutableArray<ZoneStatus> zones = await GivenUpAsync();
        if (count != zones.Length)
        {
            return Problems.Of(
                StatusCodes.Status409Conflict,
                ReasonCode.CandidateChanged,
                $"count must name the zones that every master has given up: they are {zones.Length} now; look at them again");
        }

        int removed = 0;
        Reason? problem = null;
        RequestOrigin origin = Origin(context, "orphans removed by");
        await Parallel.ForEachAsync(
            zones, new ParallelOptions { MaxDegreeOfParallelism = RemovedAtOnce }, async (zone, ended) =>
            {
                ZoneReply reply = await parts.Region.Ask<ZoneReply>(
                    new RemoveOrphan(zone.Name, origin), parts.AnswerDeadline() + Patience, ended);
                if (reply.Outcome == ZoneOutcome.Done) Interlocked.Increment(ref removed);
                else problem ??= reply.Reason;
            });
        return Results.Ok(new { removed, kept = zones.Length - removed, reason = ReasonModel.Of(problem, null) });
    }

    private async Task<ImmutableArray<ZoneStatus>> GivenUpAsync()
    {
        // A node of an older release knows nothing of orphans and answers with all its zones.
        ZonePage found = await queries.ListAsync(new ListZones("", null, null, GivenUpMaximum) { OrphansOnly = true });
        ImmutableArray<ZoneStatus> zones = found.Zones;
        return zones.RemoveAll(z => z.RefusedSince is null);
    }

    private static IResult Off() =>
        Problems.Of(StatusCodes.Status409Conflict, "sweep-off", "servers are not swept here: see sweep.interval in the configuration");

    private static RequestOrigin Origin(HttpContext context, string what) => new(
        $"{what} http {context.Connection.RemoteIpAddress}", null,
        Activity.Current?.TraceId.ToString() ?? ActivityTraceId.CreateRandom().ToString());
}
