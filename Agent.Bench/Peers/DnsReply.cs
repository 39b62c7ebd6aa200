using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Agent.Bench.Peers;

/// <summary>An answer as it came, with the parts that tests look at.</summary>
public sealed class DnsReply
{
    private readonly byte[] _message;
    private readonly List<ReplyRecord> _records = [];

    /// <summary>Reads the whole message; one that does not end where its counts say is an <see cref="InvalidDataException"/>.</summary>
    public DnsReply(byte[] message, IPEndPoint source)
    {
        _message = message;
        Source = source;
        try
        {
            ReadSections();
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw new InvalidDataException($"not a DNS message: {Convert.ToHexStringLower(message)}", error);
        }
    }

    public IPEndPoint Source { get; }

    public ReadOnlySpan<byte> Message => _message;

    public ushort Id => Word(0);

    public ushort Flags => Word(2);

    public int Opcode => (Flags >> 11) & 0xF;

    public bool IsResponse => (Flags & 0x8000) != 0;

    public bool IsAuthoritative => (Flags & 0x0400) != 0;

    public bool IsTruncated => (Flags & 0x0200) != 0;

    public bool RecursionDesired => (Flags & 0x0100) != 0;

    /// <summary>The response code with the upper bits of an OPT record, when there is one.</summary>
    public int ResponseCode => (Flags & 0xF) | (Opt is { } opt ? (int)(opt.Ttl >> 24) << 4 : 0);

    public int QuestionCount => Word(4);

    public int AnswerCount => Word(6);

    /// <summary>The question section as it stands in the message.</summary>
    public byte[] Question { get; private set; } = [];

    public IReadOnlyList<ReplyRecord> Records => _records;

    public ReplyRecord? Opt => _records.Find(record => record.Type == DnsTestMessage.TypeOpt);

    /// <summary>The info code of the first extended error (RFC 8914), or null.</summary>
    public int? ExtendedError
    {
        get
        {
            byte[] options = Opt?.Rdata ?? [];
            for (int i = 0; i + 6 <= options.Length; i += 4 + BinaryPrimitives.ReadUInt16BigEndian(options.AsSpan(i + 2)))
            {
                if (BinaryPrimitives.ReadUInt16BigEndian(options.AsSpan(i)) == 15)
                {
                    return BinaryPrimitives.ReadUInt16BigEndian(options.AsSpan(i + 4));
                }
            }

            return null;
        }
    }

    /// <summary>The serial of the SOA that opens the answer section, or null.</summary>
    public uint? Serial
    {
        get
        {
            if (AnswerCount == 0 || _records[0].Type != DnsTestMessage.TypeSoa)
            {
                return null;
            }

            int offset = DnsTestMessage.SkipName(_message, _records[0].RdataOffset);
            return BinaryPrimitives.ReadUInt32BigEndian(_message.AsSpan(DnsTestMessage.SkipName(_message, offset)));
        }
    }

    public override string ToString() => Convert.ToHexStringLower(_message);

    private ushort Word(int offset) => BinaryPrimitives.ReadUInt16BigEndian(_message.AsSpan(offset));

    private void ReadSections()
    {
        int offset = 12;
        for (int i = 0; i < QuestionCount; i++)
        {
            offset = DnsTestMessage.SkipName(_message, offset) + 4;
        }

        Question = _message[12..offset];
        int count = Word(6) + Word(8) + Word(10);
        for (int i = 0; i < count; i++)
        {
            int rest = DnsTestMessage.SkipName(_message, offset);
            int rdata = rest + 10;
            int length = Word(rest + 8);
            uint ttl = BinaryPrimitives.ReadUInt32BigEndian(_message.AsSpan(rest + 4));
            _records.Add(new ReplyRecord(OwnerText(offset), Word(rest), Word(rest + 2), ttl, rdata, _message[rdata..(rdata + length)]));
            offset = rdata + length;
        }

        if (offset != _message.Length)
        {
            throw new InvalidDataException($"{_message.Length - offset} octets after the last record: {this}");
        }
    }

    private string OwnerText(int offset)
    {
        StringBuilder text = new();
        for (int jumps = 0; _message[offset] != 0 && jumps < 128; jumps++)
        {
            if (_message[offset] >= 0xC0)
            {
                offset = Word(offset) & 0x3FFF;
                continue;
            }

            text.Append(Encoding.Latin1.GetString(_message, offset + 1, _message[offset])).Append('.');
            offset += _message[offset] + 1;
        }

        return text.Length == 0 ? "." : text.ToString();
    }
}

/// <summary>A record of an answer; names inside the RDATA may still be compressed.</summary>
public sealed record ReplyRecord(string Owner, ushort Type, ushort Class, uint Ttl, int RdataOffset, byte[] Rdata);
