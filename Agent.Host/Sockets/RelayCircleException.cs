namespace Agent.Host.Sockets;

/// <summary>Queries that are passed on would come back to the process itself.</summary>
internal sealed class RelayCircleException(string message) : Exception(message);
