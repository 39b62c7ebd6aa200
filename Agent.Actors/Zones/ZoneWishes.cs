using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>
/// What each target is to have of a zone, by the zone's row alone: whoever tells a target something, the zone itself or its shard while the
/// zone rests, tells it the same.
/// </summary>
/// <remarks>
/// A row speaks of the targets that the zone belongs to, and of those that it has to leave. These go on with it, and get what is new, until
/// as many of the others serve it as the quorum asks; then they are told to do without it until they are seen without it. While none of the
/// targets that the zone belongs to exists, it stays as it is where it is.
/// </remarks>
internal static class ZoneWishes
{
    /// <summary>What is known of a zone, for exactly the targets that it belongs to and those that it has to leave.</summary>
    /// <param name="known">What is known.</param>
    /// <param name="targets">The targets that the zone belongs to, in order.</param>
    /// <param name="others">The other targets that there are.</param>
    public static ImmutableArray<TargetProgress> Fit(
        ImmutableArray<TargetProgress> known, ImmutableArray<string> targets, ImmutableArray<string> others)
    {
        if (IsFitting(known, targets)) return known;
        if (targets.IsEmpty) return [.. known.Where(t => others.Contains(t.Target))];
        var fitting = new List<TargetProgress>(targets.Length);
        foreach (string name in targets)
        {
            TargetProgress entry = known.FirstOrDefault(t => t.Target == name) ?? new(name, TargetZoneState.Pending, null, null, null);
            fitting.Add(entry.IsLeaving ? entry with { State = TargetZoneState.Pending, IsLeaving = false, IsReleased = false } : entry);
        }

        foreach (TargetProgress entry in known)
        {
            if (targets.Contains(entry.Target) || !others.Contains(entry.Target) || IsGone(entry)) continue;
            fitting.Add(entry.IsLeaving ? entry : entry with
            {
                State = TargetZoneState.Pending,
                Reason = null,
                IsLeaving = true,
                IsReleased = false,
            });
        }

        return [.. fitting.OrderBy(t => t.Target, StringComparer.Ordinal)];
    }

    /// <summary>
    /// The zone belongs to a target that it did not belong to before, or the other way round: the row must be written before the target
    /// hears of it. Else a target could have the zone, and no row would say so when it has to leave.
    /// </summary>
    /// <param name="row">A row that is fitted.</param>
    /// <param name="noted">What was known when it was written.</param>
    public static bool IsMoved(ZoneRow row, ImmutableArray<TargetProgress> noted)
    {
        if (row is not { Wish: ZoneWish.Present, Content: not null }) return false;
        foreach (TargetProgress entry in row.Targets)
        {
            if (!Has(noted, entry)) return true;
        }

        return false;
    }

    /// <summary>Whether the zone was known to belong to the target, or to have to leave it, as it does now.</summary>
    public static bool Has(ImmutableArray<TargetProgress> noted, TargetProgress entry)
    {
        foreach (TargetProgress other in noted)
        {
            if (other.Target == entry.Target && other.IsLeaving == entry.IsLeaving) return true;
        }

        return false;
    }

    /// <summary>Whether a target is told anything of the zone, and what.</summary>
    /// <param name="row">The zone.</param>
    /// <param name="entry">What the row says of the target.</param>
    /// <param name="isOfZone">The zone belongs to the target.</param>
    /// <param name="policy">Says which targets are canaries.</param>
    /// <param name="content">What it shall serve; null when it is to be without the zone.</param>
    public static bool IsTold(ZoneRow row, TargetProgress entry, bool isOfZone, ZonePolicy policy, out ZoneContent? content)
    {
        content = null;
        if (row.Wish == ZoneWish.Absent) return true;
        if (entry.IsLeaving)
        {
            content = entry.IsReleased ? null : row.Content;
            return row.Content is not null;
        }

        if (!isOfZone) return false;
        content = WantedAt(row, entry.Target, policy);

        // Nothing is served yet. A canary may have had something on trial, and the others may have something of a zone that is gone.
        return content is not null || row.Candidate is not null;
    }

    private static ZoneContent? WantedAt(ZoneRow row, string target, ZonePolicy policy) =>
        RolloutPolicy.IsOnTrial(row) && policy.Rollout.Canaries.Contains(target) ? row.Candidate!.Content : row.Content;

    /// <summary>What one target is told that may be level already; null when it is told nothing.</summary>
    public static WantZone? For(string target, ZoneRow row, ZoneTargets targets, ZonePolicy policy)
    {
        if (row.Targets.FirstOrDefault(t => t.Target == target) is not { } entry) return null;
        if (!IsTold(row, entry, targets.Set.Targets.ContainsKey(target), policy, out ZoneContent? content)) return null;
        return new WantZone(row.Name, row.Generation, content, ObserveFirst: true)
        {
            Shard = targets.Shard,
            Epoch = targets.Epoch,
            IsExpired = content is not null && row.IsExpired && content.Hash == row.Content?.Hash,
        };
    }

    /// <summary>A proof of an earlier wish, which has been exchanged without a new generation.</summary>
    /// <param name="row">The zone, which is wanted.</param>
    /// <param name="progress">What a target says, and whether the zone has to leave it.</param>
    /// <param name="policy">Says which targets are canaries.</param>
    public static bool IsOutdated(ZoneRow row, TargetProgress progress, ZonePolicy policy)
    {
        if (row.Wish == ZoneWish.Absent || progress.State != TargetZoneState.Verified) return false;
        if (progress.IsLeaving) return !progress.IsReleased || progress.Serial is not null;
        if (progress.Reason?.Code == ReasonCode.Drift) return false;
        return !row.IsExpired && progress.Serial != WantedAt(row, progress.Target, policy)?.Serial;
    }

    /// <summary>
    /// Where a change of placement would leave nobody who serves the zone, it stays where it was until it is served where it belongs.
    /// </summary>
    /// <param name="row">The zone.</param>
    /// <param name="quorum">How many of its targets are to serve it.</param>
    /// <returns>The row, with the targets that it has to leave released if it is served; the same row where nothing changes.</returns>
    public static ZoneRow Released(ZoneRow row, Quorum quorum)
    {
        if (row.Wish != ZoneWish.Present || !row.Targets.Any(IsKept)) return row;
        int own = row.Targets.Count(static t => !t.IsLeaving);
        int served = row.Targets.Count(static t => t is { IsLeaving: false, State: TargetZoneState.Verified });
        if (own == 0 || served < quorum.Needed(own)) return row;
        return row with
        {
            Targets =
            [
                .. row.Targets.Select(static t =>
                    IsKept(t) ? t with { State = TargetZoneState.Pending, Reason = null, IsReleased = true } : t),
            ],
        };
    }

    /// <summary>The zone is to leave the target, and stays there for the time being.</summary>
    public static bool IsKept(TargetProgress entry) => entry is { IsLeaving: true, IsReleased: false };

    /// <summary>The target has been seen without the zone, so that there is nothing to leave.</summary>
    public static bool IsGone(TargetProgress entry) => entry is { State: TargetZoneState.Verified, Serial: null };

    private static bool IsFitting(ImmutableArray<TargetProgress> known, ImmutableArray<string> targets)
    {
        if (known.Length != targets.Length) return false;
        for (int i = 0; i < targets.Length; i++)
        {
            if (known[i].Target != targets[i] || known[i].IsLeaving) return false;
        }

        return true;
    }
}
