using System.Diagnostics;
using System.Globalization;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Web;

/// <summary>A zone that a catalog claims in vain, as JSON.</summary>
public sealed record CatalogConflictModel(string Zone, ReasonModel? Reason);

/// <summary>A catalog as JSON. The lists hold the first names, the numbers count all.</summary>
public sealed record CatalogModel(
    string Name,
    string State,
    uint? Serial,
    int Members,
    int Adding,
    int Removing,
    int Conflicts,
    ReasonModel? Reason,
    IReadOnlyList<string> Added,
    IReadOnlyList<string> Removed,
    IReadOnlyList<CatalogConflictModel> Conflicting)
{
    internal static CatalogModel Of(CatalogStatus status) => new(
        status.Name.ToString(),
        status.State,
        status.Serial,
        status.Members,
        status.Adding,
        status.Removing,
        status.Conflicts,
        ReasonModel.Of(status.Reason, null),
        [.. status.Added.Select(z => z.ToString())],
        [.. status.Removed.Select(z => z.ToString())],
        [.. status.Conflicting.Select(c => new CatalogConflictModel(c.Zone.ToString(), ReasonModel.Of(c.Reason, null)))]);
}

/// <summary>The paths below <c>/api/v1/catalogs</c>.</summary>
internal sealed class CatalogEndpoints(ManagementParts parts)
{
    private const string Segment = "/catalogs/";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/api/v1/catalogs", ListAsync);
        routes.MapReading("/api/v1/catalogs/{catalog}", GetAsync);
        routes.MapPost("/api/v1/catalogs/{catalog}/approve", ApproveAsync);
    }

    private async Task<IResult> ListAsync()
    {
        object[] answers = await Task.WhenAll(parts.Catalogs.Order().Select(c => parts.Region.Ask<object>(new GetCatalog(c), Patience)));
        return Results.Json(new { catalogs = answers.OfType<CatalogStatus>().Select(CatalogModel.Of) });
    }

    private async Task<IResult> GetAsync(string catalog, HttpContext context)
    {
        string text = NameInPath.Of(catalog, Segment, context);
        if (!DomainName.TryParse(text, out DomainName? name)) return Problems.BadName(text);
        object answer = await parts.Region.Ask<object>(new GetCatalog(name), Patience);
        return answer switch
        {
            CatalogStatus status => Results.Json(CatalogModel.Of(status)),
            ZoneReply { Reason: { } reason } => Problems.Of(StatusCodes.Status503ServiceUnavailable, reason),
            _ => Unknown(name),
        };
    }

    /// <summary>The content is named by its serial, so that nobody approves another one by chance.</summary>
    private async Task<IResult> ApproveAsync(string catalog, string? serial, HttpContext context)
    {
        string text = NameInPath.Of(catalog, Segment, context);
        if (!DomainName.TryParse(text, out DomainName? name)) return Problems.BadName(text);
        if (!uint.TryParse(serial, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            return Problems.Of(StatusCodes.Status400BadRequest, "bad-serial", "serial must name the content of the catalog to approve");
        var origin = new RequestOrigin(
            $"http {context.Connection.RemoteIpAddress}", null,
            Activity.Current?.TraceId.ToString() ?? ActivityTraceId.CreateRandom().ToString());
        ZoneReply reply = await parts.Region.Ask<ZoneReply>(
            new ApproveCatalog(name, number, origin), parts.AnswerDeadline() + Patience);
        return reply switch
        {
            { Outcome: ZoneOutcome.Done } => Results.Accepted(),
            { Outcome: ZoneOutcome.Unknown } => Unknown(name),
            { Reason: { Code: ReasonCode.NothingWaits or ReasonCode.CandidateChanged } reason } =>
                Problems.Of(StatusCodes.Status409Conflict, reason),
            _ => Problems.Of(
                StatusCodes.Status502BadGateway, reply.Reason?.Code ?? "failed", reply.Reason?.Text ?? "the approval was not taken"),
        };
    }

    private static IResult Unknown(DomainName name) =>
        Problems.Of(StatusCodes.Status404NotFound, ReasonCode.UnknownZone, $"{name} is not a catalog of the configuration");
}
