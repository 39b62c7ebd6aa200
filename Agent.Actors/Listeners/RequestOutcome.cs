namespace Agent.Actors.Listeners;

/// <summary>What the socket does with a request.</summary>
public enum RequestDisposition : byte
{
    /// <summary>Nothing.</summary>
    Silence = 0,

    /// <summary>Sends the answer that stands in the reply buffer.</summary>
    Reply = 1,

    /// <summary>Passes the query on to the server behind us.</summary>
    Relay = 2,

    /// <summary>Hands <see cref="RequestOutcome.Control"/> over; the answer comes later.</summary>
    Control = 3,

    /// <summary>Sends the zone that <see cref="RequestOutcome.Transfer"/> asks for.</summary>
    TransferOut = 4,
}

/// <summary>The decision on one request.</summary>
/// <param name="Disposition">What to do.</param>
/// <param name="ReplyLength">Octets in the reply buffer, for <see cref="RequestDisposition.Reply"/>.</param>
/// <param name="Control">For <see cref="RequestDisposition.Control"/>.</param>
/// <param name="Transfer">For <see cref="RequestDisposition.TransferOut"/>.</param>
/// <param name="Relay">For <see cref="RequestDisposition.Relay"/>.</param>
public readonly record struct RequestOutcome(
    RequestDisposition Disposition,
    int ReplyLength = 0,
    ControlRequest? Control = null,
    TransferRequest? Transfer = null,
    RelayHints Relay = default);

/// <summary>What a relay needs to know of a query without reading it again.</summary>
/// <param name="QuestionEnd">Where the question ends in the message.</param>
/// <param name="HasEdns">Whether an answer of ours has an OPT.</param>
/// <param name="IsSigned">Whether a TSIG covers the message, so that no bit but the id may change (RFC 8945 sections 4.2, 5.5).</param>
/// <param name="Signature">A TSIG that is taken off, for it was meant for us; the answer is signed then. Null for others.</param>
public readonly record struct RelayHints(int QuestionEnd, bool HasEdns, bool IsSigned, RelaySignature? Signature = null)
{
    /// <summary>Octets of a query as it goes to the server.</summary>
    /// <param name="queryBytes">Octets of it as it came.</param>
    public int ForwardedBytes(int queryBytes) => Signature?.QueryBytes ?? queryBytes;
}
