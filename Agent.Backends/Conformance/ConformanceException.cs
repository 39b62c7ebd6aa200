namespace Agent.Backends.Conformance;

/// <summary>A driver did what no driver may do.</summary>
/// <param name="problem">What it did, and with which zone.</param>
public sealed class ConformanceException(string problem) : Exception(problem);
