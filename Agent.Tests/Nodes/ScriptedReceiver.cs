using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Agent.Actors.Cluster;
using Agent.Host.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agent.Tests.Nodes;

/// <summary>A node without TLS that does with the streams opened to it what the test says.</summary>
internal sealed class ScriptedReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly CancellationTokenSource _end = new();

    private ScriptedReceiver(WebApplication application, NodePeer peer)
    {
        _application = application;
        Peer = peer;
    }

    public NodePeer Peer { get; }

    public static async Task<ScriptedReceiver> StartAsync(string node, Func<HttpContext, NodePeer, CancellationToken, Task> serve)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        WebApplication application = builder.Build();
        ScriptedReceiver? receiver = null;
        application.Run(async context =>
        {
            try
            {
                await serve(context, receiver!.Peer, receiver._end.Token);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                // The link broke it off, or the test is over.
            }
        });
        await application.StartAsync();
        IServerAddressesFeature addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        var address = new Uri(addresses.Addresses.First());
        receiver = new ScriptedReceiver(application, new NodePeer(node, Guid.NewGuid(), $"127.0.0.1:{address.Port}"));
        return receiver;
    }

    /// <summary>Reads the hello and answers it.</summary>
    public static async Task GreetAsync(HttpContext context, NodePeer me, int window = 4096, int version = 1)
    {
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult read = await reader.ReadAsync();
            ReadOnlySequence<byte> buffer = read.Buffer;
            bool isWhole = LinkFrames.TryCut(ref buffer, 4096, out _, out _, out _);
            reader.AdvanceTo(isWhole ? buffer.Start : read.Buffer.Start, isWhole ? buffer.Start : read.Buffer.End);
            if (isWhole) break;
        }
        await context.Response.BodyWriter.WriteAsync(LinkFrames.Write(new LinkWelcome(version, me.Node, me.Instance, window, 1 << 20)));
    }

    /// <summary>Says over and over that it lives, until the end.</summary>
    public static async Task BeatAsync(HttpContext context, CancellationToken end)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(end, context.RequestAborted);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await pace.WaitForNextTickAsync(both.Token))
            await context.Response.BodyWriter.WriteAsync(LinkFrames.HeartbeatFrame, both.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
        _end.Dispose();
    }
}
