using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Web;

/// <summary>Errors in the form of RFC 9457, with the stable reason word in <c>code</c>.</summary>
internal static class Problems
{
    /// <summary>More than any request of ours needs.</summary>
    public const int BodyOctetsMax = 1 << 20;

    public static IResult Of(int status, string code, string text) => Results.Problem(
        detail: text,
        statusCode: status,
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = code });

    public static IResult Of(int status, Reason reason) => Of(status, reason.Code, reason.Text);

    /// <summary>Gives a code also to what the server itself refuses: a path, a method or a body that it does not know.</summary>
    public static void AddCode(ProblemDetailsContext context)
    {
        int status = context.HttpContext.Response.StatusCode;
        context.ProblemDetails.Extensions.TryAdd("code", CodeOf(status));
        context.ProblemDetails.Detail ??= status switch
        {
            StatusCodes.Status413PayloadTooLarge => $"the body of a request may have {BodyOctetsMax} octets",
            StatusCodes.Status415UnsupportedMediaType => "the body must be application/json, and Content-Type say so",
            _ => null,
        };
    }

    public static string CodeOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "bad-request",
        StatusCodes.Status404NotFound => "not-found",
        StatusCodes.Status405MethodNotAllowed => "method-not-allowed",
        StatusCodes.Status413PayloadTooLarge => "too-large",
        StatusCodes.Status415UnsupportedMediaType => "unsupported-media-type",
        _ => "failed",
    };

    public static IResult BadName(string name) => Of(StatusCodes.Status400BadRequest, "bad-name", $"'{name}' is not a domain name");

    /// <summary>What came instead of a zone's status: that it is not known, or why nobody can say.</summary>
    public static IResult WithoutStatus(DomainName zone, object answer) =>
        answer is ZoneReply { Outcome: ZoneOutcome.Failed, Reason: { } why }
            ? Of(StatusCodes.Status503ServiceUnavailable, why)
            : UnknownZone(zone.ToString());

    public static IResult UnknownZone(string name) =>
        Of(StatusCodes.Status404NotFound, ReasonCode.UnknownZone, $"the zone {name} is not known");
}
