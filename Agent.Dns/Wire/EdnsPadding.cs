using System.Buffers.Binary;

namespace Agent.Dns.Wire;

/// <summary>Hides the length of messages that go over an encrypted connection (RFC 7830, RFC 8467).</summary>
public static class EdnsPadding
{
    /// <summary>Questions are padded to a multiple of this (RFC 8467 section 4.1).</summary>
    public const int QuestionBlock = 128;

    /// <summary>Answers are padded to a multiple of this (RFC 8467 section 4.1).</summary>
    public const int AnswerBlock = 468;

    private const int OptionHead = 4;

    /// <summary>
    /// Adds padding to the OPT with which a message ends, until message and signature together are a multiple of a block, or as far as
    /// there is room. A message that does not end with an OPT, or is padded already, stays as it is.
    /// </summary>
    /// <param name="buffer">The message, with what room there is behind it.</param>
    /// <param name="length">Octets of the message.</param>
    /// <param name="signatureBytes">What a signature adds to it afterwards; it is room as well.</param>
    /// <returns>The octets that the message has now, without the signature.</returns>
    public static int Extend(Span<byte> buffer, int length, int block, int signatureBytes = 0)
    {
        int rdata = FindLastOpt(buffer[..length]);
        int room = Math.Min(buffer.Length, ushort.MaxValue) - signatureBytes - length - OptionHead;
        if (rdata < 0 || room < 0)
        {
            return length;
        }
        int zeros = Math.Min(room, (block - ((length + OptionHead + signatureBytes) % block)) % block);
        Span<byte> option = buffer.Slice(length, OptionHead + zeros);
        option.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(option, (ushort)EdnsOptionCode.Padding);
        BinaryPrimitives.WriteUInt16BigEndian(option[2..], (ushort)zeros);
        length += option.Length;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[(rdata - 2)..], (ushort)(length - rdata));
        return length;
    }

    /// <summary>Where the RDATA of an OPT without padding begins that ends the message; negative if none does.</summary>
    private static int FindLastOpt(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        while (reader.TryReadRecord(out RecordView record))
        {
            if (record.Type != RecordType.OPT)
            {
                continue;
            }
            bool isLast = record.RdataOffset + record.RdataLength == message.Length;
            return isLast && EdnsView.Read(record, out EdnsView edns) == WireError.None
                && !edns.TryGetOption(EdnsOptionCode.Padding, out _)
                ? record.RdataOffset
                : -1;
        }
        return -1;
    }
}
