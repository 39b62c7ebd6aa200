using System.Net;

namespace Agent.Host.Web;

/// <summary>
/// Who may do what: reading from loopback is free; every write, and everything from elsewhere, needs the token. The Host header
/// must be an address or a name of this machine, so that a page in somebody's browser cannot reach the interface through a
/// name of its own (DNS rebinding).
/// </summary>
/// <param name="token">The token of this agent.</param>
/// <param name="hostNames">Names of this machine, and those that the configuration adds.</param>
/// <param name="open">Paths that may be read from anywhere without the token: a prober has none.</param>
public sealed class ManagementGuard(ApiToken token, HostNames hostNames, IReadOnlyList<string> open)
{
    /// <summary>Answers the request itself when it may not pass; true when it may.</summary>
    public async Task<bool> MayPassAsync(HttpContext context)
    {
        string host = context.Request.Host.Host.Trim('[', ']');
        if (!IPAddress.TryParse(host, out _) && !hostNames.Contains(host))
        {
            await RefuseAsync(
                context,
                StatusCodes.Status421MisdirectedRequest,
                "host-not-known",
                $"'{host}' is not a name of this agent; management.host-names adds names");
            return false;
        }

        bool local = context.Connection.RemoteIpAddress is { } address
            && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        bool reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        bool isOpen = open.Contains(context.Request.Path.Value, StringComparer.Ordinal);
        if ((reads && (local || isOpen)) || token.Matches(context.Request.Headers.Authorization)) return true;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        await RefuseAsync(context, StatusCodes.Status401Unauthorized, "token-needed", "the bearer token in data-dir/api-token is needed");
        return false;
    }

    private static Task RefuseAsync(HttpContext context, int status, string code, string text) =>
        Problems.Of(status, code, text).ExecuteAsync(context);
}
