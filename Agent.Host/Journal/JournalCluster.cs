namespace Agent.Host.Journal;

/// <summary>The cluster as whose node a journal is opened.</summary>
/// <param name="Name">Its name; the journal knows whose it is.</param>
/// <param name="Shards">Into how many shards it is divided.</param>
public sealed record JournalCluster(string Name, int Shards);
