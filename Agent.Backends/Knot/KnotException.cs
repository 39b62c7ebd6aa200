namespace Agent.Backends.Knot;

/// <summary>The control socket could not carry a command; says nothing about whether knotd has carried it out.</summary>
/// <param name="message">A sentence for an operator.</param>
/// <param name="inner">What lies behind it.</param>
public sealed class KnotException(string message, Exception? inner = null) : Exception(message, inner);
