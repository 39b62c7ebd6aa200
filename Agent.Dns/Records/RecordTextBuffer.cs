using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>
/// A growing buffer for master file text. One instance serves a million records: write some, take <see cref="Written"/>,
/// <see cref="Clear"/>, go on. Not for use by two threads at once.
/// </summary>
public sealed class RecordTextBuffer : IBufferWriter<byte>, IDisposable
{
    private const int SmallestGrowth = 256;
    private byte[] _bytes;

    /// <summary>Rents room from the shared pool.</summary>
    public RecordTextBuffer(int initialBytes = 32 * 1024) => _bytes = ArrayPool<byte>.Shared.Rent(initialBytes);

    /// <summary>Bytes written and not cleared.</summary>
    public int Length { get; private set; }

    /// <summary>The text so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>The text so far, for asynchronous writes; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    /// <summary>Forgets the text and keeps the room.</summary>
    public void Clear() => Length = 0;

    /// <summary>Takes back what was written since the buffer had this length.</summary>
    public void TruncateTo(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - Length);
        Length += count;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    /// <summary>Appends one byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(byte value)
    {
        Ensure(1);
        _bytes[Length++] = value;
    }

    /// <summary>Appends bytes as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<byte> text)
    {
        Ensure(text.Length);
        text.CopyTo(_bytes.AsSpan(Length));
        Length += text.Length;
    }

    /// <summary>Appends a decimal number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void WriteNumber(ulong value)
    {
        const int LongestNumber = 20;
        Utf8Formatter.TryFormat(value, GetSpan(LongestNumber), out var written);
        Length += written;
    }

    /// <summary>Appends the decimal number of an octet: a part of an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void WriteOctet(byte value)
    {
        Ensure(3);
        if (value >= 100) _bytes[Length++] = (byte)('0' + (value / 100));
        if (value >= 10) _bytes[Length++] = (byte)('0' + (value / 10 % 10));
        _bytes[Length++] = (byte)('0' + (value % 10));
    }

    /// <summary>Appends a decimal number with at least so many digits.</summary>
    public void WriteNumber(uint value, int digits)
    {
        Utf8Formatter.TryFormat(value, GetSpan(digits + 10), out var written, new StandardFormat('D', (byte)digits));
        Length += written;
    }

    /// <summary>The name that <see cref="WriteRelativeName"/> leaves away; null for none.</summary>
    internal DomainName? Origin { get; set; }

    /// <summary>Appends a name with its final dot.</summary>
    public void WriteName(ReadOnlySpan<byte> wire) => Length += NameText.Write(wire, GetSpan(NameText.MaximumLength), forMasterFile: true);

    /// <summary>
    /// Appends a name without the <see cref="Origin"/>, or whole: where there is no origin, the name does not lie below it in the same
    /// letters, or an escape is needed, which alone (<c>\#</c>) might mean something else.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void WriteRelativeName(ReadOnlySpan<byte> wire)
    {
        var start = Length;
        WriteName(wire);
        if (Origin is not { } origin || !IsBelow(wire, origin.Wire)) return;
        var text = _bytes.AsSpan(start, Length - start);
        if (text.Contains((byte)'\\')) return;
        // Without escapes a label has as many characters, its dot counted, as it has octets.
        Length = start + wire.Length - origin.Wire.Length - 1;
    }

    /// <summary>Appends upper-case hexadecimal digits.</summary>
    public void WriteHex(ReadOnlySpan<byte> bytes)
    {
        Convert.TryToHexString(bytes, GetSpan(bytes.Length * 2), out var written);
        Length += written;
    }

    /// <summary>Appends base64 with padding (RFC 4648 4).</summary>
    public void WriteBase64(ReadOnlySpan<byte> bytes)
    {
        Base64.EncodeToUtf8(bytes, GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        Length += written;
    }

    /// <summary>Gives the room back to the pool.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsBelow(ReadOnlySpan<byte> name, ReadOnlySpan<byte> origin)
    {
        if (!name.EndsWith(origin)) return false;
        // The octets may agree in the middle of a label.
        var position = 0;
        while (name.Length - position > origin.Length) position += name[position] + 1;
        return position > 0 && name.Length - position == origin.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int bytes)
    {
        if (_bytes.Length - Length < bytes) Grow(bytes);
    }

    private void Grow(int bytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + Math.Max(bytes, SmallestGrowth)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
