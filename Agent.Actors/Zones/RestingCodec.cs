using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>Writes numbers, times and hashes of a row at rest one behind the other.</summary>
internal ref struct RestingWriter(Span<byte> octets)
{
    private readonly Span<byte> _octets = octets;
    private int _length;

    public void Octet(byte value) => _octets[_length++] = value;

    /// <summary>Seven bits to an octet, the lowest first; the highest bit says that more follow.</summary>
    public void Number(ulong value)
    {
        for (; value > 0x7F; value >>= 7) Octet((byte)(value | 0x80));
        Octet((byte)value);
    }

    /// <summary>Ticks of either sign; in milliseconds where they are whole, which the lowest bit says.</summary>
    public void Time(long ticks)
    {
        (long milliseconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerMillisecond);
        if (rest == 0) Number(Folded(milliseconds) << 1);
        else Number((Folded(ticks) << 1) | 1);
    }

    public void Hash(ContentHash hash)
    {
        hash.CopyTo(_octets.Slice(_length, ContentHash.Size));
        _length += ContentHash.Size;
    }

    public readonly byte[] ToArray() => _octets[.._length].ToArray();

    /// <summary>Small numbers of either sign become small ones without.</summary>
    private static ulong Folded(long value) => (ulong)((value << 1) ^ (value >> 63));
}

/// <summary>Reads what <see cref="RestingWriter"/> wrote.</summary>
internal ref struct RestingReader(ReadOnlySpan<byte> octets)
{
    private ReadOnlySpan<byte> _rest = octets;

    public byte Octet()
    {
        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte octet = Octet();
            value |= (ulong)(octet & 0x7F) << shift;
            if (octet < 0x80) return value;
        }
    }

    public long Time()
    {
        ulong value = Number();
        long number = Unfolded(value >> 1);
        return (value & 1) == 0 ? number * TimeSpan.TicksPerMillisecond : number;
    }

    public ContentHash Hash()
    {
        if (!ContentHash.TryFromBytes(_rest[..ContentHash.Size], out ContentHash hash)) throw new InvalidOperationException("no hash");
        _rest = _rest[ContentHash.Size..];
        return hash;
    }

    private static long Unfolded(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
