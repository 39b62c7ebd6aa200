using System.Security.Cryptography;
using System.Text;

namespace Agent.Host.Web;

/// <summary>The page at <c>/</c>: zones, targets and recent events, read from the same interface that programs use. Nothing comes from
/// outside.</summary>
internal static class WebPage
{
    private const string ResourceName = "Agent.Host.Web.index.html";

    public static void Map(IEndpointRouteBuilder routes)
    {
        using Stream stream = typeof(WebPage).Assembly.GetManifestResourceStream(ResourceName)!;
        using var reader = new StreamReader(stream);
        string page = reader.ReadToEnd();
        string policy = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            + $"style-src '{HashOf(page, "style")}'; script-src '{HashOf(page, "script")}'";
        routes.MapReading("/", (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = policy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return Results.Text(page, "text/html; charset=utf-8");
        });
    }

    /// <summary>Only this very style and script may run: the policy names their digests.</summary>
    private static string HashOf(string page, string element)
    {
        int start = page.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        int end = page.IndexOf($"</{element}>", StringComparison.Ordinal);
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page[start..end])));
    }
}
