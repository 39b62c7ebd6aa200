using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using Agent.Actors.Cluster;

namespace Agent.Host.Nodes;

/// <summary>
/// The stream to one peer: opens it, opens it again when it breaks, and carries this node's messages. The request's body has the messages,
/// the response's body says how many the peer has taken.
/// </summary>
internal sealed partial class OutgoingLink(LinkedPeer owner, PeerConnector connector, LinkParts parts)
{
    private readonly Lock _gate = new();
    private readonly NodeLinkOptions _options = parts.Options;
    private readonly NodePeer _peer = owner.Peer;
    private readonly AsyncSignal _retry = new();
    private volatile Session? _session;
    private string _lastFailure = "";
    private bool _isStopped;

    /// <summary>The loop; ends when the peer is not listed any more.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    public bool IsUp => _session is not null;

    public NodeLinkPeer State
    {
        get
        {
            Session? session = _session;
            (int frames, long octets) = session?.Queue.Waiting ?? default;
            return new NodeLinkPeer(_peer, session is not null, session?.Version ?? 0, frames, octets);
        }
    }

    public void Start() => Running = Task.Run(RunAsync);

    /// <summary>Tries at once, if the pause before the next attempt is on: the peer has shown that it lives.</summary>
    public void Hurry() => _retry.Set();

    /// <summary>Ends the stream and tells so, if it was up, before this returns.</summary>
    public void Stop(string why)
    {
        lock (_gate) _isStopped = true;
        SetDown(why);
    }

    public void Send(object message)
    {
        if (_session is not { } session)
        {
            parts.Metrics.CountDropped("no_link");
            return;
        }
        EncodeOutcome outcome = NodeCodec.TryEncode(message, session.Version, session.MaxFrameOctets, parts.Offers.Add, out byte[] frame);
        if (outcome != EncodeOutcome.Written)
        {
            parts.Metrics.CountDropped(outcome == EncodeOutcome.TooLarge ? "too_large" : "unsupported");
            string what = outcome == EncodeOutcome.TooLarge ? "is larger than a frame" : "does not travel to a node of that version";
            if (parts.Repeats.MaySay($"{message.GetType().Name} {outcome}"))
                LogUnsendable(parts.Logger, message.GetType().Name, _peer.Node, what);
            return;
        }
        if (session.Queue.TryAdd(frame)) parts.Metrics.CountSent(message);
        else parts.Metrics.CountDropped("queue_full");
    }

    private async Task RunAsync()
    {
        TimeSpan pause = _options.ReconnectMin;
        while (!owner.Gone.IsCancellationRequested)
        {
            long beganAt = Environment.TickCount64;
            (string why, bool wasUp) = await TryOnceAsync();
            if (owner.Gone.IsCancellationRequested) break;
            if (!wasUp) LogFailure(why);

            // A link that breaks as soon as it is up is no better than none.
            if (wasUp && Environment.TickCount64 - beganAt > _options.SilenceMax.TotalMilliseconds) pause = _options.ReconnectMin;
            double part = 0.5 + (RandomNumberGenerator.GetInt32(1001) / 2000.0);
            try
            {
                await _retry.WaitAsync(pause * part, owner.Gone);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            pause = pause * 2 < _options.ReconnectMax ? pause * 2 : _options.ReconnectMax;
        }
        owner.Dispose();
    }

    /// <summary>One stream from its opening to its end.</summary>
    private async Task<(string Why, bool WasUp)> TryOnceAsync()
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(owner.Gone);
        var watch = new LinkWatch(_options.SilenceMax, _options.StallMax, cut);
        bool wasUp = false;
        string why;
        cut.CancelAfter(_options.GreetingMax);
        try
        {
            using HttpClient client = connector.CreateClient();
            using var body = new LinkRequestBody(
                LinkFrames.Write(new LinkHello(_options.Versions, _options.Cluster, _options.Node, _options.Instance, _peer.Instance)),
                _options.SilenceMax / 4,
                cut.Token);
            using var request = new HttpRequestMessage(HttpMethod.Post, LinkServer.LinkPath) { Content = body };
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cut.Token);
            if (response.StatusCode != HttpStatusCode.OK) return ($"it answered with status {(int)response.StatusCode}", false);
            PipeReader reader = PipeReader.Create(await response.Content.ReadAsStreamAsync(cut.Token));
            LinkWelcome welcome = await GreetAsync(reader, cut.Token);
            cut.CancelAfter(Timeout.InfiniteTimeSpan);
            var queue = new OutgoingQueue(_options.QueueFrames, _options.QueueOctets, welcome.WindowFrames);
            wasUp = true;
            why = await CarryAsync(new Session(queue, welcome, _options), body, reader, watch, cut.Token);
        }
        catch (Exception exception)
        {
            // Whatever it was, the next attempt follows; only what no network does is said with its trace.
            if (!IsBreak(exception)) LogUnexpected(parts.Logger, exception, _peer.Node);
            why = wasUp || exception is not OperationCanceledException ? Describe(exception) : "no greeting came in time";
        }
        await cut.CancelAsync();
        SetDown(watch.Why ?? why);
        return (watch.Why ?? why, wasUp);
    }

    private async Task<LinkWelcome> GreetAsync(PipeReader reader, CancellationToken cancelled)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancelled);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (LinkFrames.TryCut(ref buffer, LinkFrames.GreetingMaximum, out int kind, out var fields, out bool isBroken))
            {
                if (kind == LinkFrames.Refused && LinkFrames.Read(fields, LinkFrames.ReadRefused) is { } refused)
                {
                    parts.Metrics.CountRefused(word: null);
                    throw new LinkEndedException(LinkFrames.Printable($"it refuses this node: {refused.Word}: {refused.Text}"));
                }
                LinkWelcome? welcome = kind == LinkFrames.Welcome ? LinkFrames.Read(fields, LinkFrames.ReadWelcome) : null;
                if (welcome is null || welcome.Version < _options.Versions.Lowest || welcome.Version > _options.Versions.Highest)
                    throw new LinkEndedException("its greeting cannot be read");
                if (welcome.Node != _peer.Node || welcome.Instance != _peer.Instance)
                    throw new LinkEndedException("it is another node, or another run of it");
                reader.AdvanceTo(buffer.Start);
                return welcome;
            }
            if (isBroken || read.IsCompleted) throw new LinkEndedException("it sent no greeting");
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private async Task<string> CarryAsync(
        Session session, LinkRequestBody body, PipeReader reader, LinkWatch watch, CancellationToken cancelled)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        watch.Heard();
        if (!TrySetUp(session)) return "it is not a member any more";
        body.Open(session.Queue);
        Task watching = watch.RunAsync(() => session.Queue.Stalled, ended.Token);
        try
        {
            return await HearAsync(session, reader, watch, cancelled);
        }
        finally
        {
            await ended.CancelAsync();
            await watching;
        }
    }

    private static async Task<string> HearAsync(Session session, PipeReader reader, LinkWatch watch, CancellationToken cancelled)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancelled);
            watch.Heard();
            ReadOnlySequence<byte> buffer = read.Buffer;
            bool isBroken;
            while (LinkFrames.TryCut(ref buffer, LinkFrames.GreetingMaximum, out int kind, out var fields, out isBroken))
            {
                if (kind != LinkFrames.Taken) continue;
                LinkTaken? taken = LinkFrames.Read(fields, LinkFrames.ReadTaken);
                if (taken is null || !session.Queue.Taken(taken.Count)) return "it says to have taken what it was not sent";
            }
            if (isBroken) return "it sent a frame that is none";
            if (read.IsCompleted) return "it closed the link";
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private bool TrySetUp(Session session)
    {
        lock (_gate)
        {
            if (_isStopped) return false;
            _session = session;
            _lastFailure = "";
            NodeLinkMetrics.LinkUp();
            parts.Receiver?.Tell(new LinkChanged(_peer.Node, _peer.Instance, true, $"version {session.Version}"));
        }
        LogUp(parts.Logger, _peer.Node, _peer.Address, session.Version);
        return true;
    }

    private void SetDown(string why)
    {
        lock (_gate)
        {
            if (_session is not { } session) return;
            _session = null;
            NodeLinkMetrics.LinkDown();
            int lost = session.Queue.Waiting.Frames;
            if (lost > 0) parts.Metrics.CountDropped("link_broke", lost);
            parts.Receiver?.Tell(new LinkChanged(_peer.Node, _peer.Instance, false, why));
        }
        LogDown(parts.Logger, _peer.Node, _peer.Address, why);
    }

    /// <summary>Says why an attempt failed, once for each new reason.</summary>
    private void LogFailure(string why)
    {
        if (why == _lastFailure) return;
        _lastFailure = why;
        LogUnreachable(parts.Logger, _peer.Node, _peer.Address, why);
    }

    private static bool IsBreak(Exception exception) =>
        exception is IOException or HttpRequestException or OperationCanceledException or LinkEndedException or AuthenticationException;

    private static string Describe(Exception exception)
    {
        while (exception is HttpRequestException or IOException && exception.InnerException is { } inner) exception = inner;
        return exception is OperationCanceledException ? "it was given up" : exception.Message;
    }

    [LoggerMessage(EventId = 601, EventName = "node-link-up", Level = LogLevel.Information,
        Message = "node link to {Node} at {Address} is up, version {Version}")]
    private static partial void LogUp(ILogger logger, string node, string address, int version);

    [LoggerMessage(EventId = 602, EventName = "node-link-down", Level = LogLevel.Warning,
        Message = "node link to {Node} at {Address} is down: {Why}")]
    private static partial void LogDown(ILogger logger, string node, string address, string why);

    [LoggerMessage(EventId = 603, EventName = "node-link-failed", Level = LogLevel.Warning,
        Message = "no node link to {Node} at {Address}: {Why}")]
    private static partial void LogUnreachable(ILogger logger, string node, string address, string why);

    [LoggerMessage(EventId = 604, EventName = "node-message-not-sent", Level = LogLevel.Error, Message = "{Kind} for {Node} {Why}")]
    private static partial void LogUnsendable(ILogger logger, string kind, string node, string why);

    [LoggerMessage(EventId = 609, EventName = "node-link-error", Level = LogLevel.Error,
        Message = "the node link to {Node} failed in an unexpected way")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string node);

    private sealed record Session(OutgoingQueue Queue, int Version, int MaxFrameOctets)
    {
        public Session(OutgoingQueue queue, LinkWelcome welcome, NodeLinkOptions options)
            : this(queue, welcome.Version, Math.Min(welcome.MaxFrameOctets, options.MaxFrameOctets))
        {
        }
    }

    private sealed class LinkEndedException(string message) : Exception(message);
}
