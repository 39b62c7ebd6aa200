using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Agent.Actors.Kernel;
using Agent.Host.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Agent.Host.Web;

/// <summary>The management interface: HTTP for people, programs and monitoring, on loopback unless configured otherwise.</summary>
public sealed class ManagementServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ManagementServer(WebApplication application, IPEndPoint endPoint)
    {
        _application = application;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens; the port is real also when 0 was asked for.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Binds and starts.</summary>
    /// <exception cref="IOException">The address cannot be bound.</exception>
    public static async Task<ManagementServer> StartAsync(
        IPEndPoint listen, ManagementGuard guard, ManagementParts parts, ActorSystem system, ILoggerProvider logging)
    {
        // Empty: the others read appsettings.json, and watch the whole working folder for a change of it, the journal's files too.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.Logging.AddProvider(logging);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter(KestrelStart.Host, LogLevel.None);
        var bounds = new ConnectionBounds(logging.CreateLogger(nameof(ManagementServer)));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(listen, door => door.Use(next => connection => bounds.ServeAsync(connection, next)));
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Problems.BodyOctetsMax;
            ConnectionBounds.Apply(kestrel.Limits);
        });
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true); // So that BadRequests can say why.
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;

            // Names and texts come from the network, and what shows them may take a sign such as < for its own.
            json.SerializerOptions.Encoder = JavaScriptEncoder.Default;
        });
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = Problems.AddCode);
        WebApplication application = builder.Build();
        application.UseExceptionHandler();
        application.UseStatusCodePages();
        application.Use(async (context, next) =>
        {
            if (await guard.MayPassAsync(context)) await next(context);
        });
        application.Use(AnswerFailureAsync);
        var queries = new ZoneQueries(system, parts.Region);
        new ZoneEndpoints(parts, queries).Map(application);
        new CatalogEndpoints(parts).Map(application);
        new OrphanEndpoints(parts, queries).Map(application);
        new DriftEndpoints(parts).Map(application);
        new StateEndpoints(parts, queries).Map(application);
        new ClusterEndpoints(parts, queries).Map(application);
        WebPage.Map(application);
        await KestrelStart.StartAsync(application, listen, "management");
        parts.Desk?.Open(new RelayedRequests(application.Services, application).AnswerAsync);
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ManagementServer(application, new IPEndPoint(listen.Address, new Uri(address).Port));
    }

    /// <summary>
    /// An actor that does not answer in time is a fact about the agent, and what cannot be read one about the request: neither is a fault
    /// of this program's pages.
    /// </summary>
    private static async Task AnswerFailureAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException failure) when (!context.Response.HasStarted)
        {
            await BadRequests.Of(context, failure).ExecuteAsync(context);
        }
        catch (Exception silence) when (silence is AskTimeoutException or AskFailedException && !context.Response.HasStarted)
        {
            await Problems.Of(StatusCodes.Status504GatewayTimeout, "no-answer", "the agent did not answer in time").ExecuteAsync(context);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }
}
