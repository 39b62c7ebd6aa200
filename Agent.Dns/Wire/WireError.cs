namespace Agent.Dns.Wire;

/// <summary>Why bytes could not be read or written as DNS. A value, never an exception: hostile bytes are ordinary input.</summary>
public enum WireError : byte
{
    /// <summary>All is well.</summary>
    None,

    /// <summary>The message ends inside a field.</summary>
    Truncated,

    /// <summary>A label starts with the bits 01 or 10, which no standard in use assigns.</summary>
    BadLabelType,

    /// <summary>A compression pointer does not point strictly backwards behind the header (RFC 1035 4.1.4).</summary>
    BadPointer,

    /// <summary>A name is longer than 255 bytes.</summary>
    NameTooLong,

    /// <summary>The RDATA does not have the shape of its type.</summary>
    BadRdata,

    /// <summary>An OPT record is not at the root, stands outside the additional section, or its options overrun it (RFC 6891).</summary>
    BadOpt,

    /// <summary>More than one OPT record (RFC 6891 6.1.1 demands FORMERR).</summary>
    DuplicateOpt,

    /// <summary>Bytes follow the last record that the header counts.</summary>
    TrailingBytes,

    /// <summary>The caller's buffer cannot hold the result.</summary>
    BufferTooSmall,
}
