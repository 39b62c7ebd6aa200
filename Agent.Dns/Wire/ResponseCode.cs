namespace Agent.Dns.Wire;

/// <summary>The outcome of a request. Values above 15 need the OPT record's upper bits, or the error field of TSIG.</summary>
public enum ResponseCode : ushort
{
    /// <summary>Done.</summary>
    NoError = 0,

    /// <summary>The request was not understood.</summary>
    FormErr = 1,

    /// <summary>The server failed.</summary>
    ServFail = 2,

    /// <summary>The name does not exist.</summary>
    NXDomain = 3,

    /// <summary>The opcode is not implemented.</summary>
    NotImp = 4,

    /// <summary>Refused by policy.</summary>
    Refused = 5,

    /// <summary>A name exists that should not (RFC 2136).</summary>
    YXDomain = 6,

    /// <summary>A record set exists that should not (RFC 2136).</summary>
    YXRRSet = 7,

    /// <summary>A record set that should exist does not (RFC 2136).</summary>
    NXRRSet = 8,

    /// <summary>Not authoritative for the zone (RFC 2136), or not authorized (RFC 8945).</summary>
    NotAuth = 9,

    /// <summary>A name lies outside the zone (RFC 2136).</summary>
    NotZone = 10,

    /// <summary>Unknown DSO type (RFC 8490).</summary>
    DsoTypeNotImp = 11,

    /// <summary>Unsupported EDNS version (RFC 6891). Shares its value with <see cref="BadSig"/>.</summary>
    BadVers = 16,

    /// <summary>TSIG: the signature does not verify (RFC 8945).</summary>
    BadSig = 16,

    /// <summary>TSIG: unknown key.</summary>
    BadKey = 17,

    /// <summary>TSIG: signed outside the allowed time.</summary>
    BadTime = 18,

    /// <summary>TKEY: bad mode (RFC 2930).</summary>
    BadMode = 19,

    /// <summary>TKEY: key name in use.</summary>
    BadName = 20,

    /// <summary>TKEY: algorithm not supported.</summary>
    BadAlg = 21,

    /// <summary>TSIG: truncated further than policy allows.</summary>
    BadTrunc = 22,

    /// <summary>The server cookie is missing or wrong (RFC 7873).</summary>
    BadCookie = 23,
}
