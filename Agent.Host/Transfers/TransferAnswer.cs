using System.Buffers;
using System.Buffers.Binary;
using Agent.Actors.Listeners;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <summary>
/// The answers of one message to those who may have a zone: its SOA, or why it is not to be had. Each gives the client's cookie back, is no
/// longer than the client takes, hides its length over TLS and is signed where the request was.
/// </summary>
internal static class TransferAnswer
{
    private const int SignaturesSoughtMax = 1000;

    /// <summary>The OPT of what the request is answered with; null when it has none itself.</summary>
    public static AnswerOpt? OptFor(TransferRequest request) =>
        AnswerOpt.For(request.Query.Span, isOverTls: request.Source.Tls is not null) is { } opt
            ? opt with { Cookie = request.Cookie }
            : null;

    /// <summary>What a signature adds to each message.</summary>
    public static int SignatureBytes(TransferRequest request) => request.Authenticator?.SignatureBytes(request.Authentication) ?? 0;

    /// <summary>The SOA alone; says TC when the client does not take so much.</summary>
    public static ReadOnlyMemory<byte> OfSoa(TransferRequest request, ZoneContent content, TimeSpan? life)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
        try
        {
            AnswerOpt? asked = OptFor(request);
            ReplyWriter.TryBegin(
                request.Query.Span, buffer.AsSpan(0, Room(request, asked?.SizeIn(isFirst: true) ?? 0)), ResponseCode.NoError,
                authoritative: true, out MessageWriter writer);
            using RecordStream records = content.Open();
            bool fits = !records.TryRead(out StoredRecord soa) || TryWrite(ref writer, soa);
            if (fits && asked is { DnssecOk: true }) fits = TryWriteSignatures(ref writer, records, content.Apex);
            if (!fits) writer.Flags |= MessageHeader.TruncatedFlag;
            int length = asked is { } opt
                ? opt.Append(buffer, writer.Length, isFirst: true, life, SignatureBytes(request))
                : writer.Length;
            return Signed(request, buffer, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Why there is no zone; the words only for a client with EDNS.</summary>
    public static ReadOnlyMemory<byte> Refuse(TransferRequest request, ResponseCode code, ExtendedErrorCode reason, string text)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
        try
        {
            int cookie = request.Cookie.IsEmpty ? 0 : EdnsAppender.OptionHeadBytes + request.Cookie.Length;
            int length = ReplyWriter.Write(
                request.Query.Span, buffer.AsSpan(0, Room(request, cookie)), code, authoritative: false, RequestPipeline.PayloadBytes,
                reason, text);
            if (cookie > 0) length = EdnsAppender.Append(buffer, length, EdnsOptionCode.Cookie, request.Cookie.Span);
            if (request.Source.Tls is not null)
                length = EdnsPadding.Extend(buffer, length, EdnsPadding.AnswerBlock, SignatureBytes(request));
            return Signed(request, buffer, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Octets for header, question and records.</summary>
    private static int Room(TransferRequest request, int optBytes) =>
        Math.Max(MessageHeader.Size, request.MessageBytesMax - SignatureBytes(request) - optBytes);

    private static bool TryWrite(ref MessageWriter writer, in StoredRecord record) =>
        writer.TryWriteRecord(MessageSection.Answer, record.Owner, record.Type, record.Class, record.Ttl, record.Rdata);

    /// <summary>
    /// Those over the SOA, for a secondary that looks by them, too, whether it has the newest zone. Whoever transfers a zone sends what
    /// belongs to the apex first. False when there is no room for one.
    /// </summary>
    private static bool TryWriteSignatures(ref MessageWriter writer, RecordStream records, DomainName apex)
    {
        for (int sought = 0; sought < SignaturesSoughtMax && records.TryRead(out StoredRecord record); sought++)
        {
            bool isOverSoa = record.Type == RecordType.RRSIG && NameBytes.Equal(record.Owner, apex.Wire)
                && BinaryPrimitives.TryReadUInt16BigEndian(record.Rdata, out ushort covered) && covered == (ushort)RecordType.SOA;
            if (isOverSoa && !TryWrite(ref writer, record)) return false;
        }

        return true;
    }

    private static ReadOnlyMemory<byte> Signed(TransferRequest request, byte[] buffer, int length) =>
        buffer.AsSpan(0, request.Authenticator is { } signer ? signer.Sign(buffer, length, request.Authentication) : length).ToArray();
}
