using Agent.Actors.Listeners;

namespace Agent.Host.Sockets;

/// <summary>What the connections of one listener share.</summary>
/// <param name="Pipeline">Decides on each message; its counters must bear several threads.</param>
/// <param name="Gate">Takes control requests.</param>
/// <param name="Relay">Where queries go; null when they are answered here.</param>
/// <param name="Transfers">Sends zones; null when none are held here.</param>
/// <param name="Ended">Told when a connection is closed.</param>
/// <param name="Failed">Told when a connection ends by a failure on our side.</param>
/// <param name="Tls">Shakes hands first; null: requests come in the clear.</param>
internal sealed record TcpServices(
    RequestPipeline Pipeline,
    ControlGate Gate,
    RelayOptions? Relay,
    ITransferResponder? Transfers,
    Action<TcpSession> Ended,
    Action<TcpSession, Exception> Failed,
    TlsAcceptor? Tls = null);
