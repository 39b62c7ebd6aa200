using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>What reading a message found.</summary>
internal enum ParseResult : byte
{
    /// <summary>A request with one question and sound records, or of an opcode that we do not speak, whatever its body means.</summary>
    Request,

    /// <summary>Shorter than a header, or itself an answer: to be met with silence.</summary>
    NotARequest,

    /// <summary>A readable header with a body that is broken, too long, or without exactly one question.</summary>
    Malformed,
}

/// <summary>Reads a message from end to end without allocating and sorts it by what it asks for.</summary>
internal static class RequestParser
{
    private const int QuestionTail = 4;
    private const int SoaFixedBytes = 20;
    private const int SoaBytesMin = SoaFixedBytes + 2;

    public static ParseResult Parse(ref RequestContext context)
    {
        if (context.Message.Length < MessageHeader.Size || context.Header.IsResponse)
        {
            return ParseResult.NotARequest;
        }
        if (context.Header.Opcode is not (Opcode.Query or Opcode.Notify or Opcode.CommandAndControl))
        {
            context.Kind = RequestKind.UnknownOpcode;
            context.HasTsig = EndsWithTsig(context.Message);
            return ParseResult.Request;
        }
        var reader = new MessageReader(context.Message);
        if (context.Header.QuestionCount != 1 || !reader.TryReadQuestion(out QuestionView question)
            || !NameBytes.TryMeasure(context.Message[MessageHeader.Size..], out int nameLength)
            || MessageHeader.Size + nameLength + QuestionTail != reader.Offset)
        {
            // The first name of a message has nothing to point back to, so here a pointer is always wrong.
            return ParseResult.Malformed;
        }
        context.Question = question;
        context.QuestionEnd = reader.Offset;
        context.Kind = KindOf(context.Header.Opcode, question);
        while (reader.TryReadRecord(out RecordView record))
        {
            // A TSIG is the last record or the message is wrong (RFC 8945 section 5.1).
            if (context.HasTsig || !TryNote(ref context, record))
            {
                return ParseResult.Malformed;
            }
        }
        return reader.AtEnd ? ParseResult.Request : ParseResult.Malformed;
    }

    /// <summary>All opcodes share the form of a message (UPDATE too, RFC 2136 section 2), so even there a signature is found.</summary>
    private static bool EndsWithTsig(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        bool isLast = false;
        while (reader.TryReadRecord(out RecordView record))
        {
            isLast = record is { Type: RecordType.TSIG, Section: MessageSection.Additional };
        }
        return isLast && reader.AtEnd;
    }

    private static bool TryNote(ref RequestContext context, scoped in RecordView record)
    {
        switch (record.Type)
        {
            case RecordType.OPT:
                if (context.Edns.IsPresent || EdnsView.Read(record, out EdnsView edns) != WireError.None)
                {
                    return false;
                }
                context.Edns = edns;
                return true;
            case RecordType.TSIG:
                context.HasTsig = record.Section == MessageSection.Additional;
                context.TsigOffset = record.OwnerOffset;
                return context.HasTsig;
            case RecordType.SOA when record.RdataLength >= SoaBytesMin && context.Serial is null
                && CarriesSerial(context.Kind, record.Section):
                context.Serial = BinaryPrimitives.ReadUInt32BigEndian(record.Rdata[^SoaFixedBytes..]);
                return true;
            default:
                return true;
        }
    }

    /// <summary>A NOTIFY may bring the new SOA as an answer (RFC 1996 3.7); an IXFR brings the old one as authority (RFC 1995 3).</summary>
    private static bool CarriesSerial(RequestKind kind, MessageSection section) =>
        (kind == RequestKind.Notify && section == MessageSection.Answer)
        || (kind == RequestKind.Transfer && section == MessageSection.Authority);

    private static RequestKind KindOf(Opcode opcode, scoped in QuestionView question) => (opcode, question.Class, question.Type) switch
    {
        (Opcode.Query, RecordClass.IN, RecordType.AXFR or RecordType.IXFR) => RequestKind.Transfer,
        (Opcode.Query, RecordClass.IN, _) => RequestKind.Query,
        (Opcode.Notify, RecordClass.IN, RecordType.SOA) => RequestKind.Notify,
        (Opcode.CommandAndControl, RecordClass.CommandAndControl, RecordType.CommandCreate) => RequestKind.Create,
        (Opcode.CommandAndControl, RecordClass.CommandAndControl, RecordType.CommandDelete) => RequestKind.Delete,
        _ => RequestKind.Other,
    };
}
