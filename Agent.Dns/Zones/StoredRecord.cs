using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// One uncompressed resource record inside a buffer: owner, type, class, TTL, RDLENGTH, RDATA (RFC 1035 section 3.2.1).
/// Valid until the stream that gave it reads on.
/// </summary>
public readonly ref struct StoredRecord
{
    /// <summary>Bytes between owner and RDATA.</summary>
    public const int FixedSize = 10;

    /// <summary>The most bytes of one record.</summary>
    public const int MaximumSize = NameReader.MaximumLength + FixedSize + ushort.MaxValue;

    private readonly int _ownerLength;

    private StoredRecord(ReadOnlySpan<byte> whole, int ownerLength)
    {
        Whole = whole;
        _ownerLength = ownerLength;
    }

    /// <summary>All bytes of the record.</summary>
    public ReadOnlySpan<byte> Whole { get; }

    /// <summary>The owner's uncompressed name, case as received.</summary>
    public ReadOnlySpan<byte> Owner => Whole[.._ownerLength];

    /// <summary>The record's type.</summary>
    public RecordType Type => (RecordType)BinaryPrimitives.ReadUInt16BigEndian(Whole[_ownerLength..]);

    /// <summary>The record's class.</summary>
    public RecordClass Class => (RecordClass)BinaryPrimitives.ReadUInt16BigEndian(Whole[(_ownerLength + 2)..]);

    /// <summary>The time to live in seconds, as received.</summary>
    public uint Ttl => BinaryPrimitives.ReadUInt32BigEndian(Whole[(_ownerLength + 4)..]);

    /// <summary>The RDATA, its names uncompressed.</summary>
    public ReadOnlySpan<byte> Rdata => Whole[(_ownerLength + FixedSize)..];

    /// <summary>
    /// Reads the record at the start of a span. <see cref="ZoneContentError.Truncated"/> means that more bytes are needed,
    /// <see cref="ZoneContentError.BadName"/> that none would help.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ZoneContentError Read(ReadOnlySpan<byte> bytes, out StoredRecord record)
    {
        record = default;
        if (!NameBytes.TryMeasure(bytes, out int ownerLength))
            return IsCutName(bytes) ? ZoneContentError.Truncated : ZoneContentError.BadName;
        if (bytes.Length < ownerLength + FixedSize)
            return ZoneContentError.Truncated;
        int size = ownerLength + FixedSize + BinaryPrimitives.ReadUInt16BigEndian(bytes[(ownerLength + 8)..]);
        if (bytes.Length < size)
            return ZoneContentError.Truncated;
        record = new StoredRecord(bytes[..size], ownerLength);
        return ZoneContentError.None;
    }

    /// <summary>A record whose bytes were just written, so that its owner need not be measured again.</summary>
    internal static StoredRecord Written(ReadOnlySpan<byte> whole, int ownerLength) => new(whole, ownerLength);

    /// <summary>Writes a record's bytes; the number of bytes, or 0 when the destination is too small.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Write(
        Span<byte> destination, ReadOnlySpan<byte> owner, RecordType type, RecordClass @class, uint ttl, ReadOnlySpan<byte> rdata)
    {
        int size = owner.Length + FixedSize + rdata.Length;
        if (rdata.Length > ushort.MaxValue || destination.Length < size)
            return 0;
        owner.CopyTo(destination);
        WriteFixed(destination[owner.Length..], type, @class, ttl, rdata.Length);
        rdata.CopyTo(destination[(owner.Length + FixedSize)..]);
        return size;
    }

    /// <summary>Writes what stands between owner and RDATA: <see cref="FixedSize"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void WriteFixed(Span<byte> destination, RecordType type, RecordClass @class, uint ttl, int rdataLength)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)@class);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], ttl);
        BinaryPrimitives.WriteUInt16BigEndian(destination[8..], (ushort)rdataLength);
    }

    private static bool IsCutName(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && bytes[at] is > 0 and <= 63 && at <= NameReader.MaximumLength)
            at += bytes[at] + 1;
        return at >= bytes.Length && at < NameReader.MaximumLength;
    }
}
