using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Agent.Dns.Wire;

/// <summary>
/// A cursor over one message: header, then questions, then records, in order. Nothing is allocated and nothing throws;
/// what the bytes do wrong is in <see cref="Error"/>, and after an error every further read fails.
/// </summary>
/// <example><code>
/// var reader = new MessageReader(message);
/// while (reader.TryReadRecord(out var record)) { ... }
/// if (reader.Error != WireError.None) { ... }
/// </code></example>
public ref struct MessageReader
{
    private const int QuestionTail = 4;
    private const int RecordTail = 10;

    private readonly ReadOnlySpan<byte> _message;
    private int _remaining;

    /// <summary>Reads the header; a message shorter than one leaves <see cref="WireError.Truncated"/>.</summary>
    public MessageReader(ReadOnlySpan<byte> message)
    {
        _message = message;
        if (MessageHeader.TryRead(message, out var header))
        {
            Header = header;
            Offset = MessageHeader.Size;
            _remaining = header.QuestionCount;
        }
        else
        {
            Error = WireError.Truncated;
        }
    }

    /// <summary>The header; all zero if the message is too short.</summary>
    public MessageHeader Header { get; }

    /// <summary>What stopped the reading, or none.</summary>
    public WireError Error { get; private set; }

    /// <summary>Where the next read starts.</summary>
    public int Offset { get; private set; }

    /// <summary>The section of the next entry; sections without entries are passed over by the reads.</summary>
    public MessageSection Section { get; private set; }

    /// <summary>True if everything the header counts was read and no byte is left over.</summary>
    public readonly bool AtEnd => Error == WireError.None && Offset == _message.Length && EntriesLeft == 0;

    private readonly int EntriesLeft => _remaining + Section switch
    {
        MessageSection.Question => Header.RecordCount,
        MessageSection.Answer => Header.AuthorityCount + Header.AdditionalCount,
        MessageSection.Authority => Header.AdditionalCount,
        _ => 0,
    };

    /// <summary>Reads the next question; false if there is none or on an error.</summary>
    public bool TryReadQuestion(out QuestionView question)
    {
        question = default;
        if (Error != WireError.None || Section != MessageSection.Question || _remaining == 0) return false;
        var start = Offset;
        var position = start;
        if (!TrySkipName(ref position, QuestionTail)) return false;
        var tail = _message.Slice(position, QuestionTail);
        question = new QuestionView(
            _message,
            start,
            (RecordType)BinaryPrimitives.ReadUInt16BigEndian(tail),
            (RecordClass)BinaryPrimitives.ReadUInt16BigEndian(tail[2..]));
        Offset = position + QuestionTail;
        _remaining--;
        return true;
    }

    /// <summary>Reads the next record of any section, passing over questions not read; false at the end or on an error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryReadRecord(out RecordView record)
    {
        record = default;
        while (Section == MessageSection.Question && TryReadQuestion(out _)) { }
        while (_remaining == 0 && Section != MessageSection.Additional) EnterNextSection();
        if (Error != WireError.None || _remaining == 0) return false;

        var start = Offset;
        var position = start;
        if (!TrySkipName(ref position, RecordTail)) return false;
        var tail = _message.Slice(position, RecordTail);
        int rdataLength = BinaryPrimitives.ReadUInt16BigEndian(tail[8..]);
        position += RecordTail;
        if (position + rdataLength > _message.Length) return Fail(WireError.Truncated);
        record = new RecordView(
            _message,
            Section,
            start,
            (RecordType)BinaryPrimitives.ReadUInt16BigEndian(tail),
            (RecordClass)BinaryPrimitives.ReadUInt16BigEndian(tail[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(tail[4..]),
            position,
            rdataLength);
        Offset = position + rdataLength;
        _remaining--;
        return true;
    }

    private void EnterNextSection()
    {
        Section++;
        _remaining = Section switch
        {
            MessageSection.Answer => Header.AnswerCount,
            MessageSection.Authority => Header.AuthorityCount,
            _ => Header.AdditionalCount,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TrySkipName(ref int position, int tail)
    {
        var error = NameReader.Skip(_message, ref position);
        if (error != WireError.None) return Fail(error);
        return position + tail <= _message.Length || Fail(WireError.Truncated);
    }

    private bool Fail(WireError error)
    {
        Error = error;
        return false;
    }
}
