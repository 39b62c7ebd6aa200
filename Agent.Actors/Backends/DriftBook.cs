using System.Collections.Immutable;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <summary>What is known of changes by others at one server: those that stand, and the last ones that were put right. Bounded.</summary>
public sealed class DriftBook
{
    /// <summary>Zones that are told by name; further ones are only counted until some of these are over.</summary>
    public const int StandingMax = 1000;

    /// <summary>Repairs that are remembered.</summary>
    public const int RepairedMax = 100;

    private readonly SortedDictionary<DomainName, DriftFinding> _standing = [];
    private readonly Queue<DriftFinding> _repaired = new();
    private readonly HashSet<DomainName> _further = [];
    private Reason? _obstacle;

    /// <summary>A comparison ended; with a reason when nothing could be found out.</summary>
    public void Compared(Reason? reason) => _obstacle = reason;

    /// <summary>Enters a finding; false when the same stands there already.</summary>
    public bool Found(DriftFinding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        if (_standing.TryGetValue(finding.Zone, out DriftFinding? before))
        {
            bool isSame = before.Kind == finding.Kind && before.ServedSerial == finding.ServedSerial
                && before.IsRepairing == finding.IsRepairing && before.Settings == finding.Settings;
            _standing[finding.Zone] = finding with { FoundAt = before.FoundAt };
            return !isSame;
        }

        if (_standing.Count < StandingMax)
        {
            _standing.Add(finding.Zone, finding);
            return true;
        }

        return _further.Count < StandingMax && _further.Add(finding.Zone);
    }

    /// <summary>The server serves what is wanted; true when that ended a repair.</summary>
    public bool Over(DomainName zone, DateTimeOffset now)
    {
        _further.Remove(zone);
        if (!_standing.Remove(zone, out DriftFinding? finding) || !finding.IsRepairing) return false;
        _repaired.Enqueue(finding with { RepairedAt = now });
        while (_repaired.Count > RepairedMax) _repaired.Dequeue();
        return true;
    }

    /// <summary>Zones that differ, named or not.</summary>
    public int Count => _standing.Count + _further.Count;

    /// <summary>Everything that is known.</summary>
    public TargetDrift Of(string target) => new(target, [.. _standing.Values], [.. _repaired.Reverse()], _further.Count)
    {
        Obstacle = _obstacle,
    };
}

/// <summary>Asks a target's own actor for what was found there; answered by <see cref="TargetDrift"/>.</summary>
public sealed record GetTargetDrift;

/// <summary>What was found at a target.</summary>
/// <param name="Target">Its name.</param>
/// <param name="Standing">Zones that differ, in order of name.</param>
/// <param name="Repaired">Zones that were put right, the latest first.</param>
/// <param name="Further">Zones that differ and are not named; at most as many as are.</param>
public sealed record TargetDrift(
    string Target, ImmutableArray<DriftFinding> Standing, ImmutableArray<DriftFinding> Repaired, int Further)
{
    /// <summary>Why the last comparison came to nothing; null when it did not.</summary>
    public Reason? Obstacle { get; init; }

    /// <summary>Another node holds the target, and knows.</summary>
    public bool IsElsewhere { get; init; }

    /// <summary>What a node says of a target that another holds.</summary>
    public static TargetDrift Elsewhere(string target) => new(target, [], [], 0) { IsElsewhere = true };
}
