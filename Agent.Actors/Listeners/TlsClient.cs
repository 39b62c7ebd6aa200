namespace Agent.Actors.Listeners;

/// <summary>What the TLS handshake of a connection has told about its client.</summary>
/// <param name="HasChosenDot">The client named the protocol "dot" (ALPN), as RFC 9103 section 7.1 wants it of those who transfer.</param>
/// <param name="Names">DNS names of the certificate that it has proved to own; empty without one.</param>
public sealed record TlsClient(bool HasChosenDot, IReadOnlyList<string> Names);
