using System.Collections.Immutable;
using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <summary>The targets that there are at one moment, and the actor that takes the wishes for each.</summary>
/// <remarks>Immutable; one is shared by all zones of a node, so nothing of it is held for each zone.</remarks>
public sealed class TargetSet
{
    /// <summary>Makes a set.</summary>
    /// <param name="version">Grows with each set that a directory publishes.</param>
    /// <param name="targets">Who takes the wishes, by name of the target.</param>
    public TargetSet(long version, ImmutableSortedDictionary<string, IActorRef> targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        Version = version;
        Targets = targets;
        Names = [.. targets.Keys];
    }

    /// <summary>Grows with each set that a directory publishes.</summary>
    public long Version { get; }

    /// <summary>Who takes the wishes, by name of the target.</summary>
    public ImmutableSortedDictionary<string, IActorRef> Targets { get; }

    /// <summary>Names of all targets, in order.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>Names of those that had no zones when this agent started (<see cref="BackendTraits.BeginsEmpty"/>): what a journal says of
    /// them is over.</summary>
    public ImmutableHashSet<string> BeganEmpty { get; init; } = [];

    /// <summary>Those of them that are selected.</summary>
    public TargetSet Only(TargetSelection selection)
    {
        ArgumentNullException.ThrowIfNull(selection);
        return new TargetSet(Version, Targets.RemoveRange(Names.Where(name => !selection.Contains(name)))) { BeganEmpty = BeganEmpty };
    }
}

/// <summary>Asks a directory for the targets; answered by <see cref="TargetSetChanged"/>, in a cluster as soon as its nodes are
/// known.</summary>
public sealed record GetTargetSet;

/// <summary>Answer to <see cref="GetTargetSet"/>, and published on the event stream whenever targets come, go, or are to be reached
/// otherwise than before.</summary>
public sealed record TargetSetChanged(TargetSet Targets);
