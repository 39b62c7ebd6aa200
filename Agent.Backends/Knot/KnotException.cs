namespace Agent.Backends.Knot;

/// <summary>The control socket could not carry a command; says nothing about whether knotd has carried it out.</summary>
/// <param name="message">A sentence for an operator.</param>
/// <param name="inner">What lies behind it.</param>
/// <param name="isClosed">Whether knotd ended a connection that it had taken, as it does when the other side is silent for too long.
/// </param>
public sealed class KnotException(string message, Exception? inner = null, bool isClosed = false) : Exception(message, inner)
{
    /// <summary>Whether knotd ended a connection that it had taken.</summary>
    public bool IsClosed { get; } = isClosed;
}
