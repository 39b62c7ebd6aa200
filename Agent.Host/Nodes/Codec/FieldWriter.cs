using System.Buffers.Binary;
using System.Text;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Host.Nodes;

/// <summary>How the octets behind a field's tag are laid out; enough to pass over a field that is not known.</summary>
internal enum FieldShape
{
    /// <summary>A number of up to 64 bits, seven to an octet, lowest first.</summary>
    Number = 0,

    /// <summary>A length as such a number, and as many octets.</summary>
    Octets = 2,
}

/// <summary>
/// Writes numbered fields one after the other, in the wire format of protocol buffers (only numbers and octets). What is null is left out.
/// Never grows beyond its maximum: what would, leaves <see cref="IsTooLarge"/> and is worth nothing.
/// </summary>
/// <remarks>For one thread; used again after <see cref="Reset"/>.</remarks>
internal sealed class FieldWriter(int maximum)
{
    private const int NestedLengthSize = 4; // 28 bits; a fixed size spares moving what was nested

    private byte[] _buffer = new byte[256];
    private int _length;

    /// <summary>The most octets.</summary>
    public int Maximum => maximum;

    /// <summary>Something did not fit.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Collects what the message refers to and does not carry.</summary>
    public Action<Agent.Dns.Zones.ZoneContent>? Referred { get; set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public void Reset()
    {
        _length = 0;
        IsTooLarge = false;
        Referred = null;
        if (_buffer.Length > 65536) _buffer = new byte[256];
    }

    /// <summary>Octets that are no field: the head of a frame.</summary>
    public void Raw(ReadOnlySpan<byte> octets)
    {
        if (!TryReserve(octets.Length)) return;
        octets.CopyTo(_buffer.AsSpan(_length));
        _length += octets.Length;
    }

    /// <summary>Writes the length of all that follows the first four octets into them.</summary>
    public void CloseFrame() => BinaryPrimitives.WriteInt32BigEndian(_buffer, _length - sizeof(int));

    public void Unsigned(int field, ulong? value)
    {
        if (value is not { } number || !TryReserve(15)) return;
        Tag(field, FieldShape.Number);
        Varint(number);
    }

    /// <summary>A number that may be negative: small ones of either sign stay short.</summary>
    public void Signed(int field, long? value)
    {
        if (value is { } number) Unsigned(field, (ulong)((number << 1) ^ (number >> 63)));
    }

    public void Flag(int field, bool value) => Unsigned(field, value ? 1UL : 0UL);

    public void Text(int field, string? value)
    {
        if (value is null) return;
        int size = Encoding.UTF8.GetByteCount(value);
        if (!TryReserve(size + 10)) return;
        Tag(field, FieldShape.Octets);
        Varint((ulong)size);
        _length += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length));
    }

    public void Octets(int field, ReadOnlySpan<byte> value)
    {
        if (!TryReserve(value.Length + 10)) return;
        Tag(field, FieldShape.Octets);
        Varint((ulong)value.Length);
        Raw(value);
    }

    public void Name(int field, DomainName? value)
    {
        if (value is not null) Octets(field, value.Wire);
    }

    public void Id(int field, Guid value)
    {
        Span<byte> octets = stackalloc byte[16];
        value.TryWriteBytes(octets, bigEndian: true, out _);
        Octets(field, octets);
    }

    /// <summary>An instant, as ticks of universal time.</summary>
    public void Instant(int field, DateTimeOffset? value) => Signed(field, value?.UtcTicks);

    public void Why(int field, Reason? value) => Nested(field, value, static (writer, reason) =>
    {
        writer.Text(1, reason.Code);
        writer.Text(2, reason.Text);
    });

    /// <summary>Fields within a field.</summary>
    public void Nested<T>(int field, T? value, Action<FieldWriter, T> write)
        where T : class
    {
        if (value is null || !TryReserve(5 + NestedLengthSize)) return;
        Tag(field, FieldShape.Octets);
        int start = _length + NestedLengthSize;
        _length = start;
        write(this, value);
        if (IsTooLarge) return;
        uint length = (uint)(_length - start);
        Span<byte> place = _buffer.AsSpan(start - NestedLengthSize, NestedLengthSize);
        for (int i = 0; i < NestedLengthSize; i++, length >>= 7)
            place[i] = (byte)((length & 0x7F) | (i < NestedLengthSize - 1 ? 0x80u : 0u));
    }

    private void Tag(int field, FieldShape shape) => Varint(((ulong)field << 3) | (uint)shape);

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _buffer[_length++] = (byte)(value | 0x80);
        _buffer[_length++] = (byte)value;
    }

    private bool TryReserve(int size)
    {
        IsTooLarge |= size > maximum - _length;
        if (IsTooLarge) return false;
        if (_length + size > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_length + size, 2 * _buffer.Length));
        return true;
    }
}
