namespace Agent.Dns.Wire;

/// <summary>Info codes of extended errors, RFC 8914 and the registry it opened.</summary>
public enum ExtendedErrorCode : ushort
{
    /// <summary>None of the others; the text says more.</summary>
    Other = 0,

    /// <summary>DNSKEY algorithm not supported.</summary>
    UnsupportedDnskeyAlgorithm = 1,

    /// <summary>DS digest type not supported.</summary>
    UnsupportedDsDigestType = 2,

    /// <summary>Stale data was served.</summary>
    StaleAnswer = 3,

    /// <summary>The answer was forged by policy.</summary>
    ForgedAnswer = 4,

    /// <summary>DNSSEC state indeterminate.</summary>
    DnssecIndeterminate = 5,

    /// <summary>DNSSEC validation failed.</summary>
    DnssecBogus = 6,

    /// <summary>All signatures have expired.</summary>
    SignatureExpired = 7,

    /// <summary>No signature is valid yet.</summary>
    SignatureNotYetValid = 8,

    /// <summary>A DS has no matching DNSKEY.</summary>
    DnskeyMissing = 9,

    /// <summary>Signatures are missing.</summary>
    RrsigsMissing = 10,

    /// <summary>No key has the zone bit.</summary>
    NoZoneKeyBitSet = 11,

    /// <summary>Denial of existence is missing.</summary>
    NsecMissing = 12,

    /// <summary>The failure comes from the cache.</summary>
    CachedError = 13,

    /// <summary>The server is not ready to serve (yet).</summary>
    NotReady = 14,

    /// <summary>Blocked by the operator's policy.</summary>
    Blocked = 15,

    /// <summary>Blocked by somebody else's demand.</summary>
    Censored = 16,

    /// <summary>Blocked at the client's wish.</summary>
    Filtered = 17,

    /// <summary>This client may not do this.</summary>
    Prohibited = 18,

    /// <summary>A stale NXDOMAIN was served.</summary>
    StaleNxdomainAnswer = 19,

    /// <summary>The server is not authoritative for the name.</summary>
    NotAuthoritative = 20,

    /// <summary>The operation is not supported.</summary>
    NotSupported = 21,

    /// <summary>No authoritative server answered.</summary>
    NoReachableAuthority = 22,

    /// <summary>An unrecoverable network error.</summary>
    NetworkError = 23,

    /// <summary>The server cannot answer because its data is invalid or expired.</summary>
    InvalidData = 24,

    /// <summary>Signature expired before it became valid.</summary>
    SignatureExpiredBeforeValid = 25,

    /// <summary>TLS early data came too early (RFC 9250).</summary>
    TooEarly = 26,

    /// <summary>NSEC3 iterations not supported (RFC 9276).</summary>
    UnsupportedNsec3Iterations = 27,

    /// <summary>Policy of the path could not be followed.</summary>
    UnableToConformToPolicy = 28,

    /// <summary>The answer was synthesized.</summary>
    Synthesized = 29,

    /// <summary>Query type not valid here (RFC 9824).</summary>
    InvalidQueryType = 30,
}
