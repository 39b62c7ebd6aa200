using System.Net;
using System.Net.Sockets;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Tsig;

namespace Agent.Backends.Contents;

/// <summary>
/// Compares what a server serves with a content: by transfer, signed where there is a key, or by asking for some RRsets, over one TCP
/// connection where the server has TCP. A server that gives no transfer, and a zone that is too large for one, is asked for RRsets
/// instead. Their TTLs are not compared: servers have bounds for them.
/// </summary>
/// <remarks>Any number of callers; each comparison runs on a thread of the pool and ends by itself at its deadline.</remarks>
/// <param name="server">Where the server answers.</param>
/// <param name="key">The present key, or null to ask without one.</param>
/// <param name="spoolDirectory">Where a transferred zone lies meanwhile; must exist.</param>
/// <param name="time">For deadlines and signatures.</param>
public sealed class ContentChecker(EndPoint server, Func<TsigKey?> key, string spoolDirectory, TimeProvider time)
    : IContentCheck, IAsyncDisposable
{
    /// <summary>Lines that are kept of each half of a difference.</summary>
    public const int LinesMax = 20;

    private const int SampleSize = 16;
    private const long LargestTransfer = 256L << 20;
    private const long ReadAtLeastBytes = 16L << 20;
    private static readonly TimeSpan DigestPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SamplePatience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _closing = new();

    /// <inheritdoc/>
    public void Check(CheckContent order, ReplyTo replyTo)
    {
        ArgumentNullException.ThrowIfNull(order);
        _ = Task.Run(async () => replyTo.Tell(await AnswerAsync(order)), CancellationToken.None);
    }

    /// <summary>Ends what is under way; each question gets its answer.</summary>
    public async ValueTask DisposeAsync() => await _closing.CancelAsync();

    private async Task<ContentChecked> AnswerAsync(CheckContent order)
    {
        try
        {
            if (order.Proof == ContentProof.Sample)
                return await WithinAsync(SamplePatience, stop => SampleAsync(order, stop));
            (ContentChecked? whole, string obstacle) = order.Content.ByteCount <= LargestTransfer
                ? await WithinAsync(DigestPatience, stop => TransferAsync(order, stop))
                : (null, "it is too large to be transferred for that");
            return whole ?? OnlySampled(order, await WithinAsync(SamplePatience, stop => SampleAsync(order, stop)), obstacle);
        }
        catch (OperationCanceledException)
        {
            return CannotTell(order, $"{server} was not done in time");
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return CannotTell(order, $"{server}: {failure.Message}");
        }
    }

    private async Task<T> WithinAsync<T>(TimeSpan patience, Func<CancellationToken, Task<T>> work)
    {
        using CancellationTokenSource late = new(patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _closing.Token);
        return await work(either.Token);
    }

    /// <summary>No answer, and why, when the server does not let us, knows no transfers (NOTIMP, no TCP), or the contents cannot be
    /// compared so.</summary>
    private async Task<(ContentChecked? Answer, string Obstacle)> TransferAsync(CheckContent order, CancellationToken stop)
    {
        var reader = new ServedZoneReader(server, spoolDirectory, time);
        long readMax = Math.Max(ReadAtLeastBytes, 4 * order.Content.ByteCount);
        ServedZone served = await reader.ReadAsync(order.Zone, key(), readMax, stop);
        using SpooledZone? zone = served.Zone;
        if (zone is null)
            return (null, served.Text);
        return ContentDifferences.TryFind(zone, order.Content, LinesMax, sparesServers: true, out ContentDifference? difference)
            ? (Judge(order, difference), "") : (null, "what it transfers cannot be compared record by record");
    }

    private async Task<ContentChecked> SampleAsync(CheckContent order, CancellationToken stop)
    {
        var foreign = new RecordLines(LinesMax);
        var missing = new RecordLines(LinesMax);
        (long foreignCount, long missingCount) = (0, 0);
        int seen = 0;
        using var questions = new RrsetQuestions(server, time);
        foreach (SampledRrset wanted in RrsetSample.Draw(order.Content, SampleSize))
        {
            RrsetAnswer? answer = await questions.AskAsync(wanted.Owner, wanted.Type, stop);
            if (answer is null) return CannotTell(order, $"{server} closed the connection, or is silent");
            if (answer.Kind == RrsetAnswerKind.Unusable)
            {
                string what = $"{wanted.Owner} {RecordTypeText.ToText(wanted.Type)}";
                return CannotTell(order, $"{server} answered {answer.Code.ToString().ToUpperInvariant()} for {what}");
            }

            if (answer.Kind == RrsetAnswerKind.Hidden) continue;
            seen++;
            foreignCount += Add(foreign, wanted, answer.Ttl, answer.Rdatas, wanted.Rdatas);
            missingCount += Add(missing, wanted, wanted.Ttl ?? answer.Ttl, wanted.Rdatas, answer.Rdatas);
        }

        return seen == 0
            ? CannotTell(order, $"{server} answered none of the questions with authority")
            : Judge(order, new ContentDifference(foreignCount, missingCount, [.. foreign.Lines], [.. missing.Lines], ContentProof.Sample));
    }

    private static long Add(
        RecordLines lines, SampledRrset rrset, uint ttl, IReadOnlyList<byte[]> these, IReadOnlyList<byte[]> without)
    {
        long count = 0;
        foreach (byte[] rdata in these.Where(rdata => !without.Any(other => other.AsSpan().SequenceEqual(rdata))))
        {
            lines.Add(rrset.Owner.Wire, ttl, rrset.Type, rdata);
            count++;
        }

        return count;
    }

    private static ContentChecked Judge(CheckContent order, ContentDifference difference) =>
        difference is { ForeignCount: 0, MissingCount: 0 }
            ? new ContentChecked(order.Id, ContentVerdict.Same, null, null)
            : new ContentChecked(order.Id, ContentVerdict.Differs, difference, null);

    /// <summary>What is alike in a sample may differ elsewhere, by a record too many for instance.</summary>
    private static ContentChecked OnlySampled(CheckContent order, ContentChecked answer, string obstacle) =>
        answer.Verdict != ContentVerdict.Same ? answer : answer with
        {
            IsOnlySampled = true,
            Reason = new Reason(ReasonCode.VerifyUnchecked, $"only a sample of {order.Zone} could be compared: {obstacle}"),
        };

    private static ContentChecked CannotTell(CheckContent order, string text) =>
        new(order.Id, ContentVerdict.CannotTell, null, new Reason(ReasonCode.VerifyUnchecked, text));
}
