using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Actors.Transfers;

/// <summary>What patterns of zone names stand for. A name counts before a pattern, a longer pattern before a shorter one.</summary>
/// <remarks>Immutable. A look-up costs at most one probe for each label of the name.</remarks>
public sealed class ZonePatternMap<T>
{
    private readonly ImmutableDictionary<DomainName, T> _exact;
    private readonly ImmutableDictionary<DomainName, T> _below;

    /// <summary>Takes each pattern once.</summary>
    public ZonePatternMap(IReadOnlyCollection<(ZonePattern Pattern, T Value)> entries)
    {
        _exact = entries.Where(e => !e.Pattern.IsBelow).ToImmutableDictionary(e => e.Pattern.Name.Fold(), e => e.Value);
        _below = entries.Where(e => e.Pattern.IsBelow).ToImmutableDictionary(e => e.Pattern.Name.Fold(), e => e.Value);
    }

    /// <summary>No pattern is there.</summary>
    public bool IsEmpty => _exact.IsEmpty && _below.IsEmpty;

    /// <summary>All patterns, in no order.</summary>
    public IEnumerable<(ZonePattern Pattern, T Value)> Entries =>
        _exact.Select(e => (new ZonePattern(e.Key, IsBelow: false), e.Value)).Concat(
            _below.Select(e => (new ZonePattern(e.Key, IsBelow: true), e.Value)));

    /// <summary>A pattern that is this very name is there.</summary>
    public bool Names(DomainName zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        return _exact.ContainsKey(zone.Fold());
    }

    /// <summary>Finds what stands for a zone; false when no pattern fits it.</summary>
    public bool TryFind(DomainName zone, [MaybeNullWhen(false)] out T value)
    {
        ArgumentNullException.ThrowIfNull(zone);
        value = default;
        if (IsEmpty) return false;
        DomainName name = zone.Fold();
        if (_exact.TryGetValue(name, out value)) return true;
        if (_below.IsEmpty) return false;
        while (!name.IsRoot)
        {
            name = name.Parent;
            if (_below.TryGetValue(name, out value)) return true;
        }

        return false;
    }
}
