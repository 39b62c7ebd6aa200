using Agent.Actors.Cluster;
using Microsoft.AspNetCore.Routing.Template;

namespace Agent.Host.Web;

/// <summary>Marks what a node answers to other nodes as well.</summary>
internal sealed class AnsweredToNodes
{
    public static readonly AnsweredToNodes Instance = new();
}

/// <summary>Carries out the management interface's own requests for other nodes.</summary>
internal sealed class RelayedRequests
{
    private static readonly object Mark = new();

    private readonly IServiceProvider _services;
    private readonly List<(string Method, TemplateMatcher Matcher, RequestDelegate Handle)> _routes = [];

    public RelayedRequests(IServiceProvider services, IEndpointRouteBuilder routes)
    {
        _services = services;
        foreach (RouteEndpoint endpoint in routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<AnsweredToNodes>() is null || endpoint.RequestDelegate is not { } handle) continue;
            var matcher = new TemplateMatcher(TemplateParser.Parse(endpoint.RoutePattern.RawText!), []);
            foreach (string method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
                _routes.Add((method, matcher, handle));
        }
    }

    /// <summary>The request came from another node, which has found that this one is to answer.</summary>
    public static bool Is(HttpContext context) => context.Items.ContainsKey(Mark);

    public async Task<NodeAnswer> AnswerAsync(NodeQuestion question)
    {
        int query = question.Target.IndexOf('?', StringComparison.Ordinal);
        string path = Uri.UnescapeDataString(query < 0 ? question.Target : question.Target[..query]);
        foreach ((string method, TemplateMatcher matcher, RequestDelegate handle) in _routes)
        {
            var values = new RouteValueDictionary();
            if (method != question.Method || !matcher.TryMatch(path, values)) continue;
            await using AsyncServiceScope scope = _services.CreateAsyncScope();
            var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
            context.Items[Mark] = Mark;
            context.Request.Method = method;
            context.Request.Path = path;
            context.Request.RouteValues = values;
            if (query >= 0) context.Request.QueryString = new QueryString(question.Target[query..]);
            using var body = new MemoryStream();
            context.Response.Body = body;
            try
            {
                await handle(context);
            }
            catch (BadHttpRequestException failure)
            {
                await BadRequests.Of(context, failure).ExecuteAsync(context);
            }

            await context.Response.CompleteAsync();
            return new NodeAnswer(question.Request, context.Response.StatusCode, [.. body.ToArray()]);
        }

        return new NodeAnswer(question.Request, StatusCodes.Status404NotFound, []);
    }
}
