using System.Buffers;
using System.Runtime.CompilerServices;

namespace Agent.Dns.Zones;

/// <summary>
/// Reads a content record by record, from memory or from a stream through one pooled buffer, without an allocation per record.
/// Damage ends the reading and leaves a value in <see cref="Error"/>. For one reader at a time.
/// </summary>
public sealed class RecordStream : IDisposable
{
    private readonly Stream? _source;
    private ReadOnlyMemory<byte> _memory;
    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>Reads bytes that lie in memory.</summary>
    public RecordStream(ReadOnlyMemory<byte> bytes)
    {
        _memory = bytes;
        _end = bytes.Length;
    }

    /// <summary>Reads a stream to its end and disposes it with this object.</summary>
    public RecordStream(Stream source)
    {
        _source = source;
        _buffer = ArrayPool<byte>.Shared.Rent(RecordRoom.FirstBytes);
        _memory = _buffer;
    }

    /// <summary>What stopped the reading; <see cref="ZoneContentError.None"/> while all is well and at the proper end.</summary>
    public ZoneContentError Error { get; private set; }

    /// <summary>Bytes handed out so far.</summary>
    public long Position { get; private set; }

    /// <summary>
    /// The next record, valid until the next call; false at the end and on damage (see <see cref="Error"/>).
    /// An exception of the underlying stream passes through.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRead(out StoredRecord record)
    {
        record = default;
        if (Error != ZoneContentError.None)
            return false;
        while (true)
        {
            ReadOnlySpan<byte> window = _memory.Span[_start.._end];
            ZoneContentError error = window.IsEmpty ? ZoneContentError.Truncated : StoredRecord.Read(window, out record);
            if (error == ZoneContentError.None)
            {
                _start += record.Whole.Length;
                Position += record.Whole.Length;
                return true;
            }
            if (error == ZoneContentError.Truncated && TryFill())
                continue;
            if (!window.IsEmpty)
                Error = error;
            return false;
        }
    }

    /// <summary>Returns the buffer and closes the source.</summary>
    public void Dispose()
    {
        _source?.Dispose();
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _memory = default;
        _start = _end = 0;
    }

    private bool TryFill()
    {
        if (_source is null || _buffer is null)
            return false;
        // Of a source that fills the first buffer more comes, mostly. Any other grows only for a record that does not fit.
        bool isLarge = _end == _buffer.Length && (_start == 0 || _buffer.Length < RecordRoom.UsualBytes);
        byte[] room = isLarge ? ArrayPool<byte>.Shared.Rent(RecordRoom.Above(_buffer.Length)) : _buffer;
        _buffer.AsSpan(_start.._end).CopyTo(room);
        _end -= _start;
        _start = 0;
        if (isLarge)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _memory = _buffer = room;
        }

        // If a record is not whole yet, there is room for more of it.
        int got = _source.Read(_buffer.AsSpan(_end));
        _end += got;
        return got > 0;
    }
}
