namespace Agent.Dns.Wire;

/// <summary>One record in place in its message: offsets and numbers, nothing copied.</summary>
/// <remarks>
/// Lives as long as the message's buffer. Its fixed fields are read and bounds checked; names in owner and RDATA are checked when copied.
/// </remarks>
public readonly ref struct RecordView
{
    internal RecordView(
        ReadOnlySpan<byte> message,
        MessageSection section,
        int ownerOffset,
        RecordType type,
        RecordClass recordClass,
        uint ttl,
        int rdataOffset,
        int rdataLength)
    {
        Message = message;
        Section = section;
        OwnerOffset = ownerOffset;
        Type = type;
        Class = recordClass;
        Ttl = ttl;
        RdataOffset = rdataOffset;
        RdataLength = rdataLength;
    }

    /// <summary>The whole message, which compression pointers refer to.</summary>
    public ReadOnlySpan<byte> Message { get; }

    /// <summary>The section the record stands in.</summary>
    public MessageSection Section { get; }

    /// <summary>Where the owner name, and with it the record, starts.</summary>
    public int OwnerOffset { get; }

    /// <summary>The type, known or not.</summary>
    public RecordType Type { get; }

    /// <summary>The class; in OPT the payload size.</summary>
    public RecordClass Class { get; }

    /// <summary>The field as it stands on the wire; in OPT the extended flags.</summary>
    public uint Ttl { get; }

    /// <summary>The time to live in seconds: a value with the top bit set means zero (RFC 2181 8).</summary>
    public uint TtlSeconds => Ttl > int.MaxValue ? 0 : Ttl;

    /// <summary>Where the RDATA starts.</summary>
    public int RdataOffset { get; }

    /// <summary>Bytes of RDATA on the wire.</summary>
    public int RdataLength { get; }

    /// <summary>The RDATA as it stands on the wire: names in it may be compressed. <see cref="RdataExpander"/> undoes that.</summary>
    public ReadOnlySpan<byte> Rdata => Message.Slice(RdataOffset, RdataLength);

    /// <summary>Copies the owner without compression into room for 255 bytes; false if the name is malformed.</summary>
    public bool TryCopyOwner(Span<byte> destination, out int length)
    {
        var offset = OwnerOffset;
        return NameReader.Read(Message, ref offset, destination, out length) == WireError.None;
    }

    /// <summary>Compares the owner with an uncompressed name, case folded.</summary>
    public bool OwnerEquals(ReadOnlySpan<byte> wire) => NameReader.Matches(Message, OwnerOffset, wire);
}
