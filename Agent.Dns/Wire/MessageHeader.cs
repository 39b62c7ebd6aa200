using System.Buffers.Binary;

namespace Agent.Dns.Wire;

/// <summary>The twelve bytes at the head of a message (RFC 1035 4.1.1).</summary>
/// <param name="Id">Ties a reply to its request.</param>
/// <param name="Flags">The second word as it stands on the wire, opcode and response code included.</param>
/// <param name="QuestionCount">Entries of the question section.</param>
/// <param name="AnswerCount">Records of the answer section.</param>
/// <param name="AuthorityCount">Records of the authority section.</param>
/// <param name="AdditionalCount">Records of the additional section.</param>
public readonly record struct MessageHeader(
    ushort Id, ushort Flags, ushort QuestionCount, ushort AnswerCount, ushort AuthorityCount, ushort AdditionalCount)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 12;

    /// <summary>QR: a response.</summary>
    public const ushort ResponseFlag = 0x8000;

    /// <summary>AA: the answer is authoritative.</summary>
    public const ushort AuthoritativeFlag = 0x0400;

    /// <summary>TC: the message was cut to fit.</summary>
    public const ushort TruncatedFlag = 0x0200;

    /// <summary>RD: recursion desired.</summary>
    public const ushort RecursionDesiredFlag = 0x0100;

    /// <summary>RA: recursion available.</summary>
    public const ushort RecursionAvailableFlag = 0x0080;

    /// <summary>AD: the data was validated (RFC 4035).</summary>
    public const ushort AuthenticDataFlag = 0x0020;

    /// <summary>CD: do not validate (RFC 4035).</summary>
    public const ushort CheckingDisabledFlag = 0x0010;

    private const int OpcodeShift = 11;
    private const int OpcodeMask = 0xF;
    private const int ResponseCodeMask = 0xF;

    /// <summary>QR.</summary>
    public bool IsResponse => (Flags & ResponseFlag) != 0;

    /// <summary>AA.</summary>
    public bool IsAuthoritative => (Flags & AuthoritativeFlag) != 0;

    /// <summary>TC.</summary>
    public bool IsTruncated => (Flags & TruncatedFlag) != 0;

    /// <summary>RD.</summary>
    public bool RecursionDesired => (Flags & RecursionDesiredFlag) != 0;

    /// <summary>The opcode, known or not.</summary>
    public Opcode Opcode => (Opcode)((Flags >> OpcodeShift) & OpcodeMask);

    /// <summary>The low four bits of the response code; <see cref="EdnsView.ExtendResponseCode"/> adds the others.</summary>
    public ResponseCode ResponseCode => (ResponseCode)(Flags & ResponseCodeMask);

    /// <summary>Records of the three record sections together.</summary>
    public int RecordCount => AnswerCount + AuthorityCount + AdditionalCount;

    /// <summary>Composes the flags word. Of a response code above 15 only the low bits find room here.</summary>
    public static ushort ComposeFlags(Opcode opcode, ResponseCode responseCode = ResponseCode.NoError, ushort flags = 0) =>
        (ushort)(flags | (((int)opcode & OpcodeMask) << OpcodeShift) | ((int)responseCode & ResponseCodeMask));

    /// <summary>The flags of a reply to this request: QR, opcode, RD and CD from the request, AA if asked for.</summary>
    public ushort ReplyFlags(ResponseCode responseCode, bool authoritative) => ComposeFlags(
        Opcode,
        responseCode,
        (ushort)(ResponseFlag | (Flags & (RecursionDesiredFlag | CheckingDisabledFlag)) | (authoritative ? AuthoritativeFlag : 0)));

    /// <summary>Reads the header; false if the message is shorter than one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out MessageHeader header)
    {
        if (message.Length < Size)
        {
            header = default;
            return false;
        }

        header = new MessageHeader(
            BinaryPrimitives.ReadUInt16BigEndian(message),
            BinaryPrimitives.ReadUInt16BigEndian(message[2..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[4..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[6..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[10..]));
        return true;
    }

    /// <summary>Writes the header over the first twelve bytes of <paramref name="message"/>.</summary>
    public void Write(Span<byte> message)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message, Id);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], Flags);
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], QuestionCount);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], AnswerCount);
        BinaryPrimitives.WriteUInt16BigEndian(message[8..], AuthorityCount);
        BinaryPrimitives.WriteUInt16BigEndian(message[10..], AdditionalCount);
    }
}
