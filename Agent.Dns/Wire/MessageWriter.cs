using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace Agent.Dns.Wire;

/// <summary>
/// Composes a message in the caller's buffer. The counts in the header follow every append, so what is written is a whole message
/// at any moment; an append that does not fit leaves no trace and returns false.
/// </summary>
/// <remarks>Sections are filled in order. Pass it by <c>ref</c>: a copy goes its own way.</remarks>
public ref struct MessageWriter
{
    private const int RecordTail = 10;
    private const int QuestionTail = 4;
    private const int PointerSize = 2;
    private const int OptSize = 11;
    private const int OptionHead = 4;
    private const int MaximumMessage = ushort.MaxValue;

    private readonly Span<byte> _buffer;
    private NameCompressor _names;
    private int _reserved;
    private int _length;
    private int _optLengthOffset;

    /// <summary>Starts with an empty header.</summary>
    /// <param name="buffer">12 to 65535 bytes; of a larger one the rest stays unused.</param>
    /// <param name="id">The message's id.</param>
    /// <param name="flags">The flags word, see <see cref="MessageHeader.ComposeFlags"/>.</param>
    public MessageWriter(Span<byte> buffer, ushort id = 0, ushort flags = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, MessageHeader.Size, nameof(buffer));
        _buffer = buffer[..Math.Min(buffer.Length, MaximumMessage)];
        _length = MessageHeader.Size;
        new MessageHeader(id, flags, 0, 0, 0, 0).Write(_buffer);
    }

    /// <summary>Bytes written so far.</summary>
    public readonly int Length => _length;

    /// <summary>The message so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>Bytes left for appends.</summary>
    public readonly int Available => Limit - _length;

    /// <summary>The id in the header.</summary>
    public readonly ushort Id
    {
        get => BinaryPrimitives.ReadUInt16BigEndian(_buffer);
        set => BinaryPrimitives.WriteUInt16BigEndian(_buffer, value);
    }

    /// <summary>The flags word in the header.</summary>
    public readonly ushort Flags
    {
        get => BinaryPrimitives.ReadUInt16BigEndian(_buffer[2..]);
        set => BinaryPrimitives.WriteUInt16BigEndian(_buffer[2..], value);
    }

    private readonly int Limit => _buffer.Length - _reserved;

    /// <summary>Keeps bytes free at the end, for an OPT or TSIG to come; 0 gives them back.</summary>
    public void Reserve(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _reserved = bytes;
    }

    /// <summary>Appends a question.</summary>
    public bool TryWriteQuestion(scoped ReadOnlySpan<byte> name, RecordType type, RecordClass questionClass)
    {
        var start = _length;
        if (!_names.TryWrite(name, _buffer[..Math.Max(Limit, start)], ref _length)) return false;
        if (_length + 4 > Limit) return Undo(start);
        WriteUInt16((ushort)type);
        WriteUInt16((ushort)questionClass);
        Count(MessageSection.Question);
        return true;
    }

    /// <summary>Appends a question.</summary>
    public bool TryWriteQuestion(DomainName name, RecordType type, RecordClass questionClass = RecordClass.IN)
    {
        ArgumentNullException.ThrowIfNull(name);
        return TryWriteQuestion(name.Wire, type, questionClass);
    }

    /// <summary>Appends a record, compressing its owner and, for the types of RFC 1035, the names in its RDATA.</summary>
    /// <param name="section">Where it counts.</param>
    /// <param name="owner">An uncompressed name.</param>
    /// <param name="type">Any type.</param>
    /// <param name="recordClass">Any class.</param>
    /// <param name="ttl">Seconds.</param>
    /// <param name="rdata">Uncompressed RDATA, at most 65535 bytes.</param>
    public bool TryWriteRecord(
        MessageSection section,
        scoped ReadOnlySpan<byte> owner,
        RecordType type,
        RecordClass recordClass,
        uint ttl,
        scoped ReadOnlySpan<byte> rdata)
    {
        var start = _length;
        if (!_names.TryWrite(owner, _buffer[..Math.Max(Limit, start)], ref _length)) return false;
        if (_length + RecordTail > Limit) return Undo(start);
        WriteRecordTail(type, recordClass, ttl);
        var lengthOffset = _length - 2;
        var names = RdataNames.Of(type);
        if (!(names.Compressible ? TryWriteCompressedRdata(names, rdata) : TryWriteBytes(rdata))) return Undo(start);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[lengthOffset..], (ushort)(_length - lengthOffset - 2));
        Count(section);
        return true;
    }

    /// <summary>Appends a record byte for byte, as TSIG demands and as some old peers need.</summary>
    public bool TryWriteRecordUncompressed(
        MessageSection section,
        scoped ReadOnlySpan<byte> owner,
        RecordType type,
        RecordClass recordClass,
        uint ttl,
        scoped ReadOnlySpan<byte> rdata)
    {
        if (rdata.Length > ushort.MaxValue || _length + owner.Length + RecordTail + rdata.Length > Limit) return false;
        TryWriteBytes(owner);
        WriteRecordTail(type, recordClass, ttl);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[(_length - 2)..], (ushort)rdata.Length);
        TryWriteBytes(rdata);
        Count(section);
        return true;
    }

    /// <summary>Appends an OPT record; <see cref="TryWriteOption"/> adds to it as long as it stays the last record.</summary>
    /// <param name="payloadSize">What we take by UDP, in bytes.</param>
    /// <param name="dnssecOk">DO.</param>
    /// <param name="responseCode">Its upper bits go here; the header's four bits stay the caller's business.</param>
    /// <param name="version">The EDNS version we speak, 0.</param>
    public bool TryWriteOpt(ushort payloadSize, bool dnssecOk = false, ResponseCode responseCode = ResponseCode.NoError, byte version = 0)
    {
        var ttl = ((uint)responseCode >> 4 << 24) | ((uint)version << 16) | (dnssecOk ? EdnsView.DnssecOkFlag : 0);
        if (_length + OptSize > Limit) return false;
        if (!TryWriteRecordUncompressed(MessageSection.Additional, [0], RecordType.OPT, (RecordClass)payloadSize, ttl, [])) return false;
        _optLengthOffset = _length - 2;
        return true;
    }

    /// <summary>Appends an option to the OPT record, which must be the last record.</summary>
    public bool TryWriteOption(EdnsOptionCode code, scoped ReadOnlySpan<byte> value)
    {
        if (_optLengthOffset == 0) throw new InvalidOperationException("an option needs the OPT record to be the last one");
        if (_length + OptionHead + value.Length > Limit) return false;
        WriteUInt16((ushort)code);
        WriteUInt16((ushort)value.Length);
        TryWriteBytes(value);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[_optLengthOffset..], (ushort)(_length - _optLengthOffset - 2));
        return true;
    }

    /// <summary>Appends an extended error (RFC 8914) to the OPT record; a text that does not fit loses its end.</summary>
    public bool TryWriteExtendedError(ExtendedErrorCode code, scoped ReadOnlySpan<char> text)
    {
        const int TextBytesMax = 256;
        Span<byte> value = stackalloc byte[2 + TextBytesMax];
        BinaryPrimitives.WriteUInt16BigEndian(value, (ushort)code);
        var room = Math.Min(TextBytesMax, Available - OptionHead - 2);
        var bytes = room > 0 ? EncodeText(text, value.Slice(2, room)) : 0;
        return TryWriteOption(EdnsOptionCode.ExtendedError, value[..(2 + bytes)]);
    }

    /// <summary>As much of a text as there is room for, with dots where it was cut.</summary>
    private static int EncodeText(ReadOnlySpan<char> text, Span<byte> destination)
    {
        if (Utf8.FromUtf16(text, destination, out _, out var bytes) != OperationStatus.DestinationTooSmall) return bytes;
        var dots = "..."u8[..Math.Min(3, destination.Length)];
        _ = Utf8.FromUtf16(text, destination[..^dots.Length], out _, out bytes);
        dots.CopyTo(destination[bytes..]);
        return bytes + dots.Length;
    }

    /// <summary>
    /// Copies the question section of a request as it stands, all questions; false if it is malformed, a name of it cannot be read, or it
    /// does not fit.
    /// </summary>
    /// <remarks>Only right after construction, so that pointers inside the section keep their offsets.</remarks>
    public bool TryEchoQuestions(scoped ReadOnlySpan<byte> request)
    {
        if (_length != MessageHeader.Size) throw new InvalidOperationException("questions are echoed first");
        var reader = new MessageReader(request);
        while (reader.TryReadQuestion(out var question))
        {
            // Only a name that ends with a pointer is still not known to be good. A label's last octet may look like one: it is read, too.
            var mayEndWithPointer = request[reader.Offset - QuestionTail - PointerSize] >= NameReader.PointerBits;
            if (mayEndWithPointer && !IsReadable(question)) return false;
        }

        if (reader.Error != WireError.None || !TryWriteBytes(request[MessageHeader.Size..reader.Offset])) return false;
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[4..], reader.Header.QuestionCount);

        // Owners below will mostly be the name asked for: they point to it, as without that a long name would not fit twice.
        if (NameBytes.TryMeasure(_buffer[MessageHeader.Size.._length], out var nameLength))
            _names.Note(_buffer.Slice(MessageHeader.Size, nameLength), MessageHeader.Size);
        return true;
    }

    private static bool IsReadable(scoped in QuestionView question)
    {
        Span<byte> name = stackalloc byte[NameReader.MaximumLength];
        return question.TryCopyName(name, out _);
    }

    private bool TryWriteCompressedRdata(RdataNames names, scoped ReadOnlySpan<byte> rdata)
    {
        if (rdata.Length < names.Prefix || !TryWriteBytes(rdata[..names.Prefix])) return false;
        rdata = rdata[names.Prefix..];
        for (var i = 0; i < names.Names; i++)
        {
            // RDATA that is not what its type says goes out as it came in; nobody must read past its end here.
            if (!NameBytes.TryMeasure(rdata, out var nameLength)) return TryWriteBytes(rdata);
            if (!_names.TryWrite(rdata[..nameLength], _buffer[..Limit], ref _length)) return false;
            rdata = rdata[nameLength..];
        }

        return TryWriteBytes(rdata);
    }

    private void WriteRecordTail(RecordType type, RecordClass recordClass, uint ttl)
    {
        var tail = _buffer.Slice(_length, RecordTail);
        BinaryPrimitives.WriteUInt16BigEndian(tail, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(tail[2..], (ushort)recordClass);
        BinaryPrimitives.WriteUInt32BigEndian(tail[4..], ttl);
        BinaryPrimitives.WriteUInt16BigEndian(tail[8..], 0);
        _length += RecordTail;
    }

    private bool TryWriteBytes(scoped ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > Limit) return false;
        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
        return true;
    }

    private void WriteUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[_length..], value);
        _length += 2;
    }

    private void Count(MessageSection section)
    {
        var counter = _buffer[(4 + (2 * (int)section))..];
        BinaryPrimitives.WriteUInt16BigEndian(counter, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(counter) + 1));
        _optLengthOffset = 0;
    }

    private bool Undo(int start)
    {
        _length = start;
        return false;
    }
}
