using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Actors.Guards;

/// <summary>
/// Content that a guard stopped. It waits for an operator's word, at most one for each zone; what a master offers next under another serial
/// takes its place. Once rejected only its serial is remembered, so that it is not fetched again.
/// </summary>
/// <param name="Serial">Its serial.</param>
/// <param name="Content">The whole content; null once it is rejected, or when the journal has lost it.</param>
/// <param name="Reason">Which guard stopped it, and why.</param>
/// <param name="Since">When.</param>
/// <param name="IsRejected">An operator does not want it.</param>
public sealed record ZoneCandidate(uint Serial, ZoneContent? Content, Reason Reason, DateTimeOffset Since, bool IsRejected)
{
    /// <summary>It can be approved.</summary>
    public bool IsWaiting => !IsRejected && Content is not null;
}

/// <summary>A candidate as users see it.</summary>
/// <param name="Serial">Its serial.</param>
/// <param name="Records">Its records; null once it is rejected.</param>
/// <param name="Hash">Names the content for an approval; null once it is rejected.</param>
/// <param name="Reason">Which guard stopped it, and why.</param>
/// <param name="Since">When.</param>
/// <param name="IsRejected">An operator does not want it.</param>
public sealed record CandidateStatus(
    uint Serial, long? Records, ContentHash? Hash, Reason Reason, DateTimeOffset Since, bool IsRejected)
{
    /// <summary>What users see of a candidate; null when there is none.</summary>
    public static CandidateStatus? Of(ZoneCandidate? candidate) => candidate is null
        ? null
        : new CandidateStatus(
            candidate.Serial,
            candidate.Content?.RecordCount,
            candidate.Content?.Hash,
            candidate.Reason,
            candidate.Since,
            candidate.IsRejected);
}
