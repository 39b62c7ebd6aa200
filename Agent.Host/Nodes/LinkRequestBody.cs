using System.Net;

namespace Agent.Host.Nodes;

/// <summary>
/// The body of the request: the hello at once, and after the welcome what waits in the queue, in pieces of up to 64 KiB so that many small
/// messages share a write; a heartbeat when there is nothing.
/// </summary>
internal sealed class LinkRequestBody(byte[] hello, TimeSpan heartbeat, CancellationToken cut) : HttpContent
{
    private const int PieceSize = 64 * 1024;

    private readonly TaskCompletionSource<OutgoingQueue> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The peer said welcome.</summary>
    public void Open(OutgoingQueue queue) => _opened.TrySetResult(queue);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cut, cancellationToken);
        await WriteAsync(stream, hello, ended.Token);
        OutgoingQueue queue = await _opened.Task.WaitAsync(ended.Token);
        var piece = new byte[PieceSize];
        long wroteAt = Environment.TickCount64;
        while (true)
        {
            int used = queue.Take(piece, out byte[]? large);
            if (used > 0) await WriteAsync(stream, piece.AsMemory(0, used), ended.Token);
            if (large is not null) await WriteAsync(stream, large, ended.Token);
            if (used == 0 && large is null)
            {
                TimeSpan left = heartbeat - TimeSpan.FromMilliseconds(Environment.TickCount64 - wroteAt);
                if (left > TimeSpan.Zero)
                {
                    await queue.WaitAsync(left, ended.Token);
                    continue;
                }
                await WriteAsync(stream, LinkFrames.HeartbeatFrame, ended.Token);
            }
            wroteAt = Environment.TickCount64;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> octets, CancellationToken cancelled)
    {
        await stream.WriteAsync(octets, cancelled);
        await stream.FlushAsync(cancelled);
        NodeLinkMetrics.CountOctetsSent(octets.Length);
    }
}
