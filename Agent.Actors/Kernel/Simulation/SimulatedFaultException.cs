namespace Agent.Actors.Kernel.Simulation;

/// <summary>An actor was made to break; to its supervisor a failure like any other.</summary>
/// <param name="message">Where.</param>
public sealed class SimulatedFaultException(string message) : Exception(message);
