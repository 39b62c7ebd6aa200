using System.Buffers;
using System.Runtime.CompilerServices;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Dns.Transfers;

/// <summary>
/// Reads the answer to one AXFR or IXFR, message by message, and hands its records to a sink. Pure: no clock, no socket. Signatures are
/// the business of whoever feeds it. Never allocates per record and never throws on what a master sends.
/// </summary>
/// <remarks>
/// <code>
///                      SOA (AXFR)                     SOA = first
///   ExpectSoa ------------------------> Axfr ------------------------> Done
///      |                                 ^  any other record: Add
///      | SOA (IXFR)                      |
///      v              no SOA (AXFR-style)|
///   Undetermined ------------------------+--- SOA = first: a zone of one record ---> Done
///      |   \__ message ends: not newer -> UpToDate, newer -> more (TCP) or RetryOverTcp (UDP)
///      | SOA with our serial
///      v            newer SOA
///   IxfrDelete ----------------> IxfrAdd ---- SOA = first, when it is the target ---> Done
///      ^   record: Delete          |  record: Add
///      +------ SOA = last target --+
///
///   any state, any breach -> Failed, or FallBackToAxfr where an IXFR's inconsistency leaves AXFR as the way out.
/// </code>
/// A message with the closing SOA counts only when it was read to its end. After an end every further message is an error, so that
/// nothing is completed after it failed. A missing AA is not held against a master: primaries without it exist, and the SOA query
/// before the transfer has settled authority.
/// </remarks>
public sealed class XfrMachine<TSink> : IDisposable
    where TSink : struct, IXfrSink
{
    private const int MaximumEmptyMessages = 16;

    // Of a transfer of small records, so that many at once hold little; a longer one gets the room it needs.
    private const int UsualRecordBytes = 2048;

    private readonly XfrRequest _request;
    private TSink _sink;
    private byte[] _scratch;
    private byte[] _firstSoa = [];
    private SoaNumbers _first;
    private uint _deltaFrom;
    private uint _deltaTo;
    private byte[] _deltaToSoa = [];
    private State _state = State.ExpectSoa;
    private bool _isFirstMessage = true;
    private int _emptyMessages;
    private long _recordsSeen;
    private long _bytesSeen;
    private XfrStatus _end;

    /// <summary>Starts for one request. Dispose it to give its buffer back.</summary>
    public XfrMachine(XfrRequest request, TSink sink)
    {
        _request = request;
        _sink = sink;
        _scratch = ArrayPool<byte>.Shared.Rent(UsualRecordBytes);
    }

    private enum State : byte
    {
        ExpectSoa,
        Undetermined,
        Axfr,
        IxfrDelete,
        IxfrAdd,
        Done,
        Ended,
    }

    /// <summary>Why the transfer failed or must fall back.</summary>
    public XfrError Error { get; private set; }

    /// <summary>The response code of the last message.</summary>
    public ResponseCode ResponseCode { get; private set; }

    /// <summary>Owner and type of the record that is malformed; null where its owner cannot be read either.</summary>
    public string? BadRecord { get; private set; }

    /// <summary>The serial of the first SOA; null before it came.</summary>
    public uint? RemoteSerial { get; private set; }

    /// <summary>True while it cannot be told whether differences or a zone come: there was nothing yet, or only the first SOA.</summary>
    public bool IsUndetermined => _state is State.ExpectSoa or State.Undetermined;

    /// <summary>Records that were dropped because they lie outside the zone.</summary>
    public long OutOfZoneCount { get; private set; }

    /// <summary>Messages read so far.</summary>
    public int MessageCount { get; private set; }

    /// <summary>The sink, with what it gathered in its own fields.</summary>
    public ref TSink Sink => ref _sink;

    /// <summary>Reads the next message. Anything but <see cref="XfrStatus.NeedMore"/> is final.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public XfrStatus Step(ReadOnlySpan<byte> message)
    {
        ObjectDisposedException.ThrowIf(_scratch.Length == 0, this);
        if (_state is State.Done or State.Ended)
            return End(XfrStatus.Failed, Error == XfrError.None ? XfrError.RecordsAfterEnd : Error);
        MessageCount++;
        var reader = new MessageReader(message);
        XfrError error = CheckHead(ref reader);
        if (error != XfrError.None)
            return FailOrFallBack(error);
        if (_state == State.Ended)
            return _end;
        while (reader.TryReadRecord(out RecordView record))
        {
            // OPT and TSIG may follow the answer; whatever else stands there is no part of the zone.
            error = record.Section == MessageSection.Answer ? Consume(record) : XfrError.None;
            if (error != XfrError.None)
                return FailOrFallBack(error);
        }
        if (reader.Error != WireError.None)
            return FailOrFallBack(XfrError.BadMessage);
        return reader.AtEnd ? EndOfMessage() : FailOrFallBack(XfrError.TrailingBytes);
    }

    /// <summary>Says that no more messages will come.</summary>
    public XfrStatus ConnectionEnded() => _state is State.Done or State.Ended ? _end : End(XfrStatus.Failed, XfrError.ConnectionEnded);

    /// <summary>
    /// Ends the transfer for a reason from outside, such as a bad signature, also when the last message seemed to complete it.
    /// </summary>
    public XfrStatus Abort(XfrError error) => End(XfrStatus.Failed, error);

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_scratch.Length > 0)
            ArrayPool<byte>.Shared.Return(_scratch);
        _scratch = [];
    }

    private XfrError CheckHead(ref MessageReader reader)
    {
        if (reader.Error != WireError.None)
            return XfrError.BadMessage;
        MessageHeader header = reader.Header;
        if (!header.IsResponse)
            return XfrError.NotAResponse;
        if (header.Id != _request.Id)
            return XfrError.WrongId;
        if (header.Opcode != Opcode.Query)
            return XfrError.WrongOpcode;
        ResponseCode = header.ResponseCode;
        if (ResponseCode != ResponseCode.NoError)
            return ResponseCode is ResponseCode.Refused or ResponseCode.NotAuth ? XfrError.Refused : XfrError.ErrorCode;
        if (header.IsTruncated)
        {
            if (!_request.IsOverUdp)
                return XfrError.Truncated;
            End(XfrStatus.RetryOverTcp, XfrError.None);
            return XfrError.None;
        }
        if (header.QuestionCount > 1 || (_isFirstMessage && header.QuestionCount == 0))
            return XfrError.WrongQuestionCount;
        if (header.AuthorityCount > 0)
            return XfrError.AuthorityNotEmpty;
        XfrError error = CheckQuestion(ref reader);
        if (error != XfrError.None || header.AnswerCount > 0)
        {
            _isFirstMessage = false;
            return error;
        }
        if (_isFirstMessage)
            return XfrError.EmptyAnswer;
        return ++_emptyMessages > MaximumEmptyMessages ? XfrError.TooManyEmptyMessages : XfrError.None;
    }

    // Later messages may leave the question out (2.2.2) or repeat it, as Designate's MiniDNS does; then it must be ours.
    private XfrError CheckQuestion(ref MessageReader reader)
    {
        if (reader.Header.QuestionCount == 0)
            return XfrError.None;
        if (!reader.TryReadQuestion(out QuestionView question))
            return XfrError.BadMessage;
        bool isOurs = question.Type == _request.Type
            && question.Class == RecordClass.IN
            && question.NameEquals(_request.Apex.Wire);
        return isOurs ? XfrError.None : XfrError.WrongQuestion;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private XfrError Consume(in RecordView view)
    {
        if (_state == State.Done)
            return XfrError.RecordsAfterEnd;
        if (++_recordsSeen > _request.Limits.MaximumRecords && view.Type != RecordType.SOA)
            return XfrError.TooManyRecords;
        if (view.Class != RecordClass.IN)
            return XfrError.WrongClass;
        if (!TryUnpack(view, out StoredRecord record))
            return Malformed(view);
        _bytesSeen += record.Whole.Length;
        if (_bytesSeen > _request.Limits.MaximumBytes && view.Type != RecordType.SOA)
            return XfrError.TooManyBytes;
        if (_state == State.ExpectSoa)
            return ConsumeFirst(record);
        if (!NameBytes.IsSameOrBelow(record.Owner, _request.Apex.Wire))
        {
            OutOfZoneCount++;
            if (_request.FailOnOutOfZone)
                return XfrError.OutOfZone;
            // No SOA out here closes anything, so none is let through beyond the limits: a stream of them would never end.
            return _recordsSeen > _request.Limits.MaximumRecords ? XfrError.TooManyRecords
                : _bytesSeen > _request.Limits.MaximumBytes ? XfrError.TooManyBytes : XfrError.None;
        }
        if (!ZoneContentBuilder.IsZoneData(record.Type))
            return XfrError.NotZoneData;
        return record.Type == RecordType.SOA ? ConsumeSoa(record) : ConsumeData(record);
    }

    private XfrError ConsumeFirst(in StoredRecord record)
    {
        if (record.Type != RecordType.SOA)
            return XfrError.FirstRecordNotSoa;
        if (!NameBytes.Equal(record.Owner, _request.Apex.Wire))
            return XfrError.SoaNotAtApex;
        if (!SoaNumbers.TryRead(record.Rdata, out _first))
            return XfrError.BadSoa;
        RemoteSerial = _first.Serial;
        _firstSoa = record.Whole.ToArray();
        if (_request.Type == RecordType.IXFR)
        {
            _state = State.Undetermined;
            return XfrError.None;
        }
        return BeginSnapshot();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private XfrError ConsumeData(in StoredRecord record)
    {
        if (_state == State.Undetermined)
        {
            XfrError error = BeginSnapshot();
            if (error != XfrError.None)
                return error;
        }
        bool taken = _state == State.IxfrDelete ? _sink.Delete(record) : _sink.Add(record);
        return taken ? XfrError.None : XfrError.SinkRefused;
    }

    private XfrError ConsumeSoa(in StoredRecord soa)
    {
        if (!NameBytes.Equal(soa.Owner, _request.Apex.Wire))
            return XfrError.SoaNotAtApex;
        if (!SoaNumbers.TryRead(soa.Rdata, out SoaNumbers numbers))
            return XfrError.BadSoa;
        switch (_state)
        {
            case State.Axfr:
                return CloseWith(soa, numbers.Serial, XfrError.SerialChangedInside);
            case State.Undetermined when IsFirstSoa(soa):
                XfrError error = BeginSnapshot();
                if (error == XfrError.None)
                    _state = State.Done;
                return error;
            case State.Undetermined:
                return numbers.Serial == _request.OurSerial ? BeginDelta(soa, numbers.Serial) : XfrError.DeltaChainBroken;
            case State.IxfrDelete:
                return BeginAdditions(soa, numbers.Serial);
            default:
                return EndDelta(soa, numbers.Serial);
        }
    }

    private XfrError BeginSnapshot()
    {
        if (_request.OldestSerial is { } oldest && !SerialNumber.IsSameOrNewer(_first.Serial, oldest))
            return XfrError.SerialWentBack;
        _state = State.Axfr;
        StoredRecord.Read(_firstSoa, out StoredRecord soa);
        return _sink.BeginSnapshot(soa) ? XfrError.None : XfrError.SinkRefused;
    }

    private XfrError BeginDelta(in StoredRecord soa, uint serial)
    {
        _state = State.IxfrDelete;
        _deltaFrom = serial;
        return _sink.BeginDelta(soa) ? XfrError.None : XfrError.SinkRefused;
    }

    private XfrError BeginAdditions(in StoredRecord soa, uint serial)
    {
        // Serials advance by RFC 1982 and never beyond the SOA that the answer began with.
        if (!SerialNumber.IsNewer(serial, _deltaFrom) || !SerialNumber.IsSameOrNewer(_first.Serial, serial))
            return XfrError.DeltaOrder;
        _state = State.IxfrAdd;
        _deltaTo = serial;
        _deltaToSoa = soa.Whole.ToArray();
        return _sink.BeginAdditions(soa) ? XfrError.None : XfrError.SinkRefused;
    }

    private XfrError EndDelta(in StoredRecord soa, uint serial)
    {
        // The SOA that a step added is the one that the next deletes, or that closes the answer: of a serial that lies nobody knows more.
        if (serial != _deltaTo || !IsSameSoa(_deltaToSoa, soa))
            return XfrError.DeltaChainBroken;
        if (!_sink.EndDelta())
            return XfrError.SinkRefused;
        return _deltaTo == _first.Serial ? CloseWith(soa, serial, XfrError.DeltaChainBroken) : BeginDelta(soa, serial);
    }

    private XfrError CloseWith(in StoredRecord soa, uint serial, XfrError otherSerial)
    {
        if (serial != _first.Serial)
            return otherSerial;
        if (!IsFirstSoa(soa))
            return XfrError.ClosingSoaDiffers;
        _state = State.Done;
        return XfrError.None;
    }

    private bool IsFirstSoa(in StoredRecord soa) => IsSameSoa(_firstSoa, soa);

    private static bool IsSameSoa(byte[] earlier, in StoredRecord soa)
    {
        StoredRecord.Read(earlier, out StoredRecord first);
        if (first.Rdata.Length != soa.Rdata.Length)
            return false;
        // The case of names may differ, the numbers behind them may not.
        return NameBytes.Equal(first.Rdata[..^SoaNumbers.Size], soa.Rdata[..^SoaNumbers.Size])
            && first.Rdata[^SoaNumbers.Size..].SequenceEqual(soa.Rdata[^SoaNumbers.Size..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryUnpack(in RecordView view, out StoredRecord record)
    {
        record = default;
        int room = NameReader.MaximumLength + StoredRecord.FixedSize + view.RdataLength + RdataExpander.MaximumGrowth;
        if (_scratch.Length < room)
            Grow(room);
        if (!view.TryCopyOwner(_scratch, out int ownerLength))
            return false;
        int rdataStart = ownerLength + StoredRecord.FixedSize;
        if (RdataExpander.Expand(view, _scratch.AsSpan(rdataStart), out int rdataLength) != WireError.None)
            return false;
        if (!RdataShape.Fits(view.Type, _scratch.AsSpan(rdataStart, rdataLength)))
            return false;
        StoredRecord.WriteFixed(_scratch.AsSpan(ownerLength), view.Type, view.Class, view.TtlSeconds, rdataLength);
        record = StoredRecord.Written(_scratch.AsSpan(0, rdataStart + rdataLength), ownerLength);
        return true;
    }

    private void Grow(int bytes)
    {
        ArrayPool<byte>.Shared.Return(_scratch);
        _scratch = ArrayPool<byte>.Shared.Rent(bytes);
    }

    private XfrError Malformed(in RecordView view)
    {
        if (view.TryCopyOwner(_scratch, out int length) && DomainName.TryFromWire(_scratch.AsSpan(0, length), out DomainName? owner))
            BadRecord = $"{owner} {RecordTypeText.ToText(view.Type)}";
        return XfrError.BadRecord;
    }

    private XfrStatus EndOfMessage()
    {
        if (_state == State.Done)
        {
            _end = XfrStatus.Complete;
            return _end;
        }
        if (_state == State.Undetermined)
        {
            if (!SerialNumber.IsNewer(_first.Serial, _request.OurSerial))
                return End(XfrStatus.UpToDate, XfrError.None);
            if (_request.IsOverUdp)
                return End(XfrStatus.RetryOverTcp, XfrError.None);
        }
        // A datagram is all there is.
        return _request.IsOverUdp ? FailOrFallBack(XfrError.ConnectionEnded) : XfrStatus.NeedMore;
    }

    private XfrStatus FailOrFallBack(XfrError error)
    {
        bool axfrMayHelp = error is XfrError.Refused or XfrError.ErrorCode or XfrError.EmptyAnswer or XfrError.DeltaChainBroken
            or XfrError.DeltaOrder or XfrError.ClosingSoaDiffers or XfrError.SerialChangedInside or XfrError.SinkRefused;
        return End(_request.Type == RecordType.IXFR && axfrMayHelp ? XfrStatus.FallBackToAxfr : XfrStatus.Failed, error);
    }

    private XfrStatus End(XfrStatus status, XfrError error)
    {
        _state = State.Ended;
        Error = error;
        _end = status;
        return status;
    }
}
