using System.Buffers;
using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Dns.Transfers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;
using Agent.Host.Sockets;

namespace Agent.Host.Transfers;

/// <summary>Sends zones to those who may have them, from the content that their owner holds and the journal's history.</summary>
/// <remarks>
/// An IXFR is answered with the SOA alone when the client is current (RFC 1995 section 2), with differences when the history reaches back
/// to its serial, else with the whole zone. A transfer goes on with the content that it began with, whatever the zone becomes meanwhile;
/// differences that go meanwhile end it before its closing SOA.
/// </remarks>
internal sealed partial class ZoneTransferResponder(
    Func<DomainName, Task<ZoneContentReply>> contentOf,
    IDifferenceHistory? history,
    OutgoingLimits limits,
    TimeProvider clock,
    ILogger<ZoneTransferResponder> logger) : ITransferResponder
{
    private const int LargestMessage = ushort.MaxValue;
    private const int DatagramsUnderWayMax = 256;

    /// <summary>What the life of a zone is worth waiting for: who asks for a SOA soon asks elsewhere.</summary>
    private static readonly TimeSpan LifePatience = TimeSpan.FromSeconds(1);

    private readonly OutgoingPlaces _places = new(limits);
    private int _datagrams;

    /// <summary>A responder that asks the zones' owners, and has the catalogs that we make ourselves.</summary>
    public static ZoneTransferResponder OfRegion(
        IActorRef region,
        ProducedCatalogs catalogs,
        IDifferenceHistory history,
        OutgoingLimits limits,
        TimeProvider clock,
        ILoggerFactory loggers) => new(
        zone => catalogs.TryContentOf(zone, out Task<ZoneContentReply>? content)
            ? content
            : region.Ask<ZoneContentReply>(new GetZoneContent(zone), TimeSpan.FromSeconds(5)),
        catalogs.Over(history),
        limits,
        clock,
        loggers.CreateLogger<ZoneTransferResponder>());

    public async Task RespondAsync(TransferRequest request, ITransferOutput output, CancellationToken stop)
    {
        IPAddress client = request.Source.Client.ToIPEndPoint().Address;
        if (await HeldAsync(request) is not { } held)
        {
            await output.WriteAsync(WithoutOwner(request));
        }
        else if (held.Content is not { } content)
        {
            await output.WriteAsync(NotHeld(request));
        }
        else if (request.Type == RecordType.SOA)
        {
            await output.WriteAsync(TransferAnswer.OfSoa(request, content, LifeOf(held)));
        }
        else if (IsCurrent(request, content))
        {
            OutgoingMetrics.Transferred("soa", "done", 0);
            await output.WriteAsync(TransferAnswer.OfSoa(request, content, LifeOf(held)));
        }
        else if (!_places.TryTake(client))
        {
            OutgoingMetrics.Transferred("none", "shed", 0);
            await output.WriteAsync(
                TransferAnswer.Refuse(request, ResponseCode.ServFail, ExtendedErrorCode.NotReady, "too many transfers at a time"));
        }
        else
        {
            try
            {
                await TransferAsync(request, content, LifeOf(held), output, stop);
            }
            finally
            {
                _places.Return(client);
            }
        }
    }

    public async Task RespondByDatagramAsync(TransferRequest request)
    {
        // Nothing is owed to a datagram: a client that hears nothing asks by TCP.
        if (Interlocked.Increment(ref _datagrams) > DatagramsUnderWayMax)
        {
            Interlocked.Decrement(ref _datagrams);
            return;
        }

        try
        {
            ReadOnlyMemory<byte> answer = await HeldAsync(request) switch
            {
                null => WithoutOwner(request),
                { Content: { } content } held => TransferAnswer.OfSoa(request, content, LifeOf(held)),
                _ => NotHeld(request),
            };
            request.Source.ReplyPath.Reply(request.Source.Token, answer.Span);
        }
#pragma warning disable CA1031 // Nobody waits for this task: whatever went wrong, the client gets no answer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDatagram(request.Zone, exception.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _datagrams);
        }
    }

    /// <summary>What the owner of the zone has; null when it does not answer in time.</summary>
    private async Task<ZoneContentReply?> HeldAsync(TransferRequest request)
    {
        Task<ZoneContentReply> asked = contentOf(request.Zone);
        try
        {
            return request.PlainAnswer.IsEmpty ? await asked : await asked.WaitAsync(LifePatience, clock);
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException or TimeoutException or IOException)
        {
            LogSilentOwner(request.Zone, request.Type, exception.Message);
            return null;
        }
    }

    private static ReadOnlyMemory<byte> WithoutOwner(TransferRequest request) => HasGoodAnswer(request)
        ? request.PlainAnswer
        : TransferAnswer.Refuse(request, ResponseCode.ServFail, ExtendedErrorCode.NotReady, "the zone's owner does not answer");

    /// <summary>The name may lie in another zone, or the zone is expired and kept all the same, with no life to tell.</summary>
    private static ReadOnlyMemory<byte> NotHeld(TransferRequest request) => !request.PlainAnswer.IsEmpty
        ? request.PlainAnswer
        : TransferAnswer.Refuse(request, ResponseCode.Refused, ExtendedErrorCode.NotAuthoritative, "the zone is not held here");

    /// <summary>That the name is not known here does not count while its owner may know it.</summary>
    private static bool HasGoodAnswer(TransferRequest request) =>
        MessageHeader.TryRead(request.PlainAnswer.Span, out MessageHeader header) && header.ResponseCode == ResponseCode.NoError;

    private static bool IsCurrent(TransferRequest request, ZoneContent content) =>
        request.ClientSerial is { } serial && SerialNumber.IsSameOrNewer(serial, content.Serial);

    /// <summary>
    /// How long a secondary may serve it (RFC 7314); null when no bound is known, or it is over and a master is being asked.
    /// </summary>
    private TimeSpan? LifeOf(ZoneContentReply held) =>
        held.ExpiresAt - clock.GetUtcNow() is { } left && left > TimeSpan.Zero ? left : null;

    private async Task TransferAsync(
        TransferRequest request, ZoneContent content, TimeSpan? life, ITransferOutput output, CancellationToken stop)
    {
        DifferenceChain? chain = FindDifferences(request, content);
        string kind = request.ClientSerial is null ? "axfr" : chain is null ? "ixfr_axfr_style" : "ixfr";
        long started = clock.GetTimestamp();
        var progress = new Progress();
        string result = "failed";
        try
        {
            bool isDone = await WriteAsync(request, content, chain, life, output, progress, stop);
            result = isDone ? "done" : "client_gone";
        }
        finally
        {
            OutgoingMetrics.Transferred(kind, result, progress.Bytes);
            double ms = clock.GetElapsedTime(started).TotalMilliseconds;
            LogTransfer(
                content.Apex, content.Serial, kind, result, request.Source.Client.ToString(), progress.Records, progress.Messages,
                progress.Bytes, (long)ms);
        }
    }

    private DifferenceChain? FindDifferences(TransferRequest request, ZoneContent content)
    {
        if (request.ClientSerial is not { } serial || history is null) return null;
        try
        {
            return DifferenceChain.Find(history, content, serial);
        }
        catch (IOException exception)
        {
            // The whole zone can be had without the history.
            LogHistory(content.Apex, exception.Message);
            return null;
        }
    }

    private async Task<bool> WriteAsync(
        TransferRequest request,
        ZoneContent content,
        DifferenceChain? chain,
        TimeSpan? life,
        ITransferOutput output,
        Progress progress,
        CancellationToken stop)
    {
        using TsigStreamSigner? signer = request.Authentication.State is TsigVerification { IsVerified: true, Key: { } key } verified
            ? new TsigStreamSigner(key, verified.Mac.Span)
            : null;
        int signature = signer is null ? 0 : TransferAnswer.SignatureBytes(request);
        AnswerOpt? opt = TransferAnswer.OptFor(request);
        RecordStream records = chain is null
            ? content.Open()
            : new RecordStream(new DifferenceStream(chain.Read().Prepend(SoaOf(content))));
        using var writer = new AxfrWriter(records, request.Query.Span, new AxfrWriterOptions(ReservedBytes: signature));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LargestMessage);
        long started = clock.GetTimestamp();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                bool isFirst = progress.Messages == 0;
                int length = writer.WriteNext(buffer, opt?.SizeIn(isFirst) ?? 0);
                if (length == 0) break;
                if (opt is { } wanted) length = wanted.Append(buffer, length, isFirst, life, signature);
                if (signer is not null && !signer.TrySign(buffer, ref length, (ulong)clock.GetUtcNow().ToUnixTimeSeconds()))
                    throw new InvalidDataException("no room for the signature of a transfer message");
                progress.Bytes += length;
                progress.Messages++;
                progress.Records = writer.RecordCount;
                if (!await output.WriteAsync(buffer.AsMemory(0, length)) || IsTooSlow(clock.GetElapsedTime(started), progress.Bytes))
                    return Unfinished(writer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return writer.IsDone || Unfinished(writer);
    }

    /// <summary>The client has had part of a zone: only an end of the connection without the closing SOA tells it so.</summary>
    private static bool Unfinished(AxfrWriter writer) => writer.IsDone ? false : throw new InvalidDataException(
        writer.Error == ZoneContentError.None
            ? "the client does not take its transfer"
            : $"the content cannot be sent: {writer.Error.Text()}");

    private bool IsTooSlow(TimeSpan elapsed, long bytes) =>
        elapsed > limits.TotalTimeout && bytes < limits.MinimumBytesPerSecond * elapsed.TotalSeconds;

    private static ReadOnlyMemory<byte> SoaOf(ZoneContent content)
    {
        using RecordStream records = content.Open();
        return records.TryRead(out StoredRecord soa)
            ? soa.Whole.ToArray()
            : throw new InvalidDataException($"the content of {content.Apex} cannot be read: {records.Error.Text()}");
    }

    [LoggerMessage(
        EventId = 1301,
        EventName = "transfer-out",
        Level = LogLevel.Information,
        Message = "{Zone} transfer to others: {Kind} of serial {Serial} to {Client} {Result}: {Records} records, {Messages} messages, "
            + "{Bytes} octets in {Milliseconds} ms")]
    private partial void LogTransfer(
        DomainName zone,
        uint serial,
        string kind,
        string result,
        string client,
        long records,
        long messages,
        long bytes,
        long milliseconds);

    [LoggerMessage(
        EventId = 1302,
        EventName = "transfer-history-unread",
        Level = LogLevel.Warning,
        Message = "{Zone}: its history cannot be read, so it goes out whole: {Why}")]
    private partial void LogHistory(DomainName zone, string why);

    [LoggerMessage(
        EventId = 1303,
        EventName = "soa-unanswered",
        Level = LogLevel.Warning,
        Message = "{Zone}: a question by UDP was not answered: {Why}")]
    private partial void LogDatagram(DomainName zone, string why);

    [LoggerMessage(
        EventId = 1304,
        EventName = "zone-owner-silent",
        Level = LogLevel.Warning,
        Message = "{Zone}: its owner was asked for the {Type} and is silent: {Why}")]
    private partial void LogSilentOwner(DomainName zone, RecordType type, string why);

    /// <summary>What has gone out so far.</summary>
    private sealed class Progress
    {
        public long Records { get; set; }

        public long Messages { get; set; }

        public long Bytes { get; set; }
    }
}
