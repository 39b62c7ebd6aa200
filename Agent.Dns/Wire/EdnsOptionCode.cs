namespace Agent.Dns.Wire;

/// <summary>Codes of EDNS options that the agent knows; all others pass unread.</summary>
public enum EdnsOptionCode : ushort
{
    /// <summary>Name server identifier, RFC 5001.</summary>
    Nsid = 3,

    /// <summary>Client subnet, RFC 7871.</summary>
    ClientSubnet = 8,

    /// <summary>Remaining life of a secondary's zone, RFC 7314.</summary>
    Expire = 9,

    /// <summary>Cookies, RFC 7873.</summary>
    Cookie = 10,

    /// <summary>Idle time of a TCP connection in units of 100 ms, RFC 7828.</summary>
    TcpKeepalive = 11,

    /// <summary>Padding, RFC 7830.</summary>
    Padding = 12,

    /// <summary>Extended error, RFC 8914.</summary>
    ExtendedError = 15,

    /// <summary>Version of the zone behind an answer, RFC 9660.</summary>
    ZoneVersion = 19,
}
