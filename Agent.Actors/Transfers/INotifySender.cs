using System.Net;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Actors.Transfers;

/// <summary>The port to those who are told of changes. It owns sockets; it decides nothing.</summary>
public interface INotifySender
{
    /// <summary>Sends one NOTIFY and waits for its answer; answered by exactly one <see cref="NotifyAnswered"/>.</summary>
    void Notify(SendNotify request, ReplyTo replyTo);
}

/// <summary>One who is told of changes (<c>also-notify</c>).</summary>
/// <param name="EndPoint">Where.</param>
/// <param name="KeyName">TSIG key; null for none.</param>
public sealed record NotifyReceiver(IPEndPoint EndPoint, string? KeyName)
{
    /// <summary>The TLS profile under which it is told; null: by UDP in the clear.</summary>
    public string? Tls { get; init; }
}

/// <summary>Asks for one NOTIFY.</summary>
/// <param name="Id">Number that comes back.</param>
/// <param name="Timeout">How long to wait for the answer.</param>
public sealed record SendNotify(long Id, DomainName Zone, NotifyReceiver Receiver, TimeSpan Timeout);

/// <summary>What became of a NOTIFY.</summary>
/// <param name="Id">Number of the request.</param>
/// <param name="IsAnswered">An answer came, so nothing is sent again (RFC 1996 section 3.6).</param>
/// <param name="Problem">Why there is no answer, or what an answer said that is no NOERROR; null when all is well.</param>
public sealed record NotifyAnswered(long Id, bool IsAnswered, string? Problem);
