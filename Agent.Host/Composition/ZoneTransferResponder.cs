using System.Buffers;
using Agent.Actors.Kernel;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Dns.Tsig;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Sockets;

namespace Agent.Host.Composition;

/// <summary>Sends zones to those who may have them, from the content that their owner holds.</summary>
/// <remarks>An IXFR is answered with the SOA alone when the client is current, else with the whole zone (RFC 1995 section 4).</remarks>
internal sealed class ZoneTransferResponder(Func<DomainName, Task<ZoneContent?>> contentOf, TimeProvider clock) : ITransferResponder
{
    private const int LargestMessage = ushort.MaxValue;

    /// <summary>A responder that asks the zones' owners.</summary>
    public static ZoneTransferResponder OfRegion(IActorRef region, TimeProvider clock) => new(
        async zone => (await region.Ask<ZoneContentReply>(new GetZoneContent(zone), TimeSpan.FromSeconds(5))).Content,
        clock);

    public async Task RespondAsync(TransferRequest request, ITransferOutput output, CancellationToken stop)
    {
        ZoneContent? content = await contentOf(request.Zone);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LargestMessage);
        try
        {
            if (content is null)
            {
                int refusal = ReplyWriter.Write(
                    request.Query.Span,
                    buffer.AsSpan(0, 1024),
                    ResponseCode.Refused,
                    authoritative: false,
                    RequestPipeline.PayloadBytes,
                    ExtendedErrorCode.NotAuthoritative,
                    "the zone is not held here");
                await WriteSingleAsync(request, output, buffer, refusal);
            }
            else if (request.ClientSerial is { } serial && SerialNumber.IsSameOrNewer(serial, content.Serial))
            {
                await WriteSingleAsync(request, output, buffer, WriteSoa(request.Query.Span, content, buffer));
            }
            else
            {
                await WriteZoneAsync(request, content, output, buffer, stop);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WriteZoneAsync(
        TransferRequest request, ZoneContent content, ITransferOutput output, byte[] buffer, CancellationToken stop)
    {
        using TsigStreamSigner? signer = request.Authentication.State is TsigVerification { IsVerified: true, Key: { } key } verified
            ? new TsigStreamSigner(key, verified.Mac.Span)
            : null;
        int reserved = signer is null ? 0 : TsigSigner.SignatureBytesMax;
        using var writer = new AxfrWriter(content, request.Query.Span, new AxfrWriterOptions(ReservedBytes: reserved));
        while (!stop.IsCancellationRequested)
        {
            int length = writer.WriteNext(buffer);
            if (length == 0) break;
            if (signer is not null && !signer.TrySign(buffer, ref length, (ulong)clock.GetUtcNow().ToUnixTimeSeconds()))
                throw new InvalidDataException("no room for the signature of a transfer message");
            if (!await output.WriteAsync(buffer.AsMemory(0, length))) return;
        }

        // The client has had part of a zone: only an end without the closing SOA tells it so.
        if (writer.Error != ZoneContentError.None)
            throw new InvalidDataException($"the content of {content.Apex} cannot be read: {writer.Error}");
    }

    private static async Task WriteSingleAsync(TransferRequest request, ITransferOutput output, byte[] buffer, int length)
    {
        if (request.Authenticator is { } signer) length = signer.Sign(buffer, length, request.Authentication);
        await output.WriteAsync(buffer.AsMemory(0, length));
    }

    private static int WriteSoa(ReadOnlySpan<byte> query, ZoneContent content, byte[] buffer)
    {
        var writer = new MessageWriter(buffer.AsSpan(0, 1024));
        _ = MessageHeader.TryRead(query, out MessageHeader header);
        writer.Id = header.Id;
        writer.Flags = MessageHeader.ComposeFlags(header.Opcode, flags: MessageHeader.ResponseFlag | MessageHeader.AuthoritativeFlag);
        writer.TryEchoQuestions(query);
        using RecordStream records = content.Open();
        if (records.TryRead(out StoredRecord soa))
            writer.TryWriteRecord(MessageSection.Answer, soa.Owner, soa.Type, soa.Class, soa.Ttl, soa.Rdata);
        return writer.Length;
    }
}
