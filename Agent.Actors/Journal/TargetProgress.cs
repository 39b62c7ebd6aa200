using Agent.Actors.Reasons;

namespace Agent.Actors.Journal;

/// <summary>How far one target server is with one zone.</summary>
public enum TargetZoneState
{
    /// <summary>Work is wanted or under way.</summary>
    Pending = 0,

    /// <summary>The server itself answered as wanted: with the serial, or that the zone is not there.</summary>
    Verified = 1,

    /// <summary>The server cannot be reached; the work waits for its return.</summary>
    Away = 2,

    /// <summary>The server said no; it is tried again with growing delay.</summary>
    Refused = 3,
}

/// <summary>The last thing known of one zone at one target; written to the journal so that a restart can tell what was proven.</summary>
/// <param name="Target">Name of the target as configured.</param>
/// <param name="State">How far it is.</param>
/// <param name="Serial">Serial that the server was last seen to serve; null when it does not have the zone.</param>
/// <param name="VerifiedAt">When the server last answered as wanted.</param>
/// <param name="Reason">Why it is not there yet; null when verified.</param>
public sealed record TargetProgress(
    string Target,
    TargetZoneState State,
    uint? Serial,
    DateTimeOffset? VerifiedAt,
    Reason? Reason)
{
    /// <summary>The zone does not belong to the target any more, and is to leave it. Not written down: the configuration says so.</summary>
    public bool IsLeaving { get; init; }

    /// <summary>
    /// Of a target that the zone is to leave: the zone was served where it belongs, so this one was told to do without it. Not written
    /// down either: after a start it is waited for once more.
    /// </summary>
    public bool IsReleased { get; init; }
}
