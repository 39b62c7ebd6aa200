using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>What the signature of a message is worth.</summary>
public enum TsigStatus : byte
{
    /// <summary>The message has no TSIG record.</summary>
    Unsigned,

    /// <summary>A known key, the right MAC, the right time.</summary>
    Verified,

    /// <summary>The record cannot be read, stands in the wrong place, or its MAC has an impossible length: FORMERR.</summary>
    Malformed,

    /// <summary>The key or its algorithm is not ours.</summary>
    BadKey,

    /// <summary>The MAC is wrong.</summary>
    BadSignature,

    /// <summary>The MAC is right, but shorter than the key demands.</summary>
    BadTruncation,

    /// <summary>The MAC is right, but the clocks differ by more than the fudge.</summary>
    BadTime,

    /// <summary>The peer reports an error of its own in the record, without a MAC that could be checked. Never to be trusted.</summary>
    PeerError,

    /// <summary>More unsigned messages in a row than the standard allows (RFC 8945 5.3.1), or an unsigned last one.</summary>
    TooManyUnsigned,
}

/// <summary>How a status is told to the peer.</summary>
public static class TsigStatuses
{
    /// <summary>The response code of the header.</summary>
    public static ResponseCode ToResponseCode(this TsigStatus status) => status switch
    {
        TsigStatus.Unsigned or TsigStatus.Verified => ResponseCode.NoError,
        TsigStatus.Malformed => ResponseCode.FormErr,
        _ => ResponseCode.NotAuth,
    };

    /// <summary>The error field of the TSIG record.</summary>
    public static ResponseCode ToTsigError(this TsigStatus status) => status switch
    {
        TsigStatus.BadKey => ResponseCode.BadKey,
        TsigStatus.BadSignature => ResponseCode.BadSig,
        TsigStatus.BadTruncation => ResponseCode.BadTrunc,
        TsigStatus.BadTime => ResponseCode.BadTime,
        _ => ResponseCode.NoError,
    };
}
