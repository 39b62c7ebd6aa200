using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Agent.Host.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Agent.Host.Nodes;

/// <summary>
/// Where peers connect to: HTTP/2 and nothing else, apart from the management interface. Two paths: the stream of messages, and contents by
/// hash.
/// </summary>
internal sealed partial class LinkServer(LinkParts parts, Func<string, LinkedPeer?> find)
{
    public const string LinkPath = "/node/v1/link";
    public const string ContentPath = "/node/v1/content/";
    public const string NodeHeader = "Agent-Node";
    public const string ClusterHeader = "Agent-Cluster";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, IncomingLink> _incoming = [];
    private readonly NodeLinkOptions _options = parts.Options;
    private readonly ContentServer _contents = new(parts);
    private WebApplication? _application;

    /// <summary>Binds and starts; where it listens.</summary>
    /// <exception cref="IOException">The address cannot be bound.</exception>
    public async Task<IPEndPoint> StartAsync(ILoggerProvider logging)
    {
        // Empty: the others read appsettings.json, and watch the whole working folder for a change of it, the journal's files too.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        builder.WebHost.UseKestrelCore();
        builder.Logging.AddProvider(logging);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter(KestrelStart.Host, LogLevel.None);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(Configure);
        WebApplication application = builder.Build();
        application.Run(ServeAsync);
        await KestrelStart.StartAsync(application, _options.Listen, "the link to the other nodes");
        _application = application;
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new IPEndPoint(_options.Listen.Address, new Uri(address).Port);
    }

    /// <summary>Ends the streams of peers that are not listed any more.</summary>
    public void CutUnlisted()
    {
        foreach (IncomingLink link in Incoming().Where(link => link.Owner.IsGone)) link.Cut("it is not a member any more");
    }

    public async Task StopAsync()
    {
        foreach (IncomingLink link in Incoming()) link.Cut("this node stops");
        if (_application is null) return;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private IncomingLink[] Incoming()
    {
        lock (_gate) return [.. _incoming.Values];
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowAlternateSchemes = true; // Peers do TLS below HTTP and say http.
        kestrel.Limits.MaxConcurrentConnections = _options.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null; // Heartbeats are slower than any rate; LinkWatch looks after silence.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.RequestHeadersTimeout = _options.GreetingMax;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        kestrel.Limits.MaxRequestHeadersTotalSize = 8192;
        kestrel.Limits.Http2.MaxStreamsPerConnection = Math.Max(16, _options.MaxPulls);

        // A frame is taken when it is whole, so it must fit into the window.
        kestrel.Limits.Http2.InitialStreamWindowSize = _options.MaxFrameOctets + 65536;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * (_options.MaxFrameOctets + 65536);
        kestrel.Listen(_options.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (parts.Tls is not { } tls) return;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = _options.GreetingMax,
                OnConnection = context => ValueTask.FromResult(tls.ForServer(context.Connection.RemoteEndPoint)),
            });
        });
    }

    private Task ServeAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        if (path == LinkPath && HttpMethods.IsPost(context.Request.Method)) return ServeLinkAsync(context);
        if (path.StartsWith(ContentPath, StringComparison.Ordinal) && HttpMethods.IsGet(context.Request.Method))
            return ServeContentAsync(context, path[ContentPath.Length..]);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private async Task ServeContentAsync(HttpContext context, string hash)
    {
        string node = context.Request.Headers[NodeHeader].ToString();
        bool isMember = context.Request.Headers[ClusterHeader].ToString() == _options.Cluster && find(node) is not null;
        if (isMember && Speaks(context, node)) await _contents.ServeAsync(context, hash);
        else context.Response.StatusCode = StatusCodes.Status403Forbidden;
    }

    private async Task ServeLinkAsync(HttpContext context)
    {
        LinkHello? hello = await ReadHelloAsync(context);
        if (context.RequestAborted.IsCancellationRequested) return;
        (LinkRefused? refused, int version) = Judge(context, hello);
        LinkedPeer? peer = refused is null ? find(hello!.Node) : null;
        if (peer is null || peer.Peer.Instance != hello!.Instance)
        {
            await RefuseAsync(context, hello, refused ?? NotMember(hello!));
            return;
        }
        using var link = new IncomingLink(context, peer, parts);
        try
        {
            // What came by an earlier stream of this peer is told before anything of this one.
            await ReplaceAsync(hello.Node, link);
            await link.CarryAsync(new LinkWelcome(
                version, _options.Node, _options.Instance, _options.WindowFrames, _options.MaxFrameOctets));
        }
        finally
        {
            lock (_gate)
            {
                if (_incoming.GetValueOrDefault(hello.Node) == link) _incoming.Remove(hello.Node);
            }
        }
    }

    private async Task ReplaceAsync(string node, IncomingLink link)
    {
        IncomingLink? former;
        lock (_gate)
        {
            former = _incoming.GetValueOrDefault(node);
            _incoming[node] = link;
        }
        if (link.Owner.IsGone) link.Cut("it is not a member any more");
        if (former is null) return;
        former.Cut("its peer opened another");
        await former.Ended;
    }

    private async Task<LinkHello?> ReadHelloAsync(HttpContext context)
    {
        using var greeting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        greeting.CancelAfter(_options.GreetingMax);
        PipeReader reader = context.Request.BodyReader;
        try
        {
            while (true)
            {
                ReadResult read = await reader.ReadAsync(greeting.Token);
                ReadOnlySequence<byte> buffer = read.Buffer;
                if (LinkFrames.TryCut(ref buffer, LinkFrames.GreetingMaximum, out int kind, out var fields, out bool isBroken))
                {
                    LinkHello? hello = kind == LinkFrames.Hello ? LinkFrames.Read(fields, LinkFrames.ReadHello) : null;
                    reader.AdvanceTo(buffer.Start);
                    return hello;
                }
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (isBroken || read.IsCompleted) return null;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private (LinkRefused? Refused, int Version) Judge(HttpContext context, LinkHello? hello)
    {
        if (hello is null) return (new LinkRefused(LinkRefusal.Greeting, "the greeting cannot be read"), 0);
        if (hello.Cluster != _options.Cluster)
            return (new LinkRefused(LinkRefusal.Cluster, $"this is cluster {_options.Cluster}, not {hello.Cluster}"), 0);
        if (!Speaks(context, hello.Node))
            return (new LinkRefused(LinkRefusal.Certificate, $"the certificate does not name {hello.Node}"), 0);
        if (hello.Node == _options.Node) return (new LinkRefused(LinkRefusal.SameName, $"this node too is named {_options.Node}"), 0);
        if (hello.PeerInstance != _options.Instance)
        {
            string run = $"this is run {_options.Instance} of {_options.Node}, not {hello.PeerInstance}";
            return (new LinkRefused(LinkRefusal.Instance, run), 0);
        }
        ProtocolRange ours = _options.Versions;
        if (ours.Common(hello.Versions) is { } version) return (null, version);
        string theirs = $"{hello.Versions.Lowest} to {hello.Versions.Highest}";
        string text = $"versions {ours.Lowest} to {ours.Highest} are spoken here, not {theirs}";
        return (new LinkRefused(LinkRefusal.Version, text), 0);
    }

    private LinkRefused NotMember(LinkHello hello) =>
        new(LinkRefusal.NotMember, $"{hello.Node} with run {hello.Instance} is not a member as {_options.Node} knows");

    /// <summary>Whether the peer's certificate names the node; without TLS everybody is believed.</summary>
    private bool Speaks(HttpContext context, string node)
    {
        if (parts.Tls is null) return true;
        X509Certificate2? certificate = context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        return certificate is not null && CertificateNames.Allow(certificate, _options.Cluster, node);
    }

    private async Task RefuseAsync(HttpContext context, LinkHello? hello, LinkRefused refused)
    {
        parts.Metrics.CountRefused(refused.Word);
        string peer = context.Connection.RemoteIpAddress?.ToString() ?? "a peer";
        string said = LinkFrames.Printable(hello?.Node ?? "nobody");
        if (parts.Repeats.MaySay($"{peer} {said} {refused.Word}"))
            LogRefused(parts.Logger, peer, said, refused.Word, LinkFrames.Printable(refused.Text));
        using var patience = new CancellationTokenSource(_options.GreetingMax);
        try
        {
            await context.Response.BodyWriter.WriteAsync(LinkFrames.Write(refused), patience.Token);
            await context.Response.CompleteAsync().WaitAsync(patience.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            context.Abort();
        }
    }

    [LoggerMessage(EventId = 605, EventName = "node-link-refused", Level = LogLevel.Warning,
        Message = "node link: {Peer} as {Node} was refused: {Word}: {Text}")]
    private static partial void LogRefused(ILogger logger, string peer, string node, string word, string text);
}
