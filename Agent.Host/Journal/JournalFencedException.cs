namespace Agent.Host.Journal;

/// <summary>The journal carries another epoch than ours, or has lost what it had confirmed to us. Final for this process: whoever takes it
/// over goes on from what is there.</summary>
internal sealed class JournalFencedException(string message) : Exception(message);
