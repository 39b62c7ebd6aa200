using System.Net;
using System.Security.Authentication;
using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>
/// Fetches one content from a peer into the store. Each record is checked as if a master had sent it, and facts and hash are computed anew:
/// what differs from the message in anything is refused and leaves nothing.
/// </summary>
internal sealed class ContentFetch(LinkParts parts)
{
    private const int BufferSize = 2 * StoredRecord.MaximumSize;

    /// <summary>The content, or a word for metrics and a sentence.</summary>
    public async Task<(ZoneContent? Content, string? Failure, string Why)> RunAsync(LinkedPeer peer, ZoneFacts facts)
    {
        if (parts.Contents.TryOpen(facts.Hash) is { } there)
            return there.Facts == facts ? (there, null, "") : (null, "mismatch", "the message says other facts of it than are true");
        NodeLinkOptions options = parts.Options;
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(peer.Gone);
        cut.CancelAfter(options.PullSilenceMax + TimeSpan.FromSeconds((double)facts.ByteCount / options.PullRateMin));
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, LinkServer.ContentPath + facts.Hash);
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            request.Headers.Add(LinkServer.NodeHeader, options.Node);
            request.Headers.Add(LinkServer.ClusterHeader, options.Cluster);
            using HttpResponseMessage response = await peer.Pulls
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cut.Token)
                .WaitAsync(options.PullSilenceMax, cut.Token);
            if (response.StatusCode == HttpStatusCode.NotFound) return (null, "unknown", "it is not on offer there any more");
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable) return (null, "busy", "too many are fetched there");
            if (response.StatusCode != HttpStatusCode.OK) return (null, "failed", $"it answered with status {(int)response.StatusCode}");
            if (response.Content.Headers.ContentLength != facts.ByteCount)
                return (null, "mismatch", $"it has {response.Content.Headers.ContentLength} octets there and not {facts.ByteCount}");
            await using Stream source = await response.Content.ReadAsStreamAsync(cut.Token);
            return await ReceiveAsync(source, facts, cut.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            return (null, "timeout", "it came too slowly");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or AuthenticationException)
        {
            return (null, "failed", exception.Message);
        }
    }

    private async Task<(ZoneContent? Content, string? Failure, string Why)> ReceiveAsync(
        Stream source, ZoneFacts facts, CancellationToken cancelled)
    {
        using IContentDraft draft = parts.Contents.Begin();
        using var builder = new ZoneContentBuilder(draft.Destination, new ZoneContentLimits(facts.RecordCount, facts.ByteCount));
        var buffer = new byte[BufferSize];
        int used = 0;
        while (true)
        {
            int got = await source.ReadAsync(buffer.AsMemory(used), cancelled).AsTask().WaitAsync(parts.Options.PullSilenceMax, cancelled);
            if (got == 0) break;
            ZoneContentError error = Append(builder, buffer, used + got, out used);
            if (error != ZoneContentError.None) return (null, "mismatch", error.Text());
        }
        if (used > 0) return (null, "mismatch", ZoneContentError.Truncated.Text());
        if (!builder.TryComplete(out ZoneFacts? computed)) return (null, "mismatch", builder.Error.Text());
        if (computed.Hash != facts.Hash) return (null, "mismatch", ZoneContentError.WrongHash.Text());
        return computed == facts ? (draft.Commit(facts), null, "") : (null, "mismatch", "the message says other facts of it than are true");
    }

    /// <summary>Takes the whole records off the front of a buffer and moves the rest there.</summary>
    private static ZoneContentError Append(ZoneContentBuilder builder, byte[] buffer, int length, out int left)
    {
        int start = 0;
        ZoneContentError error;
        while ((error = StoredRecord.Read(buffer.AsSpan(start, length - start), out StoredRecord record)) == ZoneContentError.None)
        {
            if (!builder.TryAppend(record)) break;
            start += record.Whole.Length;
            if (start == length) break;
        }
        left = length - start;
        buffer.AsSpan(start, left).CopyTo(buffer);
        if (builder.Error != ZoneContentError.None) return builder.Error;
        return error == ZoneContentError.Truncated ? ZoneContentError.None : error;
    }
}
