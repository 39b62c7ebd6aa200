using Agent.Actors.Backends;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;

namespace Agent.Actors.Zones;

/// <summary>What becomes of a rollout while a canary cannot be reached.</summary>
public enum CanaryAway
{
    /// <summary>It waits for the canary, or for an operator.</summary>
    Wait = 0,

    /// <summary>When the patience is over it goes on without that canary.</summary>
    Skip = 1,
}

/// <summary>New content is tried on some targets before the others get it.</summary>
public sealed record RolloutPolicy
{
    /// <summary>The targets that get it first; none: all get it at once.</summary>
    public TargetSelection Canaries { get; init; } = TargetSelection.None;

    /// <summary>So long after the canaries were seen to serve it they are looked at once more, before the others get it.</summary>
    public TimeSpan Observe { get; init; } = TimeSpan.Zero;

    /// <summary>So long a canary that cannot be reached is waited for before <see cref="Away"/> says what is done.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What is done without a canary that cannot be reached.</summary>
    public CanaryAway Away { get; init; } = CanaryAway.Wait;

    /// <summary>The zone has content that only its canaries are to serve, for now.</summary>
    public static bool IsOnTrial(ZoneRow? row) =>
        row is { Wish: ZoneWish.Present, Candidate: { IsWaiting: true } candidate } && IsOfTrial(candidate);

    /// <summary>The candidate was stopped by canaries, or is on trial there, and not by a guard.</summary>
    internal static bool IsOfTrial(ZoneCandidate candidate) =>
        candidate.Reason.Code is ReasonCode.RolloutTrial or ReasonCode.RolloutWaits or ReasonCode.RolloutStopped;
}
