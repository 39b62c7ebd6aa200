using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Actors.Transfers;

/// <summary>Which masters a zone has: those of the pattern that fits it best, else those of the agent.</summary>
public sealed class MasterRoster
{
    private readonly ZonePatternMap<ImmutableArray<Master>> _patterns;
    private readonly ImmutableDictionary<(DomainName Catalog, string Group), ImmutableArray<Master>> _members =
        ImmutableDictionary<(DomainName, string), ImmutableArray<Master>>.Empty;

    /// <summary>Makes a roster of masters that all zones have.</summary>
    public MasterRoster(ImmutableArray<Master> common)
        : this(common, [])
    {
    }

    /// <summary>Makes a roster.</summary>
    /// <param name="common">Masters of zones that no pattern fits.</param>
    /// <param name="own">Zones with masters of their own.</param>
    public MasterRoster(ImmutableArray<Master> common, ImmutableArray<ZoneMasters> own)
    {
        Common = common;
        Own = own;
        _patterns = new ZonePatternMap<ImmutableArray<Master>>([.. own.Select(o => (o.Pattern, o.Masters))]);
        All = [.. common.Concat(own.SelectMany(o => o.Masters)).Distinct()];
    }

    private MasterRoster(MasterRoster zones, ImmutableArray<MemberMasters> members)
        : this(zones.Common, zones.Own)
    {
        Members = members;
        _members = members.ToImmutableDictionary(m => (m.Catalog.Fold(), m.Group), m => m.Masters);
        All = [.. All.Concat(members.SelectMany(m => m.Masters)).Distinct()];
    }

    /// <summary>Masters of zones that no pattern fits.</summary>
    public ImmutableArray<Master> Common { get; }

    /// <summary>Zones with masters of their own.</summary>
    public ImmutableArray<ZoneMasters> Own { get; }

    /// <summary>Masters of the members of catalogs.</summary>
    public ImmutableArray<MemberMasters> Members { get; } = [];

    /// <summary>Every master, once.</summary>
    public ImmutableArray<Master> All { get; }

    /// <summary>The same, with masters for the members of catalogs.</summary>
    public MasterRoster With(ImmutableArray<MemberMasters> members) => new(this, members);

    /// <summary>The masters of a zone that may belong to a catalog: its name counts first, then its group there, then the catalog, then
    /// patterns.</summary>
    public ImmutableArray<Master> Of(DomainName zone, DomainName? catalog, string group)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (catalog is null || _members.IsEmpty || _patterns.Names(zone)) return Of(zone);
        DomainName name = catalog.Fold();
        return _members.TryGetValue((name, group), out ImmutableArray<Master> ofGroup) ? ofGroup
            : _members.TryGetValue((name, ""), out ImmutableArray<Master> ofCatalog) ? ofCatalog
            : Of(zone);
    }

    /// <summary>The zone's masters: its name counts before a pattern, a longer pattern before a shorter one.</summary>
    public ImmutableArray<Master> Of(DomainName zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        return _patterns.TryFind(zone, out ImmutableArray<Master> masters) ? masters : Common;
    }
}

/// <summary>Masters of the zones that a pattern fits.</summary>
public sealed record ZoneMasters(ZonePattern Pattern, ImmutableArray<Master> Masters);

/// <summary>Masters of the members that a catalog has in a group; without group, of all its other members.</summary>
public sealed record MemberMasters(DomainName Catalog, string Group, ImmutableArray<Master> Masters);

/// <summary>A zone by its name, or every zone below a name ("*.example.").</summary>
/// <param name="Name">The zone, or what stands above the zones.</param>
/// <param name="IsBelow">All zones below it, at any depth, and not the one of that name.</param>
public sealed record ZonePattern(DomainName Name, bool IsBelow)
{
    /// <summary>Reads "example.org", "*.example." or "*" for every zone; false when it is none of these.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ZonePattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        pattern = null;
        bool isBelow = text == "*" || text.StartsWith("*.", StringComparison.Ordinal);
        string rest = !isBelow ? text : text.Length <= 2 ? "." : text[2..];
        // A second asterisk would be taken for a label of that name, which no zone has.
        bool isTwice = isBelow && (rest == "*" || rest.StartsWith("*.", StringComparison.Ordinal));
        if (isTwice || rest.Length == 0 || !DomainName.TryParse(rest, out DomainName? name)) return false;
        pattern = new ZonePattern(name, isBelow);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => IsBelow ? $"*.{(Name.IsRoot ? "" : Name)}" : Name.ToString();
}
