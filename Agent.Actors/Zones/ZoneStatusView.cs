using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <summary>Puts the durable state of a zone, and what is under way, into the words that users see.</summary>
public static class ZoneStatusView
{
    /// <summary>Every word that a state can be.</summary>
    public static ImmutableArray<string> States { get; } =
        ["ok", "pending", "transferring", "applying", "blocked", "stale", "expired", "deleting"];

    /// <summary>The status of a zone about which only the row is known: nothing is under way.</summary>
    public static ZoneStatus Of(ZoneRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Of(row.Name, row, PhaseOf(row), transferring: false);
    }

    /// <summary>The state alone of a zone about which only the row is known.</summary>
    public static string StateOf(ZoneRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return StateOf(row, PhaseOf(row), transferring: false, Behind(row));
    }

    /// <summary>The status of a zone.</summary>
    public static ZoneStatus Of(DomainName name, ZoneRow? row, ZonePhase phase, bool transferring)
    {
        TargetProgress? behind = Behind(row);
        Reason? reason = row?.Reason ?? behind?.Reason;
        string state = StateOf(row, phase, transferring, behind);
        return new ZoneStatus(
            row?.Name ?? name,
            state,
            LowestServed(row),
            phase == ZonePhase.Deleting ? null : row?.Content?.Serial,
            phase == ZonePhase.Deleting ? null : row?.Content?.RecordCount,
            reason,
            row?.Reason is null ? null : row.ReasonSince,
            row?.RefreshedAt,
            row?.Targets ?? [])
        {
            ExpiresAt = phase == ZonePhase.Present ? row?.ExpiresAt : null,
            Owner = row?.Owner,
            RefusedSince = phase == ZonePhase.Present ? row?.StandingRefusal : null,
            Candidate = phase == ZonePhase.Present ? CandidateStatus.Of(row?.Candidate) : null,
        };
    }

    private static ZonePhase PhaseOf(ZoneRow row) => row.Wish == ZoneWish.Present ? ZonePhase.Present : ZonePhase.Deleting;

    private static TargetProgress? Behind(ZoneRow? row)
    {
        if (row is null) return null;
        foreach (TargetProgress target in row.Targets)
        {
            if (target.State != TargetZoneState.Verified) return target;
        }

        return null;
    }

    private static string StateOf(ZoneRow? row, ZonePhase phase, bool transferring, TargetProgress? behind) =>
        phase switch
        {
            ZonePhase.Creating or ZonePhase.Unknown => transferring ? "transferring" : "pending",
            ZonePhase.Deleting => "deleting",
            _ when RolloutPolicy.IsOnTrial(row) => row!.Candidate!.Reason.Code == ReasonCode.RolloutStopped ? "blocked" : "applying",
            _ when row is { Content: null, Candidate.IsWaiting: true } => "blocked",
            _ when row?.Content is null => transferring ? "transferring" : "pending",
            _ when row.IsExpired => "expired",
            _ when behind is { State: TargetZoneState.Refused } => "blocked",
            _ when behind is not null => "applying",
            _ when row.Candidate is { IsWaiting: true } => "blocked",
            _ when transferring => "transferring",
            _ when row.Reason is not null && !IsAsDecided(row) => "stale",
            _ => "ok",
        };

    /// <summary>Nothing stands against what is served but that an operator did not want what its master has.</summary>
    private static bool IsAsDecided(ZoneRow row) => row.Candidate is { IsRejected: true } candidate && candidate.Reason == row.Reason;

    private static uint? LowestServed(ZoneRow? row)
    {
        uint? lowest = null;
        foreach (TargetProgress target in row?.Targets ?? [])
        {
            if (target.IsLeaving) continue;
            if (target.Serial is not { } serial) return null;
            if (lowest is null || SerialNumber.IsNewer(lowest.Value, serial)) lowest = serial;
        }

        return lowest;
    }
}
