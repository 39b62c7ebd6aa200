using System.Collections.Immutable;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Who may do what, as the configuration says. Immutable; a change makes a new one.</summary>
public sealed record ListenerPolicy
{
    /// <summary>Who may ask ordinary queries.</summary>
    public AccessList AllowQuery { get; init; } = AccessList.Any;

    /// <summary>Who may send NOTIFY.</summary>
    public AccessList AllowNotify { get; init; } = AccessList.None;

    /// <summary>Who may send CREATE and DELETE.</summary>
    public AccessList AllowControl { get; init; } = AccessList.None;

    /// <summary>Who may transfer zones from us.</summary>
    public AccessList AllowTransfer { get; init; } = AccessList.None;

    /// <summary>Who speaks for which master set; nobody is in two of them by the same word.</summary>
    public ImmutableArray<MasterSetSenders> MasterSets { get; init; } = [];

    /// <summary>Whether CREATE and DELETE are refused by UDP, whose source address can be forged.</summary>
    public bool ControlNeedsTcp { get; init; }

    /// <summary>Whether a client that has cookies must have a good one of ours before it is answered by UDP.</summary>
    public bool RequiresCookies { get; init; }

    /// <summary>Whether transfers in the clear are refused.</summary>
    public bool TransferNeedsTls { get; init; }

    /// <summary>Whether transfers over TLS are refused to clients that did not choose the protocol "dot" (RFC 9103 section 7.1).</summary>
    public bool TransferNeedsDot { get; init; } = true;

    /// <summary>Whether an address is one of those that may send NOTIFY, CREATE or DELETE, and not because everybody may.</summary>
    internal bool NamesSender(in NetworkEndpoint client) => Names(AllowControl, client) || Names(AllowNotify, client);

    /// <summary>The master set that a sender speaks for: what it proves (a key, a certificate) counts before where it comes from. Null for
    /// none.</summary>
    internal string? MasterSetOf(in NetworkEndpoint client, DomainName? key, TlsClient? tls)
    {
        foreach (MasterSetSenders set in MasterSets)
        {
            if ((key is not null && set.Senders.AllowsKey(key)) || set.Senders.AllowsCertificate(tls)) return set.Name;
        }

        foreach (MasterSetSenders set in MasterSets)
        {
            if (set.Senders.AllowsAddress(client)) return set.Name;
        }

        return null;
    }

    private static bool Names(AccessList list, in NetworkEndpoint client) => !list.AllowsAny && list.AllowsAddress(client);
}

/// <summary>A master set, and who speaks for it.</summary>
public sealed record MasterSetSenders(string Name, AccessList Senders);
