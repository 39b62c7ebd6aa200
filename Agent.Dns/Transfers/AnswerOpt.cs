using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Dns.Transfers;

/// <summary>The OPT in an answer to AXFR, IXFR or a secondary's SOA question that had one (RFC 5936 section 2.2.5).</summary>
/// <param name="DnssecOk">DO, given back as it came.</param>
/// <param name="WantsExpire">The query asked how long the zone may be served (RFC 7314).</param>
/// <param name="IsPadded">The answer goes over TLS, so that its length is to be hidden (RFC 9103 section 8.2).</param>
public readonly record struct AnswerOpt(bool DnssecOk, bool WantsExpire, bool IsPadded)
{
    private const int BareSize = 11;
    private const int ExpireSize = EdnsAppender.OptionHeadBytes + sizeof(uint);

    /// <summary>The cookie that the first message gives back; empty for none.</summary>
    public ReadOnlyMemory<byte> Cookie { get; init; }

    /// <summary>What a query wants; null when it has no OPT.</summary>
    public static AnswerOpt? For(ReadOnlySpan<byte> query, bool isOverTls) =>
        EdnsView.Find(query, out EdnsView edns) == WireError.None && edns.IsPresent
            ? new AnswerOpt(edns.DnssecOk, edns.TryGetOption(EdnsOptionCode.Expire, out _), isOverTls)
            : null;

    /// <summary>What it takes in a message, without the zeros of the padding; 0 in one that does without.</summary>
    public int SizeIn(bool isFirst) =>
        (isFirst || IsPadded ? BareSize : 0)
        + (isFirst && WantsExpire ? ExpireSize : 0)
        + (isFirst && Cookie.Length > 0 ? EdnsAppender.OptionHeadBytes + Cookie.Length : 0)
        + (IsPadded ? EdnsAppender.OptionHeadBytes : 0);

    /// <summary>
    /// Appends it to a message that has none. The first message says the time that is left and gives the cookie back; in the clear the
    /// others do without an OPT, and over TLS one that is full to the last octets.
    /// </summary>
    /// <param name="buffer">The message; the first has room for <see cref="SizeIn"/> and its signature.</param>
    /// <param name="length">Octets of the message.</param>
    /// <param name="life">How long the zone may be served; null when nothing bounds it.</param>
    /// <param name="signatureBytes">What a signature adds afterwards.</param>
    /// <returns>The octets that the message has now.</returns>
    public int Append(Span<byte> buffer, int length, bool isFirst, TimeSpan? life, int signatureBytes)
    {
        int room = Math.Min(buffer.Length, ushort.MaxValue) - signatureBytes - length;
        if (!isFirst && (!IsPadded || room < BareSize))
            return length;
        Span<byte> rest = buffer[length..];
        rest[0] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(rest[1..], (ushort)RecordType.OPT);
        BinaryPrimitives.WriteUInt16BigEndian(rest[3..], TransferQuery.PayloadSize);
        BinaryPrimitives.WriteUInt32BigEndian(rest[5..], DnssecOk ? EdnsView.DnssecOkFlag : 0);
        int used = BareSize;
        if (isFirst && WantsExpire && life is { } left)
        {
            Span<byte> seconds = stackalloc byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32BigEndian(seconds, (uint)Math.Clamp(left.TotalSeconds, 0, uint.MaxValue));
            used += WriteOption(rest[used..], EdnsOptionCode.Expire, seconds);
        }
        if (isFirst && Cookie.Length > 0)
            used += WriteOption(rest[used..], EdnsOptionCode.Cookie, Cookie.Span);
        BinaryPrimitives.WriteUInt16BigEndian(rest[(BareSize - sizeof(ushort))..], (ushort)(used - BareSize));

        ushort additional = BinaryPrimitives.ReadUInt16BigEndian(buffer[10..]);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[10..], (ushort)(additional + 1));
        length += used;
        return IsPadded ? EdnsPadding.Extend(buffer, length, EdnsPadding.AnswerBlock, signatureBytes) : length;
    }

    private static int WriteOption(Span<byte> rest, EdnsOptionCode code, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)code);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)value.Length);
        value.CopyTo(rest[EdnsAppender.OptionHeadBytes..]);
        return EdnsAppender.OptionHeadBytes + value.Length;
    }
}
