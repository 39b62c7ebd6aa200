using System.Buffers.Binary;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Dns.Transfers;

/// <summary>
/// The questions that a secondary puts to its master. Recursion is never desired. Each returns the bytes written; a buffer of
/// <see cref="BufferSize"/> bytes always suffices, before a TSIG is added.
/// </summary>
public static class TransferQuery
{
    /// <summary>Room for any of the questions with an OPT.</summary>
    public const int BufferSize = MessageHeader.Size + NameReader.MaximumLength + 4 + 64;

    /// <summary>Questions over TLS are padded to a multiple of this many bytes.</summary>
    public const int PaddingBlock = EdnsPadding.QuestionBlock;

    /// <summary>What padding adds at most: an OPT, the head of the option, and zeros.</summary>
    public const int PaddingRoom = 11 + 4 + PaddingBlock;

    /// <summary>The payload size to announce over UDP: no fragments on the paths of today.</summary>
    public const ushort PayloadSize = 1232;

    /// <summary>Asks for the start of authority.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="id">The message's id.</param>
    /// <param name="withEdns">Adds an OPT. Leave it out for a master that answered FORMERR or closed the connection because of it.</param>
    /// <param name="withExpire">The OPT also asks how long the master may serve the zone itself (RFC 7314).</param>
    public static int WriteSoa(Span<byte> buffer, DomainName zone, ushort id, bool withEdns = true, bool withExpire = false) =>
        Write(buffer, zone, RecordType.SOA, id, withEdns, null, withExpire);

    /// <summary>Asks for the whole zone (RFC 5936 section 2.1).</summary>
    public static int WriteAxfr(Span<byte> buffer, DomainName zone, ushort id, bool withExpire = false) =>
        Write(buffer, zone, RecordType.AXFR, id, withExpire, null, withExpire);

    /// <summary>Asks for the differences from our serial, which goes into the authority section (RFC 1995 section 3).</summary>
    public static int WriteIxfr(Span<byte> buffer, DomainName zone, ushort id, uint ourSerial, bool withExpire = false) =>
        Write(buffer, zone, RecordType.IXFR, id, withExpire, ourSerial, withExpire);

    /// <summary>Tells a secondary that the zone has changed (RFC 1996 section 3.7).</summary>
    public static int WriteNotify(Span<byte> buffer, DomainName zone, ushort id)
    {
        ushort flags = MessageHeader.ComposeFlags(Opcode.Notify, flags: MessageHeader.AuthoritativeFlag);
        var writer = new MessageWriter(buffer, id, flags);
        return writer.TryWriteQuestion(zone, RecordType.SOA)
            ? writer.Length
            : throw new ArgumentException("The buffer is too small for the question.", nameof(buffer));
    }

    /// <summary>
    /// Adds an OPT with as much padding as makes the message a multiple of <see cref="PaddingBlock"/>, as RFC 8467 section 4.1 advises for
    /// questions over TLS. An OPT that is the last record already is used.
    /// </summary>
    /// <param name="buffer">The question, with room for <see cref="PaddingRoom"/> bytes more and its signature.</param>
    /// <param name="length">Bytes of the question.</param>
    /// <param name="signatureBytes">What a signature adds to it afterwards.</param>
    public static int Pad(Span<byte> buffer, int length, int signatureBytes)
    {
        const int OptBytes = 11;
        if (BinaryPrimitives.ReadUInt16BigEndian(buffer[10..]) == 0)
        {
            Span<byte> opt = buffer.Slice(length, OptBytes);
            opt.Clear();
            BinaryPrimitives.WriteUInt16BigEndian(opt[1..], (ushort)RecordType.OPT);
            BinaryPrimitives.WriteUInt16BigEndian(opt[3..], PayloadSize);
            BinaryPrimitives.WriteUInt16BigEndian(buffer[10..], 1);
            length += OptBytes;
        }

        return EdnsPadding.Extend(buffer, length, PaddingBlock, signatureBytes);
    }

    private static int Write(
        Span<byte> buffer, DomainName zone, RecordType type, ushort id, bool withEdns, uint? ourSerial, bool withExpire = false)
    {
        var writer = new MessageWriter(buffer, id, MessageHeader.ComposeFlags(Opcode.Query));
        bool fits = writer.TryWriteQuestion(zone, type);
        if (ourSerial is { } serial)
        {
            // Only the serial is looked at; the names may be the root and the timers zero.
            Span<byte> rdata = stackalloc byte[2 + SoaNumbers.Size];
            rdata.Clear();
            BinaryPrimitives.WriteUInt32BigEndian(rdata[2..], serial);
            fits &= writer.TryWriteRecord(MessageSection.Authority, zone.Wire, RecordType.SOA, RecordClass.IN, 0, rdata);
        }
        if (withEdns)
            fits &= writer.TryWriteOpt(PayloadSize) && (!withExpire || writer.TryWriteOption(EdnsOptionCode.Expire, []));
        return fits ? writer.Length : throw new ArgumentException("The buffer is too small for the question.", nameof(buffer));
    }
}
