using System.Buffers;
using System.IO.Pipelines;

namespace Agent.Host.Nodes;

/// <summary>
/// The stream that a peer has opened to this node: its messages are told as they come, and it is told how many were taken. Reading goes no
/// faster than telling, and the peer sends no more than its window beyond what was taken.
/// </summary>
internal sealed partial class IncomingLink : IDisposable
{
    private readonly HttpContext _context;
    private readonly LinkParts _parts;
    private readonly CancellationTokenSource _cut;
    private readonly LinkWatch _watch;
    private readonly AsyncSignal _news = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _taken;
    private long _writingSince;

    public IncomingLink(HttpContext context, LinkedPeer owner, LinkParts parts)
    {
        _context = context;
        _parts = parts;
        Owner = owner;
        _cut = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        _watch = new LinkWatch(parts.Options.SilenceMax, parts.Options.SilenceMax, _cut);
    }

    public LinkedPeer Owner { get; }

    /// <summary>Nothing of this stream is told any more.</summary>
    public Task Ended => _ended.Task;

    public void Cut(string why)
    {
        try
        {
            _watch.Cut(why);
        }
        catch (ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    /// <summary>From the welcome to the end of the stream.</summary>
    public async Task CarryAsync(LinkWelcome welcome)
    {
        Task writing = Task.CompletedTask;
        Task watching = Task.CompletedTask;
        string why;
        try
        {
            await _context.Response.BodyWriter.WriteAsync(LinkFrames.Write(welcome), _cut.Token);
            Owner.Outgoing.Hurry();
            _watch.Heard();
            watching = _watch.RunAsync(WriteStalled, _cut.Token);
            writing = WriteAsync();
            why = await ReadAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            why = "the connection broke";
        }
        finally
        {
            await _cut.CancelAsync();
            await writing;
            await watching;
            _ended.TrySetResult();
        }
        LogEnded(_parts.Logger, Owner.Peer.Node, _watch.Why ?? why);
        if (_watch.Why is not null) _context.Abort();
    }

    public void Dispose()
    {
        _ended.TrySetResult();
        _cut.Dispose();
    }

    private async Task<string> ReadAsync()
    {
        PipeReader reader = _context.Request.BodyReader;
        int maximum = _parts.Options.MaxFrameOctets;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(_cut.Token);
            _watch.Heard();
            ReadOnlySequence<byte> buffer = read.Buffer;
            long taken = 0;
            bool isBroken;
            while (LinkFrames.TryCut(ref buffer, maximum, out int kind, out ReadOnlySequence<byte> fields, out isBroken))
            {
                if (_cut.IsCancellationRequested) return "it was cut";
                if (kind < MessageKind.FirstMessage)
                {
                    if (kind != LinkFrames.Heartbeat) _parts.Metrics.CountSkipped();
                    continue;
                }
                Take(kind, fields);
                taken++;
            }
            NodeLinkMetrics.CountOctetsReceived(read.Buffer.Length - buffer.Length);
            if (taken > 0)
            {
                Interlocked.Add(ref _taken, taken);
                _news.Set();
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (isBroken)
            {
                _watch.Cut("it sent a frame that is none, or too large a one");
                return "";
            }
            if (read.IsCompleted) return "it ended the link";
        }
    }

    private void Take(int kind, in ReadOnlySequence<byte> fields)
    {
        if (fields.IsSingleSegment)
        {
            Take(kind, fields.FirstSpan);
            return;
        }
        int length = (int)fields.Length;
        byte[] whole = ArrayPool<byte>.Shared.Rent(length);
        fields.CopyTo(whole);
        Take(kind, whole.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(whole);
    }

    private void Take(int kind, ReadOnlySpan<byte> fields)
    {
        DecodeOutcome outcome = NodeCodec.TryDecode(
            kind, fields, facts => _parts.Contents.TryOpen(facts.Hash), out object? message, out var missing);
        switch (outcome)
        {
            case DecodeOutcome.Read:
                _parts.Puller.Deliver(Owner, message!);
                break;
            case DecodeOutcome.NeedsContent:
                _parts.Puller.Deliver(Owner, message!, missing!, kind, fields);
                break;
            case DecodeOutcome.Unknown:
                _parts.Metrics.CountSkipped();
                break;
            default:
                _parts.Metrics.CountBroken();
                if (_parts.Repeats.MaySay($"{Owner.Peer.Node} broken {kind}")) LogBroken(_parts.Logger, kind, Owner.Peer.Node);
                break;
        }
    }

    /// <summary>Says how many messages were taken, or that this node lives.</summary>
    private async Task WriteAsync()
    {
        TimeSpan heartbeat = _parts.Options.SilenceMax / 4;
        PipeWriter writer = _context.Response.BodyWriter;
        long told = 0;
        try
        {
            while (true)
            {
                await _news.WaitAsync(heartbeat, _cut.Token);
                long taken = Interlocked.Read(ref _taken);
                byte[] frame = taken == told ? LinkFrames.HeartbeatFrame : LinkFrames.Write(new LinkTaken(taken));
                told = taken;
                Volatile.Write(ref _writingSince, Environment.TickCount64);
                await writer.WriteAsync(frame, _cut.Token);
                Volatile.Write(ref _writingSince, 0);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The stream ended; the reading side says why.
        }
    }

    /// <summary>How long the peer has not taken what it is told.</summary>
    private TimeSpan WriteStalled()
    {
        long since = Volatile.Read(ref _writingSince);
        return since == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - since);
    }

    [LoggerMessage(EventId = 606, EventName = "node-link-ended", Level = LogLevel.Information,
        Message = "the link from {Node} ended: {Why}")]
    private static partial void LogEnded(ILogger logger, string node, string why);

    [LoggerMessage(EventId = 607, EventName = "node-message-broken", Level = LogLevel.Error,
        Message = "a message of kind {Kind} from {Node} cannot be read and is lost")]
    private static partial void LogBroken(ILogger logger, int kind, string node);
}
