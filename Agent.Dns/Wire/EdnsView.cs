using System.Buffers.Binary;

namespace Agent.Dns.Wire;

/// <summary>What an OPT record says (RFC 6891), in place in its message.</summary>
public readonly ref struct EdnsView
{
    /// <summary>DO, the top bit of the extended flags: send DNSSEC records (RFC 3225).</summary>
    internal const uint DnssecOkFlag = 0x8000;

    private const int OptionHead = 4;
    private const int TtlExtendedCodeShift = 24;
    private const int TtlVersionShift = 16;
    private const int LowResponseCodeBits = 4;
    private readonly uint _ttl;

    private EdnsView(ushort payloadSize, uint ttl, ReadOnlySpan<byte> options)
    {
        IsPresent = true;
        PayloadSize = payloadSize;
        _ttl = ttl;
        Options = options;
    }

    /// <summary>False for the default value: the message has no OPT.</summary>
    public bool IsPresent { get; }

    /// <summary>The largest UDP payload the sender takes, as written; values below 512 mean 512.</summary>
    public ushort PayloadSize { get; }

    /// <summary>The EDNS version; only 0 exists.</summary>
    public byte Version => (byte)(_ttl >> TtlVersionShift);

    /// <summary>DO: the sender wants DNSSEC records.</summary>
    public bool DnssecOk => (_ttl & DnssecOkFlag) != 0;

    /// <summary>All options as they stand on the wire; their lengths are checked.</summary>
    public ReadOnlySpan<byte> Options { get; }

    /// <summary>Joins the OPT's upper bits to the four bits of the header.</summary>
    public ResponseCode ExtendResponseCode(ResponseCode low) =>
        (ResponseCode)(((_ttl >> TtlExtendedCodeShift) << LowResponseCodeBits) | ((uint)low & 0xF));

    /// <summary>Reads an OPT record: at the root, in the additional section, filled exactly by its options.</summary>
    public static WireError Read(scoped in RecordView record, out EdnsView edns)
    {
        edns = default;
        if (record.Section != MessageSection.Additional || record.Message[record.OwnerOffset] != 0) return WireError.BadOpt;
        var options = record.Rdata;
        while (!options.IsEmpty)
        {
            if (!TryTakeOption(ref options, out _, out _)) return WireError.BadOpt;
        }

        edns = new EdnsView((ushort)record.Class, record.Ttl, record.Rdata);
        return WireError.None;
    }

    /// <summary>Walks a whole message for its OPT. Finds also the errors of the records around it, and a second OPT.</summary>
    /// <param name="edns">Not present if the message has none.</param>
    public static WireError Find(ReadOnlySpan<byte> message, out EdnsView edns)
    {
        edns = default;
        var reader = new MessageReader(message);
        while (reader.TryReadRecord(out var record))
        {
            if (record.Type != RecordType.OPT) continue;
            if (edns.IsPresent) return WireError.DuplicateOpt;
            var error = Read(record, out edns);
            if (error != WireError.None) return error;
        }

        return reader.Error;
    }

    /// <summary>Finds the first option of a code.</summary>
    public bool TryGetOption(EdnsOptionCode code, out ReadOnlySpan<byte> value)
    {
        var options = Options;
        while (TryTakeOption(ref options, out var found, out value))
        {
            if (found == code) return true;
        }

        value = default;
        return false;
    }

    /// <summary>How long a zone may be served (RFC 7314); null when the answer does not say it.</summary>
    public TimeSpan? Expire => IsPresent && TryGetOption(EdnsOptionCode.Expire, out var value) && value.Length == sizeof(uint)
        ? TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(value))
        : null;

    /// <summary>Takes the first option off <paramref name="options"/>; false if nothing (whole) is left.</summary>
    public static bool TryTakeOption(scoped ref ReadOnlySpan<byte> options, out EdnsOptionCode code, out ReadOnlySpan<byte> value)
    {
        code = default;
        value = default;
        if (options.Length < OptionHead) return false;
        code = (EdnsOptionCode)BinaryPrimitives.ReadUInt16BigEndian(options);
        int length = BinaryPrimitives.ReadUInt16BigEndian(options[2..]);
        if (OptionHead + length > options.Length) return false;
        value = options.Slice(OptionHead, length);
        options = options[(OptionHead + length)..];
        return true;
    }

    /// <summary>The first extended error (RFC 8914): its code and its text in UTF-8, which may be empty and comes from outside.</summary>
    public bool TryGetExtendedError(out ExtendedErrorCode code, out ReadOnlySpan<byte> text)
    {
        code = default;
        text = default;
        if (!TryGetOption(EdnsOptionCode.ExtendedError, out var value) || value.Length < 2) return false;
        code = (ExtendedErrorCode)BinaryPrimitives.ReadUInt16BigEndian(value);
        text = value[2..];
        return true;
    }
}
