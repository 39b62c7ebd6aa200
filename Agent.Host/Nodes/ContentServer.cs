using System.Buffers;
using System.IO.Pipelines;
using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>Gives contents to peers: what was offered lately, or lies in the store.</summary>
internal sealed class ContentServer(LinkParts parts)
{
    private const int FlushEvery = 64 * 1024;

    private int _running;

    public async Task ServeAsync(HttpContext context, string hashText)
    {
        if (!ContentHash.TryParse(hashText, out ContentHash hash))
        {
            Answer(context, StatusCodes.Status400BadRequest, "bad_request");
            return;
        }
        try
        {
            if (Interlocked.Increment(ref _running) > parts.Options.MaxServedPulls)
                Answer(context, StatusCodes.Status503ServiceUnavailable, "busy");
            else if ((parts.Offers.Find(hash) ?? parts.Contents.TryOpen(hash)) is not { } content)
                Answer(context, StatusCodes.Status404NotFound, "unknown");
            else
                await GiveAsync(context, content);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static void Answer(HttpContext context, int status, string word)
    {
        context.Response.StatusCode = status;
        NodeLinkMetrics.CountServed(word);
    }

    private async Task GiveAsync(HttpContext context, ZoneContent content)
    {
        try
        {
            using RecordStream records = content.Open();
            context.Response.ContentType = "application/octet-stream";
            context.Response.ContentLength = content.ByteCount;
            PipeWriter writer = context.Response.BodyWriter;
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            while (Fill(records, writer))
            {
                cut.CancelAfter(parts.Options.PullSilenceMax);
                await writer.FlushAsync(cut.Token);
            }
            if (records.Error != ZoneContentError.None || records.Position != content.ByteCount)
                throw new IOException($"the content of {content.Apex} is damaged");
            cut.CancelAfter(parts.Options.PullSilenceMax);
            await writer.FlushAsync(cut.Token);
            NodeLinkMetrics.CountServed("done");
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or UnauthorizedAccessException)
        {
            // The store cannot be read, or the peer takes nothing: it sees an end before the length that it was told.
            if (context.Response.HasStarted) context.Abort();
            else Answer(context, StatusCodes.Status500InternalServerError, "failed");
        }
    }

    /// <summary>Puts the next records into the writer; false when there are no more.</summary>
    private static bool Fill(RecordStream records, PipeWriter writer)
    {
        int filled = 0;
        while (records.TryRead(out StoredRecord record))
        {
            writer.Write(record.Whole);
            filled += record.Whole.Length;
            if (filled >= FlushEvery) return true;
        }
        return false;
    }
}
