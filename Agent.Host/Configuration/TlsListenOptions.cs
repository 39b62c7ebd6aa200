using Agent.Host.Sockets;

namespace Agent.Host.Configuration;

/// <summary>DNS over TLS for clients, at the addresses of the other sockets.</summary>
/// <param name="Port">0 lets the system choose one for each address.</param>
/// <param name="Profile">Certificate and the authorities of clients.</param>
/// <param name="IsAlpnRequired">Whether transfers are refused to clients that do not name the protocol "dot".</param>
/// <param name="Handshakes">Under way at one address.</param>
public sealed record TlsListenOptions(
    int Port, TlsServerProfile Profile, bool IsAlpnRequired, TimeSpan HandshakeTimeout, int Handshakes)
{
    /// <summary>What a running agent makes of other options: sockets and bounds stay, certificates and ALPN change.</summary>
    internal static TlsListenOptions? Reloaded(TlsListenOptions? old, TlsListenOptions? current) =>
        old is null || current is null ? old : old with { Profile = current.Profile, IsAlpnRequired = current.IsAlpnRequired };
}
