namespace Agent.Host.Nodes;

/// <summary>The link cannot be started as configured.</summary>
public sealed class NodeLinkException(string message, Exception? inner = null) : Exception(message, inner);
