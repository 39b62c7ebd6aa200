using Agent.Actors.Cookies;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>What a message asks for, as far as its header and question say.</summary>
public enum RequestKind : byte
{
    /// <summary>None of the others: refused whoever asks.</summary>
    Other = 0,

    /// <summary>An ordinary query of class IN.</summary>
    Query = 1,

    /// <summary>AXFR or IXFR.</summary>
    Transfer = 2,

    /// <summary>A zone has changed.</summary>
    Notify = 3,

    /// <summary>CREATE.</summary>
    Create = 4,

    /// <summary>DELETE.</summary>
    Delete = 5,

    /// <summary>Any request with an opcode that we do not speak: not implemented, whoever asks.</summary>
    UnknownOpcode = 6,
}

/// <summary>One request on its way through the steps: the message as read, and what the steps have found out about its sender.</summary>
public ref struct RequestContext
{
    /// <summary>The whole message.</summary>
    public ReadOnlySpan<byte> Message { get; init; }

    /// <summary>Its header.</summary>
    public MessageHeader Header { get; init; }

    /// <summary>Where it came from.</summary>
    public RequestSource Source { get; init; }

    /// <summary>When it came, by a clock that never goes back.</summary>
    public long NowMs { get; init; }

    /// <summary>What it asks for.</summary>
    public RequestKind Kind { get; internal set; }

    /// <summary>Its only question.</summary>
    public QuestionView Question { get; internal set; }

    /// <summary>Where the question ends in the message.</summary>
    public int QuestionEnd { get; internal set; }

    /// <summary>Its OPT, if it has one.</summary>
    public EdnsView Edns { get; internal set; }

    /// <summary>Whether its last record is a TSIG.</summary>
    public bool HasTsig { get; internal set; }

    /// <summary>Where that TSIG starts, if there is one.</summary>
    public int TsigOffset { get; internal set; }

    /// <summary>The serial of an SOA that it carries: a NOTIFY's hint, or what an IXFR client has.</summary>
    public uint? Serial { get; internal set; }

    /// <summary>Whether the sender's address or certificate is enough for what is asked.</summary>
    public bool IsAddressAllowed { get; set; }

    /// <summary>What its signature is worth; unsigned until a step has looked.</summary>
    public RequestAuthentication Authentication { get; set; }

    /// <summary>The master set that its sender speaks for; null for none.</summary>
    public string? MasterSet { get; set; }

    /// <summary>What its cookie is worth; none until a step has looked.</summary>
    public CookieStatus Cookie { get; set; }

    /// <summary>Its cookie as it came; empty where <see cref="Cookie"/> says none.</summary>
    public ReadOnlySpan<byte> CookieOption { get; internal set; }

    /// <summary>Joins everything that the request causes; 0 for queries, which cause nothing.</summary>
    public ulong TraceId { get; set; }
}
