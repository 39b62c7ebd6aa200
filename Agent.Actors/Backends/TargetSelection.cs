using System.Collections.Immutable;

namespace Agent.Actors.Backends;

/// <summary>Some of the targets, by the names that the configuration gives them.</summary>
/// <remarks>In a cluster the name of a target that each node has for itself means all of them; "ns1@node" means one. Two selections of
/// the same names are equal.</remarks>
public sealed class TargetSelection : IEquatable<TargetSelection>
{
    /// <summary>No target.</summary>
    public static readonly TargetSelection None = new([]);

    /// <summary>Takes each name once.</summary>
    public TargetSelection(IEnumerable<string> names) => Names = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The names, in order.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>Whether the target is among them.</summary>
    /// <param name="target">Name by which all nodes know it.</param>
    public bool Contains(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        foreach (string name in Names)
        {
            if (!target.StartsWith(name, StringComparison.Ordinal)) continue;
            if (target.Length == name.Length || target[name.Length] == '@') return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public bool Equals(TargetSelection? other) => other is not null && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TargetSelection);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (string name in Names) hash.Add(name, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Names);
}
