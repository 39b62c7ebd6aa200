using System.Buffers;
using System.Buffers.Binary;

namespace Agent.Dns.Net;

/// <summary>Cuts a TCP byte stream into DNS messages, each behind its length in two octets (RFC 1035 section 4.2.2).</summary>
/// <remarks>
/// Owned by one reader. The buffer starts small, grows only as far as the announced message needs once its octets really arrive, and
/// never beyond the given limit. Pieces may be cut anywhere, also inside the length.
/// </remarks>
public sealed class TcpFramer : IDisposable
{
    /// <summary>Octets in front of each message.</summary>
    public const int PrefixBytes = 2;

    private const int InitialBytes = 2048;

    private readonly int _messageBytesMax;
    private byte[] _buffer;
    private int _start;
    private int _end;

    /// <summary>Starts with an empty stream.</summary>
    /// <param name="messageBytesMax">Longer announced messages break the stream; 12 to 65535.</param>
    public TcpFramer(int messageBytesMax = ushort.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messageBytesMax, 12);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(messageBytesMax, ushort.MaxValue);
        _messageBytesMax = messageBytesMax;
        _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
    }

    /// <summary>Whether a message has begun and is not complete.</summary>
    public bool IsInsideMessage => _end > _start;

    /// <summary>Whether the peer announced a message beyond the limit; the connection is then of no further use.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The free room to receive into; never empty while the stream is not broken and all complete messages were taken.</summary>
    public Memory<byte> ReceiveBuffer
    {
        get
        {
            Compact();
            if (_end == _buffer.Length)
            {
                Grow();
            }
            return _buffer.AsMemory(_end);
        }
    }

    /// <summary>Takes note of octets received into <see cref="ReceiveBuffer"/>.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _end);
        _end += count;
    }

    /// <summary>Takes the next complete message.</summary>
    /// <param name="message">Its octets without the length, valid until the next call of <see cref="ReceiveBuffer"/>.</param>
    /// <returns>False when more octets are needed or the stream is broken.</returns>
    public bool TryRead(out ReadOnlyMemory<byte> message)
    {
        message = default;
        if (IsBroken || _end - _start < PrefixBytes)
        {
            return false;
        }
        int length = BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start));
        if (length > _messageBytesMax)
        {
            IsBroken = true;
            return false;
        }
        if (_end - _start - PrefixBytes < length)
        {
            return false;
        }
        message = _buffer.AsMemory(_start + PrefixBytes, length);
        _start += PrefixBytes + length;
        return true;
    }

    /// <summary>Writes the length in front of a message that stands at offset 2 of <paramref name="frame"/>.</summary>
    /// <returns>The octets of the frame.</returns>
    public static int Seal(Span<byte> frame, int messageLength)
    {
        BinaryPrimitives.WriteUInt16BigEndian(frame, checked((ushort)messageLength));
        return PrefixBytes + messageLength;
    }

    /// <summary>Returns the buffer.</summary>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _end = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Compact()
    {
        if (_start == 0)
        {
            return;
        }
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
    }

    private void Grow()
    {
        // Doubling follows the octets that arrived, not the length that was announced: announcing costs the peer nothing.
        int wanted = Math.Min(_buffer.Length * 2, Math.Max(_messageBytesMax + PrefixBytes, _buffer.Length + 1));
        byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
