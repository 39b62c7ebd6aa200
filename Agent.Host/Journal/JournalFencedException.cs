namespace Agent.Host.Journal;

/// <summary>The journal carries another epoch than ours. Final: whoever took it over goes on from what we wrote.</summary>
internal sealed class JournalFencedException(string message) : Exception(message);
