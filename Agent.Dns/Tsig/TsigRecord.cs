using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>A TSIG record in place in its message (RFC 8945 4.2).</summary>
public readonly ref struct TsigRecord
{
    /// <summary>Bytes of the 48-bit time.</summary>
    internal const int TimeBytes = 6;

    /// <summary>Bytes of a record besides the two names, the MAC and the other data.</summary>
    internal const int FixedBytes = 10 + TimeBytes + 2 + 2 + 2 + 2 + 2;

    private TsigRecord(int offset, DomainName keyName, DomainName algorithmName)
    {
        Offset = offset;
        KeyName = keyName;
        AlgorithmName = algorithmName;
    }

    /// <summary>Where the record, always the last one, starts.</summary>
    public int Offset { get; }

    /// <summary>The key's name.</summary>
    public DomainName KeyName { get; }

    /// <summary>The algorithm's name.</summary>
    public DomainName AlgorithmName { get; }

    /// <summary>Seconds since 1970 at the signer, 48 bits.</summary>
    public ulong TimeSigned { get; private init; }

    /// <summary>Seconds that the clocks may differ.</summary>
    public ushort Fudge { get; private init; }

    /// <summary>The MAC; empty in error answers that could not be signed.</summary>
    public ReadOnlySpan<byte> Mac { get; private init; }

    /// <summary>The id the message had when it was signed; forwarders change the header's.</summary>
    public ushort OriginalId { get; private init; }

    /// <summary>The signer's error.</summary>
    public ResponseCode Error { get; private init; }

    /// <summary>With BADTIME the server's time.</summary>
    public ReadOnlySpan<byte> OtherData { get; private init; }

    /// <summary>The server's time, if that is what the other data holds.</summary>
    public ulong? ServerTime => Error == ResponseCode.BadTime && OtherData.Length == TimeBytes ? ReadTime(OtherData) : null;

    /// <summary>
    /// Finds the record: <see cref="TsigStatus.Unsigned"/> if there is none, <see cref="TsigStatus.Verified"/> if one was read (nothing is
    /// verified by this), <see cref="TsigStatus.Malformed"/> if it is malformed or not the last, or the message around it is malformed.
    /// </summary>
    public static TsigStatus Find(ReadOnlySpan<byte> message, out TsigRecord tsig)
    {
        tsig = default;
        var found = false;
        var reader = new MessageReader(message);
        while (reader.TryReadRecord(out var record))
        {
            if (found) return TsigStatus.Malformed;
            if (record.Type != RecordType.TSIG) continue;
            if (record.Section != MessageSection.Additional || !TryRead(record, out tsig)) return TsigStatus.Malformed;
            found = true;
        }

        if (!found && reader.Error == WireError.None) return TsigStatus.Unsigned;
        return reader.AtEnd ? TsigStatus.Verified : TsigStatus.Malformed;
    }

    private static bool TryRead(scoped in RecordView record, out TsigRecord tsig)
    {
        tsig = default;
        if (record.Class != RecordClass.ANY || record.Ttl != 0) return false;
        var rdata = record.Rdata;
        if (!TryName(record, out var keyName) || !NameBytes.TryMeasure(rdata, out var nameLength)) return false;
        if (!DomainName.TryFromWire(rdata[..nameLength], out var algorithmName)) return false;
        rdata = rdata[nameLength..];
        const int BeforeMac = TimeBytes + 2 + 2;
        const int AfterMac = 2 + 2 + 2;
        if (rdata.Length < BeforeMac + AfterMac) return false;
        int macLength = BinaryPrimitives.ReadUInt16BigEndian(rdata[(BeforeMac - 2)..]);
        if (rdata.Length < BeforeMac + macLength + AfterMac) return false;
        var tail = rdata[(BeforeMac + macLength)..];
        int otherLength = BinaryPrimitives.ReadUInt16BigEndian(tail[4..]);
        if (tail.Length != AfterMac + otherLength) return false;
        tsig = new TsigRecord(record.OwnerOffset, keyName, algorithmName)
        {
            TimeSigned = ReadTime(rdata),
            Fudge = BinaryPrimitives.ReadUInt16BigEndian(rdata[TimeBytes..]),
            Mac = rdata.Slice(BeforeMac, macLength),
            OriginalId = BinaryPrimitives.ReadUInt16BigEndian(tail),
            Error = (ResponseCode)BinaryPrimitives.ReadUInt16BigEndian(tail[2..]),
            OtherData = tail[AfterMac..],
        };
        return true;
    }

    internal static ulong ReadTime(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);

    internal static void WriteTime(Span<byte> bytes, ulong seconds)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(seconds >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)seconds);
    }

    private static bool TryName(in RecordView record, [NotNullWhen(true)] out DomainName? name)
    {
        Span<byte> wire = stackalloc byte[NameReader.MaximumLength];
        name = null;
        return record.TryCopyOwner(wire, out var length) && DomainName.TryFromWire(wire[..length], out name);
    }
}
