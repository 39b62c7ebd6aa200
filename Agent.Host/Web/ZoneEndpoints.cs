using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Web;

/// <summary>The paths below <c>/api/v1/zones</c>.</summary>
internal sealed class ZoneEndpoints(ManagementParts parts, ZoneQueries queries)
{
    private const string Segment = "/zones/";
    private const int LargestPage = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ZoneDifferences _differences = new(parts.Region, parts.Served);
    private readonly NodeRelay _relay = new(parts);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/api/v1/zones", ListAsync);
        routes.MapPost("/api/v1/zones", CreateAsync);
        routes.MapReading("/api/v1/zones/{zone}", (string zone, HttpContext context) => ForZone(NameIn(zone, context), GetAsync));
        routes.MapDelete(
            "/api/v1/zones/{zone}",
            (string zone, HttpContext context) => ForZone(NameIn(zone, context), name => DeleteAsync(name, context)));
        routes.MapReading(
            "/api/v1/zones/{zone}/history",
            (string zone, HttpContext context, int? limit) => ForZone(NameIn(zone, context), name => HistoryAsync(name, limit)));
        routes.MapPost(
            "/api/v1/zones/{zone}/refresh",
            (string zone, HttpContext context) => ForZone(NameIn(zone, context), name => RefreshAsync(name, false, context)));
        routes.MapPost(
            "/api/v1/zones/{zone}/retransfer",
            (string zone, HttpContext context) => ForZone(NameIn(zone, context), name => RefreshAsync(name, true, context)));
        routes.MapPost(
            "/api/v1/zones/{zone}/approve",
            (string zone, string? serial, string? hash, HttpContext context) =>
                ForZone(NameIn(zone, context), name => DecideAsync(name, true, serial, hash, context)));
        routes.MapPost(
            "/api/v1/zones/{zone}/reject",
            (string zone, string? serial, string? hash, HttpContext context) =>
                ForZone(NameIn(zone, context), name => DecideAsync(name, false, serial, hash, context)));
        routes.MapPost(
            "/api/v1/zones/{zone}/undelete",
            (string zone, string? masterSet, HttpContext context) =>
                ForZone(NameIn(zone, context), name => UndeleteAsync(name, masterSet, context)));
        routes.MapReading("/api/v1/deleted", ListDeletedAsync);
        routes.MapReading("/api/v1/zones/{zone}/diff", (string zone, HttpContext context, int? limit, string? target) => limit < 1
            ? Task.FromResult(BadLimit())
            : ForZone(NameIn(zone, context), name => CompareAsync(name, target, Math.Clamp(limit ?? 100, 1, LargestPage), context)))
            .WithMetadata(AnsweredToNodes.Instance);
        routes.MapReading("/api/v1/events", (int? limit) => HistoryAsync(null, limit));
    }

    private static string NameIn(string routed, HttpContext context) => NameInPath.Of(routed, Segment, context);

    private static Task<IResult> ForZone(string text, Func<DomainName, Task<IResult>> handle) =>
        DomainName.TryParse(text, out DomainName? name) ? handle(name) : Task.FromResult(Problems.BadName(text));

    /// <summary>A server that each node has for itself can be asked by its node alone.</summary>
    private async Task<IResult> CompareAsync(DomainName name, string? target, int limit, HttpContext context)
    {
        if (target is null) return await _differences.CompareAsync(name, limit, context.RequestAborted);
        int at = target.LastIndexOf('@');
        return (at < 0 ? null : await _relay.PassAsync(context, target[(at + 1)..]))
            ?? await _differences.CompareWithTargetAsync(name, target, limit, context.RequestAborted);
    }

    private async Task<IResult> ListAsync(string? state, string? prefix, int? limit, string? after)
    {
        DomainName? behind = null;
        if (!string.IsNullOrEmpty(after) && !DomainName.TryParse(after, out behind)) return Problems.BadName(after);
        if (state is not null && !ZoneStatusView.States.Contains(state))
        {
            return Problems.Of(
                StatusCodes.Status400BadRequest, "bad-state", $"'{state}' is not one of {string.Join(", ", ZoneStatusView.States)}");
        }

        if (limit < 1) return BadLimit();
        int page = Math.Clamp(limit ?? 100, 1, LargestPage);
        ZonePage found = await queries.ListAsync(new ListZones(prefix ?? "", state, behind, page));
        ImmutableArray<ZoneStatus> zones = found.Zones;
        MasterRoster masters = await RosterAsync();
        ClusterNaming naming = await ClusterNaming.NowAsync(parts);
        return Results.Json(new ZoneListModel(
            [.. zones.Select(z => ZoneModel.Of(z, naming, masters))],
            zones.Length == page ? zones[^1].Name.ToString() : null,
            found.IsWhole));
    }

    private async Task<IResult> GetAsync(DomainName name)
    {
        object answer = await parts.Region.Ask<object>(new GetZone(name), Patience);
        return answer is ZoneStatus status
            ? Results.Json(ZoneModel.Of(status, await ClusterNaming.NowAsync(parts), await RosterAsync()))
            : Problems.WithoutStatus(name, answer);
    }

    private Task<IResult> CreateAsync(CreateZoneModel model, HttpContext context) => ForZone(model.Name ?? "", async name =>
    {
        TimeSpan patience = parts.AnswerDeadline() + Patience;
        ZoneReply reply = await parts.Region.Ask<ZoneReply>(new CreateZone(name, Origin(context)), patience);
        string path = name.IsRoot ? NameInPath.Root : Uri.EscapeDataString(name.ToString());
        return reply.Outcome == ZoneOutcome.Done
            ? Results.Created($"/api/v1/zones/{path}", new { name = name.ToString() })
            : Failure(reply);
    });

    private async Task<IResult> DeleteAsync(DomainName name, HttpContext context)
    {
        TimeSpan patience = parts.AnswerDeadline() + Patience;
        bool force = bool.TryParse(context.Request.Query["force"], out bool asked) && asked;
        ZoneReply reply = await parts.Region.Ask<ZoneReply>(new DeleteZone(name, Origin(context)) { Force = force }, patience);
        return reply.Outcome == ZoneOutcome.Done ? Results.NoContent() : Failure(reply);
    }

    private async Task<IResult> UndeleteAsync(DomainName name, string? masterSet, HttpContext context)
    {
        RequestOrigin origin = Origin(context) with { MasterSet = string.IsNullOrEmpty(masterSet) ? null : masterSet };
        ZoneReply reply = await parts.Region.Ask<ZoneReply>(new UndeleteZone(name, origin), parts.AnswerDeadline() + Patience);
        return reply.Outcome == ZoneOutcome.Done ? Results.Ok(new { name = name.ToString() }) : Failure(reply);
    }

    /// <summary>In the order of the store, which is not that of names.</summary>
    private async Task<IResult> ListDeletedAsync(int? limit, string? after)
    {
        DomainName? behind = null;
        if (!string.IsNullOrEmpty(after) && !DomainName.TryParse(after, out behind)) return Problems.BadName(after);
        if (limit < 1) return BadLimit();
        int page = Math.Clamp(limit ?? 100, 1, LargestPage);
        object answer = await parts.Journal.Ask<object>(new AskKeptZones(behind, page), Patience);
        return answer switch
        {
            KeptListed { Zones: var zones } => Results.Json(new DeletedListModel(
                [.. zones.Select(z => new DeletedZoneModel(z.Name.ToString(), z.Serial, z.Records, z.KeptUntil))],
                zones.Length == page ? zones[^1].Name.ToString() : null)),
            KeptReadFailed { Reason: var why } => Problems.Of(StatusCodes.Status503ServiceUnavailable, why),
            _ => throw new UnreachableException($"the journal answers with {answer.GetType().Name}"),
        };
    }

    private async Task<IResult> RefreshAsync(DomainName name, bool force, HttpContext context)
    {
        ZoneReply reply = await parts.Region.Ask<ZoneReply>(new RefreshZone(name, Origin(context), force), Patience);
        return reply.Outcome == ZoneOutcome.Done ? Results.Accepted() : Failure(reply);
    }

    /// <summary>The content is named by what the operator has seen of it, so that nobody decides about another one by chance.</summary>
    private async Task<IResult> DecideAsync(DomainName name, bool approve, string? serial, string? hash, HttpContext context)
    {
        if (!uint.TryParse(serial, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return Problems.Of(
                StatusCodes.Status400BadRequest,
                "bad-serial",
                "serial must name the content to decide about, as the zone's candidate shows it");
        }

        ContentHash? content = null;
        if (!string.IsNullOrEmpty(hash))
        {
            if (!ContentHash.TryParse(hash, out ContentHash parsed))
                return Problems.Of(StatusCodes.Status400BadRequest, "bad-hash", "hash must be 64 digits, as the zone's candidate shows");
            content = parsed;
        }

        TimeSpan patience = parts.AnswerDeadline() + Patience;
        ZoneReply reply = await parts.Region.Ask<ZoneReply>(
            new DecideCandidate(name, Origin(context), approve, number, content), patience);
        return reply switch
        {
            { Outcome: ZoneOutcome.Done } => Results.Accepted(),
            { Reason: { Code: ReasonCode.NothingWaits or ReasonCode.CandidateChanged } reason } =>
                Problems.Of(StatusCodes.Status409Conflict, reason),
            _ => Failure(reply),
        };
    }

    private async Task<IResult> HistoryAsync(DomainName? name, int? limit)
    {
        if (limit < 1) return BadLimit();
        HistoryRead history = await parts.Journal.Ask<HistoryRead>(
            new AskHistory(name, Math.Clamp(limit ?? 100, 1, LargestPage)), Patience);
        return history.Failure is { } failure
            ? Problems.Of(StatusCodes.Status503ServiceUnavailable, failure)
            : Results.Json(new { events = history.Events.Select(EventModel.Of) });
    }

    private async Task<MasterRoster> RosterAsync() =>
        (await parts.Masters.Ask<MasterStates>(new GetMasterStates(), Patience)).Roster;

    private static IResult BadLimit() => Problems.Of(StatusCodes.Status400BadRequest, "bad-limit", "limit must be at least 1");

    private static IResult Failure(ZoneReply reply) => reply.Outcome == ZoneOutcome.Unknown
        ? Problems.UnknownZone(reply.Zone.ToString())
        : Problems.Of(
            reply.Reason?.Code switch
            {
                ReasonCode.OwnedElsewhere or ReasonCode.ZoneExists => StatusCodes.Status409Conflict,
                ReasonCode.NothingKept => StatusCodes.Status404NotFound,
                ReasonCode.UnknownMasterSet => StatusCodes.Status400BadRequest,

                // Nothing is wrong with the zone or its servers: the agent itself cannot at the moment.
                ReasonCode.NoOwner or ReasonCode.JournalAway or ReasonCode.JournalFenced or ReasonCode.Overload =>
                    StatusCodes.Status503ServiceUnavailable,
                _ => StatusCodes.Status502BadGateway,
            },
            reply.Reason?.Code ?? "failed",
            reply.Reason?.Text ?? "the zone could not be brought to the wanted state");

    private static RequestOrigin Origin(HttpContext context) => new(
        $"http {context.Connection.RemoteIpAddress}", null,
            Activity.Current?.TraceId.ToString() ?? ActivityTraceId.CreateRandom().ToString());
}
