using Microsoft.AspNetCore.Http.Features;

namespace Agent.Host.Web;

/// <summary>The name of a zone in the path of a request.</summary>
internal static class NameInPath
{
    /// <summary>The root zone, written as in the names of zone files: clients and servers alike take a single dot out of a
    /// path.</summary>
    public const string Root = "@";

    /// <summary>Routing leaves <c>%2F</c> encoded, so what has a percent sign is read from the request line.</summary>
    /// <param name="routed">What routing took for the name.</param>
    /// <param name="segment">What stands before it in the path, with both slashes.</param>
    /// <param name="context">The request.</param>
    public static string Of(string routed, string segment, HttpContext context)
    {
        if (routed == Root) return ".";
        if (!routed.Contains('%', StringComparison.Ordinal)) return routed;
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (RelayedRequests.Is(context)) return routed;
        int start = target.IndexOf(segment, StringComparison.OrdinalIgnoreCase) + segment.Length;
        int length = target.AsSpan(start).IndexOfAny('/', '?');
        return Uri.UnescapeDataString(length < 0 ? target[start..] : target.Substring(start, length));
    }
}
