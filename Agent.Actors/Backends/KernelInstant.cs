namespace Agent.Actors.Backends;

/// <summary>One moment on both clocks: intervals are measured on the one that never goes back, people are shown the other.</summary>
public readonly record struct KernelInstant(TimeSpan Monotonic, DateTimeOffset Utc);
