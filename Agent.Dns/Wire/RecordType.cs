namespace Agent.Dns.Wire;

/// <summary>The type of a record or question, written as its mnemonic. Values without a name are just as valid (RFC 3597).</summary>
public enum RecordType : ushort
{
    /// <summary>IPv4 address, RFC 1035.</summary>
    A = 1,

    /// <summary>Name server, RFC 1035.</summary>
    NS = 2,

    /// <summary>Mail destination, obsolete, RFC 1035.</summary>
    MD = 3,

    /// <summary>Mail forwarder, obsolete, RFC 1035.</summary>
    MF = 4,

    /// <summary>Canonical name, RFC 1035.</summary>
    CNAME = 5,

    /// <summary>Start of authority, RFC 1035.</summary>
    SOA = 6,

    /// <summary>Mailbox, RFC 1035.</summary>
    MB = 7,

    /// <summary>Mail group member, RFC 1035.</summary>
    MG = 8,

    /// <summary>Mail rename, RFC 1035.</summary>
    MR = 9,

    /// <summary>Anything at all, RFC 1035.</summary>
    NULL = 10,

    /// <summary>Well known services, RFC 1035.</summary>
    WKS = 11,

    /// <summary>Pointer, RFC 1035.</summary>
    PTR = 12,

    /// <summary>Host information, RFC 1035; also the answer of RFC 8482.</summary>
    HINFO = 13,

    /// <summary>Mailbox information, RFC 1035.</summary>
    MINFO = 14,

    /// <summary>Mail exchange, RFC 1035.</summary>
    MX = 15,

    /// <summary>Text, RFC 1035.</summary>
    TXT = 16,

    /// <summary>Responsible person, RFC 1183.</summary>
    RP = 17,

    /// <summary>AFS data base, RFC 1183.</summary>
    AFSDB = 18,

    /// <summary>X.25 address, RFC 1183.</summary>
    X25 = 19,

    /// <summary>ISDN address, RFC 1183.</summary>
    ISDN = 20,

    /// <summary>Route through, RFC 1183.</summary>
    RT = 21,

    /// <summary>NSAP address, RFC 1706.</summary>
    NSAP = 22,

    /// <summary>NSAP pointer, RFC 1348, written NSAP-PTR.</summary>
    NSAPPTR = 23,

    /// <summary>Signature, RFC 2535.</summary>
    SIG = 24,

    /// <summary>Key, RFC 2535.</summary>
    KEY = 25,

    /// <summary>X.400 mapping, RFC 2163.</summary>
    PX = 26,

    /// <summary>Geographical position, RFC 1712.</summary>
    GPOS = 27,

    /// <summary>IPv6 address, RFC 3596.</summary>
    AAAA = 28,

    /// <summary>Location, RFC 1876.</summary>
    LOC = 29,

    /// <summary>Next domain, RFC 2535, obsolete.</summary>
    NXT = 30,

    /// <summary>Service location, RFC 2782.</summary>
    SRV = 33,

    /// <summary>Naming authority pointer, RFC 3403.</summary>
    NAPTR = 35,

    /// <summary>Key exchanger, RFC 2230.</summary>
    KX = 36,

    /// <summary>Certificate, RFC 4398.</summary>
    CERT = 37,

    /// <summary>IPv6 address, RFC 2874, historic.</summary>
    A6 = 38,

    /// <summary>Redirection of a subtree, RFC 6672.</summary>
    DNAME = 39,

    /// <summary>EDNS, RFC 6891; never zone data.</summary>
    OPT = 41,

    /// <summary>Address prefix list, RFC 3123.</summary>
    APL = 42,

    /// <summary>Delegation signer, RFC 4034.</summary>
    DS = 43,

    /// <summary>SSH key fingerprint, RFC 4255.</summary>
    SSHFP = 44,

    /// <summary>IPsec key, RFC 4025.</summary>
    IPSECKEY = 45,

    /// <summary>Signature of a record set, RFC 4034.</summary>
    RRSIG = 46,

    /// <summary>Next name, RFC 4034.</summary>
    NSEC = 47,

    /// <summary>Zone key, RFC 4034.</summary>
    DNSKEY = 48,

    /// <summary>DHCP identifier, RFC 4701.</summary>
    DHCID = 49,

    /// <summary>Hashed next name, RFC 5155.</summary>
    NSEC3 = 50,

    /// <summary>Parameters of NSEC3, RFC 5155.</summary>
    NSEC3PARAM = 51,

    /// <summary>TLS certificate association, RFC 6698.</summary>
    TLSA = 52,

    /// <summary>S/MIME certificate association, RFC 8162.</summary>
    SMIMEA = 53,

    /// <summary>Host identity, RFC 8005.</summary>
    HIP = 55,

    /// <summary>Child's DS, RFC 7344.</summary>
    CDS = 59,

    /// <summary>Child's DNSKEY, RFC 7344.</summary>
    CDNSKEY = 60,

    /// <summary>OpenPGP key, RFC 7929.</summary>
    OPENPGPKEY = 61,

    /// <summary>Child to parent synchronization, RFC 7477.</summary>
    CSYNC = 62,

    /// <summary>Digest of the zone, RFC 8976.</summary>
    ZONEMD = 63,

    /// <summary>Service binding, RFC 9460.</summary>
    SVCB = 64,

    /// <summary>Service binding of https, RFC 9460.</summary>
    HTTPS = 65,

    /// <summary>Where to send notifications of changes, RFC 9859.</summary>
    DSYNC = 66,

    /// <summary>Sender policy, RFC 7208, obsolete.</summary>
    SPF = 99,

    /// <summary>Node identifier, RFC 6742.</summary>
    NID = 104,

    /// <summary>Locator of 32 bits, RFC 6742.</summary>
    L32 = 105,

    /// <summary>Locator of 64 bits, RFC 6742.</summary>
    L64 = 106,

    /// <summary>Locator pointer, RFC 6742.</summary>
    LP = 107,

    /// <summary>Address of 48 bits, RFC 7043.</summary>
    EUI48 = 108,

    /// <summary>Address of 64 bits, RFC 7043.</summary>
    EUI64 = 109,

    /// <summary>Key agreement, RFC 2930; never zone data.</summary>
    TKEY = 249,

    /// <summary>Transaction signature, RFC 8945; never zone data.</summary>
    TSIG = 250,

    /// <summary>Question only: incremental transfer, RFC 1995.</summary>
    IXFR = 251,

    /// <summary>Question only: whole transfer, RFC 5936.</summary>
    AXFR = 252,

    /// <summary>Question only: mailbox records, RFC 1035.</summary>
    MAILB = 253,

    /// <summary>Question only: mail agents, obsolete.</summary>
    MAILA = 254,

    /// <summary>Question only: all types, RFC 8482.</summary>
    ANY = 255,

    /// <summary>Uniform resource identifier, RFC 7553.</summary>
    URI = 256,

    /// <summary>Certification authority authorization, RFC 8659.</summary>
    CAA = 257,

    /// <summary>Application visibility and control, registered by Cisco.</summary>
    AVC = 258,

    /// <summary>Multicast relay, RFC 8777.</summary>
    AMTRELAY = 260,

    /// <summary>Resolver information, RFC 9606.</summary>
    RESINFO = 261,

    /// <summary>Wallet address, registered 2024.</summary>
    WALLET = 262,

    /// <summary>DNSSEC trust authority, never standardized.</summary>
    TA = 32768,

    /// <summary>DNSSEC lookaside validation, RFC 4431, historic.</summary>
    DLV = 32769,

    /// <summary>The pool manager's order to create a zone, with <see cref="Opcode.CommandAndControl"/>; never zone data.</summary>
    CommandCreate = 65282,

    /// <summary>The pool manager's order to delete a zone, with <see cref="Opcode.CommandAndControl"/>; never zone data.</summary>
    CommandDelete = 65283,
}
