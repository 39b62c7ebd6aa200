using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Tinydns;

/// <summary>
/// A resource record as tinydns has it in data.cdb. Key: the owner in lower case; of a wildcard what stands behind the <c>*</c>. Data:
/// type, a mark (<c>=</c>, or <c>*</c> of a wildcard), TTL, eight octets of a time that we do not use, and RDATA.
/// </summary>
internal static class TinydnsRecord
{
    /// <summary>The longest data that tinydns reads.</summary>
    public const int DataMax = 32767;

    /// <summary>What stands before the RDATA.</summary>
    public const int HeadSize = 15;

    private const byte Mark = (byte)'=';
    private const byte WildcardMark = (byte)'*';
    private const int MarkAt = 2;
    private const int TtlAt = 3;
    private const int WildcardLabelSize = 2;

    /// <summary>What a record takes of the database.</summary>
    public static long SizeOf(in StoredRecord record) =>
        CdbWriter.SizeOf(KeyIn(record.Owner).Length, HeadSize + record.Rdata.Length);

    /// <summary>Adds a record to the database.</summary>
    /// <param name="writer">The database.</param>
    /// <param name="record">One within <see cref="TinydnsContentRules.Limits"/>.</param>
    /// <param name="data">Room for <see cref="DataMax"/> octets.</param>
    /// <exception cref="IOException">The database is full or cannot be written.</exception>
    public static void AddTo(CdbWriter writer, in StoredRecord record, Span<byte> data)
    {
        Span<byte> key = stackalloc byte[NameReader.MaximumLength];
        ReadOnlySpan<byte> name = KeyIn(record.Owner);
        name.CopyTo(key);
        key = key[..name.Length];
        NameBytes.Fold(key);
        data = data[..(HeadSize + record.Rdata.Length)];
        data.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(data, (ushort)record.Type);
        data[MarkAt] = name.Length == record.Owner.Length ? Mark : WildcardMark;
        BinaryPrimitives.WriteUInt32BigEndian(data[TtlAt..], record.Ttl);
        record.Rdata.CopyTo(data[HeadSize..]);
        writer.Add(key, data);
    }

    /// <summary>The key of a zone's own records.</summary>
    public static byte[] KeyOf(DomainName zone)
    {
        byte[] key = zone.Wire.ToArray();
        NameBytes.Fold(key);
        return key;
    }

    /// <summary>The serial when the data are those of a SOA.</summary>
    public static bool TryReadSerial(ReadOnlySpan<byte> data, [NotNullWhen(true)] out uint? serial)
    {
        const int Timers = 20;
        serial = null;
        if (data.Length < HeadSize + Timers || data[MarkAt] != Mark)
            return false;
        if ((RecordType)BinaryPrimitives.ReadUInt16BigEndian(data) != RecordType.SOA)
            return false;
        serial = BinaryPrimitives.ReadUInt32BigEndian(data[^Timers..]);
        return true;
    }

    private static ReadOnlySpan<byte> KeyIn(ReadOnlySpan<byte> owner) =>
        owner.StartsWith("\u0001*"u8) ? owner[WildcardLabelSize..] : owner;
}
