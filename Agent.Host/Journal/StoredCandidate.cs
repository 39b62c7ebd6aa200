using Agent.Actors.Guards;

namespace Agent.Host.Journal;

/// <summary>A candidate as it lies in the journal, with the generation of the row that it was compared with.</summary>
internal sealed record StoredCandidate(long Generation, ZoneCandidate Candidate)
{
    /// <summary>The candidate beside a row; null when the row has changed since without it, or when its content is gone: an older program
    /// knows nothing of candidates.</summary>
    public ZoneCandidate? At(long generation) =>
        generation == Generation && (Candidate.IsRejected || Candidate.Content is not null) ? Candidate : null;
}
