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

    /// <summary>Whether CREATE and DELETE are refused by UDP, whose source address can be forged.</summary>
    public bool ControlNeedsTcp { get; init; }

    /// <summary>Whether a client that has cookies must have a good one of ours before it is answered by UDP.</summary>
    public bool RequiresCookies { get; init; }

    /// <summary>Whether transfers in the clear are refused.</summary>
    public bool TransferNeedsTls { get; init; }

    /// <summary>Whether transfers over TLS are refused to clients that did not choose the protocol "dot" (RFC 9103 section 7.1).</summary>
    public bool TransferNeedsDot { get; init; } = true;
}
