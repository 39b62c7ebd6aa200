using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using Agent.Actors.Cluster;
using Agent.Host.Nodes;

namespace Agent.Tests.Nodes;

/// <summary>A peer that opens a stream to a link and sends what the test says, and keeps the frames that come back.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Pipe _out = new();
    private readonly HttpClient _client;
    private readonly Task _running;

    public ScriptedPeer(TestNode node, string asName, NodeTlsFiles? tls = null)
    {
        NodeTls? secured = tls is null ? null : new NodeTls(tls, LinkRig.Cluster, asName, node.Log);
        _client = new PeerConnector(node.Peer, node.Options with { Node = asName }, secured).CreateClient();
        _running = RunAsync();
    }

    /// <summary>Kinds of the frames that came, and their fields.</summary>
    public ConcurrentQueue<(int Kind, byte[] Fields)> Frames { get; } = new();

    /// <summary>The stream has ended, or never began.</summary>
    public bool IsEnded => _running.IsCompleted;

    public LinkRefused? Refused => Frames.Where(frame => frame.Kind == LinkFrames.Refused)
        .Select(frame => LinkFrames.Read(new ReadOnlySequence<byte>(frame.Fields), LinkFrames.ReadRefused)).FirstOrDefault();

    public LinkWelcome? Welcome => Frames.Where(frame => frame.Kind == LinkFrames.Welcome)
        .Select(frame => LinkFrames.Read(new ReadOnlySequence<byte>(frame.Fields), LinkFrames.ReadWelcome)).FirstOrDefault();

    /// <summary>How many messages the other end says to have taken.</summary>
    public long Taken => Frames.Where(frame => frame.Kind == LinkFrames.Taken)
        .Select(frame => LinkFrames.Read(new ReadOnlySequence<byte>(frame.Fields), LinkFrames.ReadTaken)!.Count).LastOrDefault();

    public async Task SendAsync(params byte[][] frames)
    {
        foreach (byte[] frame in frames) await _out.Writer.WriteAsync(frame);
    }

    public Task HelloAsync(
        TestNode to, NodePeer me, ProtocolRange? versions = null, string cluster = LinkRig.Cluster, Guid? instance = null) =>
        SendAsync(LinkFrames.Write(new LinkHello(
            versions ?? new ProtocolRange(1, 1), cluster, me.Node, me.Instance, instance ?? to.Options.Instance)));

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _client.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            using var body = new Body(_out.Reader, _end.Token);
            using var request = new HttpRequestMessage(HttpMethod.Post, LinkServer.LinkPath) { Content = body };
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _end.Token);
            PipeReader reader = PipeReader.Create(await response.Content.ReadAsStreamAsync(_end.Token));
            while (true)
            {
                ReadResult read = await reader.ReadAsync(_end.Token);
                ReadOnlySequence<byte> buffer = read.Buffer;
                while (LinkFrames.TryCut(ref buffer, 1 << 20, out int kind, out ReadOnlySequence<byte> fields, out _))
                    Frames.Enqueue((kind, fields.ToArray()));
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted) return;
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            // The other end broke it off, or the test is over.
        }
    }

    private sealed class Body(PipeReader source, CancellationToken end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // The client keeps the head of the request until something is written behind it, which a mute peer never does.
            await stream.FlushAsync(end);
            while (true)
            {
                ReadResult read = await source.ReadAsync(end);
                foreach (ReadOnlyMemory<byte> part in read.Buffer) await stream.WriteAsync(part, end);
                source.AdvanceTo(read.Buffer.End);
                await stream.FlushAsync(end);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
