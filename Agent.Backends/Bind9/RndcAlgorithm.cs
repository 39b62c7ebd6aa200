namespace Agent.Backends.Bind9;

/// <summary>
/// The HMAC of a control key. The numbers of the SHA family are what travels in front of a signature; HMAC-MD5 has a form of its own
/// and its number never travels.
/// </summary>
public enum RndcAlgorithm : byte
{
    /// <summary>hmac-md5 (RFC 2104 with MD5).</summary>
    HmacMd5 = 160,

    /// <summary>hmac-sha1.</summary>
    HmacSha1 = 161,

    /// <summary>hmac-sha224.</summary>
    HmacSha224 = 162,

    /// <summary>hmac-sha256.</summary>
    HmacSha256 = 163,

    /// <summary>hmac-sha384.</summary>
    HmacSha384 = 164,

    /// <summary>hmac-sha512.</summary>
    HmacSha512 = 165,
}
