using System.Text;
using System.Text.Unicode;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>Reads the fields of one thing; null when it is not whole.</summary>
internal delegate T? FieldFunction<out T>(ref FieldReader reader)
    where T : class;

/// <summary>What the reading of a message needs from outside, and what it found besides the message.</summary>
internal sealed class ReadContext
{
    /// <summary>Gives a content that is at hand; null when it has to be fetched.</summary>
    public Func<ZoneFacts, ZoneContent?>? FindContent { get; init; }

    /// <summary>A content that the message refers to and that is not at hand.</summary>
    public ZoneFacts? Missing { get; set; }

    /// <summary>A message of a kind that this program does not know stands inside.</summary>
    public bool HasUnknownKind { get; set; }
}

/// <summary>
/// Reads numbered fields out of octets that may be anything. The first thing that is wrong breaks the reader: then there are no more
/// fields, and what was read is worth nothing. Nothing is ever allocated that is larger than the octets that are there.
/// </summary>
internal ref struct FieldReader(ReadOnlySpan<byte> octets, ReadContext context)
{
    private ReadOnlySpan<byte> _rest = octets;
    private ReadOnlySpan<byte> _value;
    private ulong _number;
    private FieldShape _shape;

    /// <summary>The octets are not what they should be.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Number of the field at hand.</summary>
    public int Field { get; private set; }

    public readonly ReadContext Context => context;

    /// <summary>Goes to the next field; false at the end and when broken.</summary>
    public bool Next()
    {
        if (IsBroken || _rest.IsEmpty) return false;
        if (!TryVarint(out ulong tag) || tag >> 3 is 0 or > int.MaxValue || !TryVarint(out _number)) return Break();
        Field = (int)(tag >> 3);
        _shape = (FieldShape)(tag & 7);
        if (_shape == FieldShape.Number) return true;
        if (_shape != FieldShape.Octets || _number > (ulong)_rest.Length) return Break();
        _value = _rest[..(int)_number];
        _rest = _rest[(int)_number..];
        return true;
    }

    /// <summary>Notes that the field at hand is impossible; always false.</summary>
    public bool Break()
    {
        IsBroken = true;
        _rest = default;
        return false;
    }

    public ulong Unsigned()
    {
        if (_shape != FieldShape.Number) Break();
        return _number;
    }

    public long Signed()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int Int32() => Within(Signed(), int.MinValue, int.MaxValue) is { } value ? (int)value : 0;

    public uint UInt32()
    {
        ulong value = Unsigned();
        if (value > uint.MaxValue) Break();
        return (uint)value;
    }

    /// <summary>A number of an enumeration whose values go from 0 to <paramref name="largest"/>.</summary>
    public int Choice(int largest)
    {
        ulong value = Unsigned();
        if (value <= (ulong)largest) return (int)value;
        Break();
        return 0;
    }

    public bool Flag() => Choice(1) == 1;

    public ReadOnlySpan<byte> Octets()
    {
        if (_shape != FieldShape.Octets) Break();
        return IsBroken ? default : _value;
    }

    public string Text()
    {
        ReadOnlySpan<byte> utf8 = Octets();
        if (Utf8.IsValid(utf8)) return Encoding.UTF8.GetString(utf8);
        Break();
        return "";
    }

    public DomainName? Name()
    {
        if (!DomainName.TryFromWire(Octets(), out DomainName? name)) Break();
        return name;
    }

    public Guid Id()
    {
        ReadOnlySpan<byte> value = Octets();
        if (value.Length == 16) return new Guid(value, bigEndian: true);
        Break();
        return default;
    }

    public DateTimeOffset? Instant() =>
        Within(Signed(), DateTimeOffset.MinValue.Ticks, DateTimeOffset.MaxValue.Ticks) is { } ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    public Reason? Why() => Nested(static (ref FieldReader reader) =>
    {
        string? code = null;
        string? text = null;
        while (reader.Next())
        {
            if (reader.Field == 1) code = reader.Text();
            else if (reader.Field == 2) text = reader.Text();
        }
        return code is null || text is null ? null : new Reason(code, text);
    });

    /// <summary>Fields within the field at hand.</summary>
    public T? Nested<T>(FieldFunction<T> read)
        where T : class
    {
        var inner = new FieldReader(Octets(), Context);
        T? value = IsBroken ? null : read(ref inner);
        if (value is not null && !inner.IsBroken) return value;
        Break();
        return null;
    }

    private long? Within(long value, long smallest, long largest)
    {
        if (value >= smallest && value <= largest) return value;
        Break();
        return null;
    }

    private bool TryVarint(out ulong value)
    {
        value = 0;
        for (int i = 0; i < _rest.Length && i < 10; i++)
        {
            byte octet = _rest[i];
            if (i == 9 && octet > 1) return false;
            value |= (ulong)(octet & 0x7F) << (7 * i);
            if (octet >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return true;
        }
        return false;
    }
}
