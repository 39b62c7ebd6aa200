using System.Collections.Immutable;
using Agent.Actors.Journal;

namespace Agent.Actors.Zones;

/// <summary>
/// Which targets do not have a zone as it is wanted. There are few different sets of them in a shard (none, the servers of a node that is
/// away, ...), so a zone at rest holds the number of its set, and counting looks at no row.
/// </summary>
internal sealed class BehindSets
{
    /// <summary>For a zone whose row has to be looked at: there were more sets than numbers.</summary>
    public const int Unnumbered = 15;

    private readonly List<ImmutableArray<string>> _sets = [[]];

    /// <summary>The targets that do not serve the zone as wanted, or are not known to; or that still have one that shall go.</summary>
    public static ImmutableArray<string> Of(ZoneRow? row)
    {
        // Without content nothing is wanted of anybody yet.
        if (row is null or { Wish: ZoneWish.Present, Content: null } || AreAllProven(row)) return [];
        return [.. row.Targets.Where(t => t.State != TargetZoneState.Verified).Select(t => t.Target)];
    }

    /// <summary>The number of the zone's set.</summary>
    public int NumberOf(ZoneRow row)
    {
        ImmutableArray<string> set = Of(row);
        int number = _sets.FindIndex(known => known.SequenceEqual(set, StringComparer.Ordinal));
        if (number >= 0) return number;
        if (_sets.Count == Unnumbered) return Unnumbered;
        _sets.Add(set);
        return _sets.Count - 1;
    }

    /// <summary>The set of a number.</summary>
    public ImmutableArray<string> this[int number] => _sets[number];

    // The usual case, without an allocation.
    private static bool AreAllProven(ZoneRow row)
    {
        foreach (TargetProgress target in row.Targets)
        {
            if (target.State != TargetZoneState.Verified) return false;
        }

        return true;
    }
}
