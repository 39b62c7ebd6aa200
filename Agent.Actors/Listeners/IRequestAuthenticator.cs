using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Verifies the TSIG of requests and signs their answers (RFC 8945).</summary>
/// <remarks>Called by several socket threads at once.</remarks>
public interface IRequestAuthenticator
{
    /// <summary>Verifies a request whose last record is a TSIG.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="client">Where it came from, to be named when it fails.</param>
    RequestAuthentication Verify(ReadOnlySpan<byte> message, in NetworkEndpoint client);

    /// <summary>Octets to leave free for what <see cref="Sign"/> adds to the answer of this request.</summary>
    int SignatureBytes(in RequestAuthentication request);

    /// <summary>Signs the answer to a verified request, or adds the TSIG error to the answer of one that failed.</summary>
    /// <param name="buffer">The answer, with room behind it.</param>
    /// <param name="length">Octets of the answer without TSIG.</param>
    /// <param name="request">What <see cref="Verify"/> said of the request.</param>
    /// <returns>The new length; the old one when there is no room.</returns>
    int Sign(Span<byte> buffer, int length, in RequestAuthentication request);
}

/// <summary>What a request's TSIG was worth.</summary>
public enum AuthenticationStatus : byte
{
    /// <summary>The request has no TSIG.</summary>
    Unsigned = 0,

    /// <summary>A key of ours, the right MAC, the right time.</summary>
    Verified = 1,

    /// <summary>Unknown key, wrong MAC or wrong time: NOTAUTH with the TSIG error.</summary>
    Failed = 2,

    /// <summary>The TSIG record cannot be read: FORMERR.</summary>
    Malformed = 3,
}

/// <summary>The outcome of verifying a request.</summary>
/// <param name="Status">What the signature was worth.</param>
/// <param name="KeyName">The verified key; null unless verified.</param>
/// <param name="State">What the authenticator needs to sign the answer.</param>
public readonly record struct RequestAuthentication(AuthenticationStatus Status, DomainName? KeyName = null, object? State = null);
