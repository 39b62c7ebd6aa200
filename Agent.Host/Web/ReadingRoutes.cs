namespace Agent.Host.Web;

/// <summary>Paths that are read: whoever may GET one may ask for its head alone (RFC 9110 section 9.1), as many probers do.</summary>
internal static class ReadingRoutes
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Answers GET and HEAD of a path; the server leaves the body of the latter out.</summary>
    public static RouteHandlerBuilder MapReading(this IEndpointRouteBuilder routes, string path, Delegate handler) =>
        routes.MapMethods(path, Methods, handler);
}
