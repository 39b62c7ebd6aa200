namespace Agent.Dns.Zones;

/// <summary>Why bytes are not a zone's content.</summary>
public enum ZoneContentError : byte
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The bytes end inside a record.</summary>
    Truncated,

    /// <summary>An owner name is malformed.</summary>
    BadName,

    /// <summary>The first record is not the start of authority at the apex.</summary>
    NoStartOfAuthority,

    /// <summary>The start of authority cannot be read.</summary>
    BadStartOfAuthority,

    /// <summary>A second start of authority follows.</summary>
    SecondStartOfAuthority,

    /// <summary>A record's class is not IN.</summary>
    WrongClass,

    /// <summary>An owner name lies outside the zone.</summary>
    OutOfZone,

    /// <summary>A type that only questions or messages carry (OPT, TSIG, AXFR, ANY, ...).</summary>
    NotZoneData,

    /// <summary>The RDATA is longer than 65535 bytes.</summary>
    RdataTooLong,

    /// <summary>More records than the limit allows.</summary>
    TooManyRecords,

    /// <summary>More bytes than the limit allows.</summary>
    TooManyBytes,

    /// <summary>The content is whole, but not the one that was expected: its hash differs.</summary>
    WrongHash,

    /// <summary>A record fits no message, with what else the message must hold.</summary>
    RecordFitsNoMessage,
}

/// <summary>Words for <see cref="ZoneContentError"/>.</summary>
public static class ZoneContentErrors
{
    /// <summary>A sentence part that can stand in a log line or a reason.</summary>
    public static string Text(this ZoneContentError error) => error switch
    {
        ZoneContentError.None => "no error",
        ZoneContentError.Truncated => "the content ends inside a record",
        ZoneContentError.BadName => "an owner name is malformed",
        ZoneContentError.NoStartOfAuthority => "the first record is not the SOA of the zone",
        ZoneContentError.BadStartOfAuthority => "the SOA is malformed",
        ZoneContentError.SecondStartOfAuthority => "a second SOA is in the zone",
        ZoneContentError.WrongClass => "a record is not of class IN",
        ZoneContentError.OutOfZone => "an owner name lies outside the zone",
        ZoneContentError.NotZoneData => "a record of a type that no zone contains",
        ZoneContentError.RdataTooLong => "an RDATA is longer than 65535 bytes",
        ZoneContentError.TooManyRecords => "more records than the zone's limit",
        ZoneContentError.TooManyBytes => "more bytes than the zone's limit",
        ZoneContentError.WrongHash => "the content does not match its hash",
        ZoneContentError.RecordFitsNoMessage => "a record fits no message beside its header and signature",
        _ => error.ToString(),
    };
}
