using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Dns.Transfers;

/// <summary>The OPT in the messages of an answer to AXFR or IXFR, for a query that had one (RFC 5936 section 2.2.5).</summary>
/// <param name="DnssecOk">DO, given back as it came.</param>
/// <param name="WantsExpire">The query asked how long the zone may be served (RFC 7314).</param>
/// <param name="IsPadded">The answer goes over TLS, so that its length is to be hidden (RFC 9103 section 8.2).</param>
public readonly record struct AnswerOpt(bool DnssecOk, bool WantsExpire, bool IsPadded)
{
    /// <summary>What it takes without zeros: the OPT, the option EXPIRE and the head of the padding.</summary>
    public const int SizeMax = 11 + 4 + sizeof(uint) + 4;

    /// <summary>What a query wants; null when it has no OPT.</summary>
    public static AnswerOpt? For(ReadOnlySpan<byte> query, bool isOverTls) =>
        EdnsView.Find(query, out EdnsView edns) == WireError.None && edns.IsPresent
            ? new AnswerOpt(edns.DnssecOk, edns.TryGetOption(EdnsOptionCode.Expire, out _), isOverTls)
            : null;

    /// <summary>
    /// Appends it to a message that has none. The first message says the time that is left; in the clear the others do without an OPT.
    /// </summary>
    /// <param name="buffer">The message, with room for <see cref="SizeMax"/> and its signature.</param>
    /// <param name="length">Octets of the message.</param>
    /// <param name="life">How long the zone may be served; null when nothing bounds it.</param>
    /// <param name="signatureBytes">What a signature adds afterwards.</param>
    /// <returns>The octets that the message has now.</returns>
    public int Append(Span<byte> buffer, int length, bool isFirst, TimeSpan? life, int signatureBytes)
    {
        if (!isFirst && !IsPadded)
            return length;
        Span<byte> rest = buffer[length..];
        rest[0] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(rest[1..], (ushort)RecordType.OPT);
        BinaryPrimitives.WriteUInt16BigEndian(rest[3..], TransferQuery.PayloadSize);
        BinaryPrimitives.WriteUInt32BigEndian(rest[5..], DnssecOk ? EdnsView.DnssecOkFlag : 0);
        BinaryPrimitives.WriteUInt16BigEndian(rest[9..], 0);
        int used = 11;
        if (isFirst && WantsExpire && life is { } left)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest[9..], 4 + sizeof(uint));
            BinaryPrimitives.WriteUInt16BigEndian(rest[11..], (ushort)EdnsOptionCode.Expire);
            BinaryPrimitives.WriteUInt16BigEndian(rest[13..], sizeof(uint));
            BinaryPrimitives.WriteUInt32BigEndian(rest[15..], (uint)Math.Clamp(left.TotalSeconds, 0, uint.MaxValue));
            used += 4 + sizeof(uint);
        }

        ushort additional = BinaryPrimitives.ReadUInt16BigEndian(buffer[10..]);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[10..], (ushort)(additional + 1));
        length += used;
        return IsPadded ? EdnsPadding.Extend(buffer, length, EdnsPadding.AnswerBlock, signatureBytes) : length;
    }
}
