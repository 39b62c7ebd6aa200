namespace Agent.Backends.Bind9;

/// <summary>The control channel could not carry a command; says nothing about whether named has carried it out.</summary>
/// <param name="message">A sentence for an operator.</param>
/// <param name="inner">What lies behind it.</param>
/// <param name="isClosed">Whether the other side ended the connection, as it does with one that was kept idle over a restart.</param>
public sealed class RndcException(string message, Exception? inner = null, bool isClosed = false) : Exception(message, inner)
{
    /// <summary>Whether the other side ended the connection.</summary>
    public bool IsClosed { get; } = isClosed;
}
