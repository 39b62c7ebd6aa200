using Agent.Dns.Wire;

namespace Agent.Dns.Transfers;

/// <summary>Why a transfer did not end well. Section numbers are those of RFC 5936 unless another is named.</summary>
public enum XfrError : byte
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The message is shorter than a header or cannot be read.</summary>
    BadMessage,

    /// <summary>QR is not set (2.2.1).</summary>
    NotAResponse,

    /// <summary>The id is not that of the request (2.2.1).</summary>
    WrongId,

    /// <summary>The opcode is not QUERY (2.2.1).</summary>
    WrongOpcode,

    /// <summary>TC is set where TCP leaves no reason for it (2.2.1).</summary>
    Truncated,

    /// <summary>The first message has no question, or a message has more than one (2.2.2).</summary>
    WrongQuestionCount,

    /// <summary>The question is not the one that was asked (2.2.2).</summary>
    WrongQuestion,

    /// <summary>The authority section is not empty (2.2.4).</summary>
    AuthorityNotEmpty,

    /// <summary>The master refused: REFUSED or NOTAUTH.</summary>
    Refused,

    /// <summary>The master answered with another error code.</summary>
    ErrorCode,

    /// <summary>The first message has no answer.</summary>
    EmptyAnswer,

    /// <summary>Too many messages without an answer.</summary>
    TooManyEmptyMessages,

    /// <summary>The first record is not a SOA (2.2).</summary>
    FirstRecordNotSoa,

    /// <summary>A SOA stands at another name than the apex.</summary>
    SoaNotAtApex,

    /// <summary>The SOA cannot be read.</summary>
    BadSoa,

    /// <summary>The closing SOA has the first one's serial but differs from it (2.2).</summary>
    ClosingSoaDiffers,

    /// <summary>A SOA with another serial stands among the records of a whole zone.</summary>
    SerialChangedInside,

    /// <summary>The serial is older than the one that must not be gone behind.</summary>
    SerialWentBack,

    /// <summary>A record's owner or RDATA is malformed.</summary>
    BadRecord,

    /// <summary>A record is not of class IN.</summary>
    WrongClass,

    /// <summary>A type that no zone contains (OPT, ANY, ...).</summary>
    NotZoneData,

    /// <summary>An owner lies outside the zone, and the policy is not to drop it (3.5).</summary>
    OutOfZone,

    /// <summary>Records or messages follow the closing SOA (2.2).</summary>
    RecordsAfterEnd,

    /// <summary>Bytes follow the last record of a message.</summary>
    TrailingBytes,

    /// <summary>More records than the zone may have.</summary>
    TooManyRecords,

    /// <summary>More bytes than the zone may have.</summary>
    TooManyBytes,

    /// <summary>A difference does not begin at our serial or at the end of the one before (RFC 1995 section 4).</summary>
    DeltaChainBroken,

    /// <summary>A difference leads to a serial that is not newer, or beyond the final one (RFC 1995 section 4).</summary>
    DeltaOrder,

    /// <summary>Who takes the records refused one.</summary>
    SinkRefused,

    /// <summary>A signature is missing or bad (RFC 8945).</summary>
    BadSignature,

    /// <summary>The stream ended before the closing SOA.</summary>
    ConnectionEnded,
}

/// <summary>Words and reason codes for <see cref="XfrError"/>.</summary>
public static class XfrErrors
{
    /// <summary>The stable reason code that users see: <c>transfer-refused</c> or <c>transfer-broken</c>.</summary>
    public static string ReasonCode(this XfrError error) => error switch
    {
        XfrError.Refused or XfrError.ErrorCode => "transfer-refused",
        _ => "transfer-broken",
    };

    /// <summary>A sentence part for a log line or a reason; the response code is named where it is the cause.</summary>
    public static string Text(this XfrError error, ResponseCode responseCode = ResponseCode.NoError) => error switch
    {
        XfrError.None => "no error",
        XfrError.BadMessage => "a message is malformed",
        XfrError.NotAResponse => "a message is not a response",
        XfrError.WrongId => "a message has another id",
        XfrError.WrongOpcode => "a message has another opcode",
        XfrError.Truncated => "a message is marked as truncated",
        XfrError.WrongQuestionCount => "a message has no question where one is due, or too many",
        XfrError.WrongQuestion => "a message answers another question",
        XfrError.AuthorityNotEmpty => "a message has records in its authority section",
        XfrError.Refused or XfrError.ErrorCode => $"the master answered {responseCode.ToString().ToUpperInvariant()}",
        XfrError.EmptyAnswer => "the master answered without records",
        XfrError.TooManyEmptyMessages => "too many messages without records",
        XfrError.FirstRecordNotSoa => "the first record is not a SOA",
        XfrError.SoaNotAtApex => "a SOA stands at another name than the zone's",
        XfrError.BadSoa => "a SOA is malformed",
        XfrError.ClosingSoaDiffers => "the closing SOA differs from the first",
        XfrError.SerialChangedInside => "the serial changed during the transfer",
        XfrError.SerialWentBack => "the master's serial is older than ours",
        XfrError.BadRecord => "a record is malformed",
        XfrError.WrongClass => "a record is not of class IN",
        XfrError.NotZoneData => "a record of a type that no zone contains",
        XfrError.OutOfZone => "a record lies outside the zone",
        XfrError.RecordsAfterEnd => "records follow the closing SOA",
        XfrError.TrailingBytes => "bytes follow the last record of a message",
        XfrError.TooManyRecords => "more records than the zone's limit",
        XfrError.TooManyBytes => "more bytes than the zone's limit",
        XfrError.DeltaChainBroken => "a difference does not start at the serial before it",
        XfrError.DeltaOrder => "a difference does not lead to a newer serial",
        XfrError.SinkRefused => "the content could not be stored",
        XfrError.BadSignature => "a signature is missing or wrong",
        XfrError.ConnectionEnded => "the connection ended before the transfer did",
        _ => error.ToString(),
    };
}
