using System.Buffers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Dns.Transfers;

/// <summary>How the messages of an outgoing transfer are packed.</summary>
/// <param name="TargetBytes">
/// A message is closed when it has grown to this size. Compression reaches 16 KiB back, so much larger messages gain little.
/// </param>
/// <param name="ReservedBytes">Bytes kept free at the end of each message for its TSIG.</param>
/// <param name="OneRecordPerMessage">The format for very old secondaries.</param>
public readonly record struct AxfrWriterOptions(int TargetBytes = 16 * 1024, int ReservedBytes = 0, bool OneRecordPerMessage = false);

/// <summary>
/// Turns a content into the messages of an AXFR answer (RFC 5936 section 2.2): the question in the first, the SOA first and last.
/// Also answers an IXFR in the style of an AXFR. The caller frames, signs and sends, at the pace of its client.
/// </summary>
public sealed class AxfrWriter : IDisposable
{
    private readonly byte[] _request;
    private readonly AxfrWriterOptions _options;
    private readonly RecordStream _records;

    // Rented for the first record that has to wait for the next message, which most zones never have.
    private byte[] _pending = [];
    private int _pendingLength;
    private bool _isDisposed;
    private byte[] _soa = [];
    private bool _isFirstMessage = true;
    private bool _isClosingDue;
    private bool _isDone;

    /// <summary>Starts an answer to a request that holds one question.</summary>
    public AxfrWriter(ZoneContent content, ReadOnlySpan<byte> request, AxfrWriterOptions options)
        : this(content.Open(), request, options)
    {
    }

    /// <summary>
    /// Starts an answer from records that begin with the SOA of the version they lead to: those of a zone, or for an IXFR the steps of
    /// differences behind that SOA. The records are disposed with this object.
    /// </summary>
    public AxfrWriter(RecordStream records, ReadOnlySpan<byte> request, AxfrWriterOptions options)
    {
        _request = request.ToArray();
        _options = options.TargetBytes == 0 ? new AxfrWriterOptions(ReservedBytes: options.ReservedBytes) : options;
        _records = records;
    }

    /// <summary>
    /// Why no whole answer can be given: the content is damaged, or a record fits no message. The connection is then to be closed, so
    /// that the client sees a transfer without its end.
    /// </summary>
    public ZoneContentError Error { get; private set; }

    /// <summary>Records written so far, both SOAs included.</summary>
    public long RecordCount { get; private set; }

    /// <summary>Whether the closing SOA was written.</summary>
    public bool IsDone => _isDone;

    /// <summary>Writes the next message; 0 when all is written or <see cref="Error"/> is set.</summary>
    /// <param name="buffer">65535 bytes hold every message.</param>
    /// <param name="optBytes">
    /// Bytes kept free for an OPT. In a message after the first a record that would fit no message has them: there the OPT is left out.
    /// </param>
    public int WriteNext(Span<byte> buffer, int optBytes = 0)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isDone || Error != ZoneContentError.None)
            return 0;
        MessageHeader.TryRead(_request, out MessageHeader head);
        var writer = new MessageWriter(buffer, head.Id, head.ReplyFlags(ResponseCode.NoError, authoritative: true));
        if (_isFirstMessage && !writer.TryEchoQuestions(_request))
            return Fail(ZoneContentError.Truncated);
        writer.Reserve(_options.ReservedBytes + optBytes);
        bool mayLackOpt = !_isFirstMessage;
        _isFirstMessage = false;
        int written = 0;
        while (TryPeek(out StoredRecord record))
        {
            if (!TryWrite(ref writer, record))
            {
                if (written > 0)
                    return Keep(record, writer.Length);
                if (mayLackOpt)
                    writer.Reserve(_options.ReservedBytes);
                // A record that finds no room in an empty message never will.
                if (!mayLackOpt || !TryWrite(ref writer, record))
                    return Fail(ZoneContentError.RecordFitsNoMessage);
            }
            Taken();
            written++;
            if (_options.OneRecordPerMessage || writer.Length >= _options.TargetBytes)
                break;
        }
        return Error == ZoneContentError.None ? writer.Length : 0;
    }

    /// <summary>Closes the content and returns the buffer.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _records.Dispose();
        GiveBack();
    }

    private static bool TryWrite(ref MessageWriter writer, in StoredRecord record) =>
        writer.TryWriteRecord(MessageSection.Answer, record.Owner, record.Type, record.Class, record.Ttl, record.Rdata);

    private bool TryPeek(out StoredRecord record)
    {
        record = default;
        if (_isDone)
            return false;
        if (_pendingLength > 0)
            return StoredRecord.Read(_pending.AsSpan(0, _pendingLength), out record) == ZoneContentError.None;
        if (_records.TryRead(out record))
        {
            if (_soa.Length == 0)
                _soa = record.Whole.ToArray();
            return true;
        }
        Error = _soa.Length == 0 ? ZoneContentError.NoStartOfAuthority : _records.Error;
        _isClosingDue = true;
        return Error == ZoneContentError.None && StoredRecord.Read(_soa, out record) == ZoneContentError.None;
    }

    private void Taken()
    {
        RecordCount++;
        _pendingLength = 0;
        _isDone = _isClosingDue;
    }

    private int Keep(in StoredRecord record, int messageLength)
    {
        // A record that was kept for this message and did not fit lies in its place already.
        if (_pendingLength == 0)
        {
            if (_pending.Length < record.Whole.Length)
            {
                GiveBack();
                _pending = ArrayPool<byte>.Shared.Rent(record.Whole.Length);
            }

            record.Whole.CopyTo(_pending);
            _pendingLength = record.Whole.Length;
        }
        return messageLength;
    }

    private void GiveBack()
    {
        if (_pending.Length > 0)
            ArrayPool<byte>.Shared.Return(_pending);
        _pending = [];
    }

    private int Fail(ZoneContentError error)
    {
        Error = error;
        return 0;
    }
}
