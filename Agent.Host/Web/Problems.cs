using Agent.Actors.Reasons;

namespace Agent.Host.Web;

/// <summary>Errors in the form of RFC 9457, with the stable reason word in <c>code</c>.</summary>
internal static class Problems
{
    public static IResult Of(int status, string code, string text) => Results.Problem(
        detail: text,
        statusCode: status,
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = code });

    public static IResult Of(int status, Reason reason) => Of(status, reason.Code, reason.Text);

    public static IResult BadName(string name) => Of(StatusCodes.Status400BadRequest, "bad-name", $"'{name}' is not a domain name");

    public static IResult UnknownZone(string name) =>
        Of(StatusCodes.Status404NotFound, ReasonCode.UnknownZone, $"the zone {name} is not known");
}
