using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <summary>The targets that there are at one moment, and the actor that takes the wishes for each.</summary>
/// <remarks>Immutable; one is shared by all zones of a node, so nothing of it is held for each zone.</remarks>
public sealed class TargetSet
{
    private readonly ImmutableDictionary<string, TargetProgress> _unheard;

    /// <summary>Makes a set.</summary>
    /// <param name="version">Grows with each set that a directory publishes.</param>
    /// <param name="targets">Who takes the wishes, by name of the target.</param>
    public TargetSet(long version, ImmutableSortedDictionary<string, IActorRef> targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        Version = version;
        Targets = targets;
        Names = [.. targets.Keys];
        _unheard = Names.ToImmutableDictionary(
            name => name, static name => new TargetProgress(name, TargetZoneState.Pending, null, null, null), StringComparer.Ordinal);
    }

    /// <summary>Grows with each set that a directory publishes.</summary>
    public long Version { get; }

    /// <summary>Who takes the wishes, by name of the target.</summary>
    public ImmutableSortedDictionary<string, IActorRef> Targets { get; }

    /// <summary>Names of all targets, in order.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>What is known of a zone, for exactly the targets that there are; one not heard of yet is pending.</summary>
    public ImmutableArray<TargetProgress> Fit(ImmutableArray<TargetProgress> known)
    {
        bool fits = known.Length == Names.Length;
        for (int i = 0; fits && i < Names.Length; i++) fits = known[i].Target == Names[i];
        return fits ? known : [.. Names.Select(name => known.FirstOrDefault(t => t.Target == name) ?? _unheard[name])];
    }
}

/// <summary>Asks a directory for the targets; answered by <see cref="TargetSetChanged"/>, in a cluster as soon as its nodes are
/// known.</summary>
public sealed record GetTargetSet;

/// <summary>Answer to <see cref="GetTargetSet"/>, and published on the event stream whenever targets come, go, or are to be reached
/// otherwise than before.</summary>
public sealed record TargetSetChanged(TargetSet Targets);
