using System.Collections.Immutable;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Journal;

/// <summary>
/// The catalog or the master set that a zone belongs to: nobody else may take the zone away. A zone without one was created by a sender
/// of no master set.
/// </summary>
/// <param name="Catalog">The catalog zone; the zone's own name when it is a catalog of the configuration itself; <see cref="MasterSets"/>
/// when it is no catalog.</param>
/// <param name="Label">The label that stands for the zone in the catalog. Of a catalog itself: the content whose removals an operator
/// approved, as the text of its hash; empty for none.</param>
/// <param name="Group">The group that counts for the zone; empty for none. Of a master set: its name.</param>
/// <param name="NextOwner">The catalog that may take the zone over; null when none may.</param>
public sealed record ZoneOwner(DomainName Catalog, string Label = "", string Group = "", DomainName? NextOwner = null)
{
    /// <summary>Stands in the place of the catalog where a master set is the owner: a name that RFC 6761 keeps from ever being used, so
    /// that journals and nodes of older releases hold it, and give the zone to whoever asks, as they always did.</summary>
    public static DomainName MasterSets { get; } = DomainName.Parse("master-sets.invalid.");

    /// <summary>Name of the master set; null when the owner is a catalog.</summary>
    public string? MasterSet => Catalog == MasterSets ? Group : null;

    /// <summary>The owner that a master set is; null for none.</summary>
    public static ZoneOwner? OfMasterSet(string? name) => name is null ? null : new ZoneOwner(MasterSets, Group: name);
}

/// <summary>Asks, behind everything that was sent to the journal before, which wanted zones belong to a catalog, whatever their shards;
/// the catalog itself is not among them. Answered by <see cref="OwnedRead"/> or <see cref="OwnedReadFailed"/>.</summary>
public sealed record AskOwned(DomainName Catalog);

/// <summary>The zones that belong to a catalog, in no order.</summary>
public sealed record OwnedRead(DomainName Catalog, ImmutableArray<OwnedZone> Zones);

/// <summary>The zones of a catalog could not be read.</summary>
public sealed record OwnedReadFailed(DomainName Catalog, Reason Reason);

/// <summary>A zone that belongs to a catalog.</summary>
public sealed record OwnedZone(DomainName Zone, ZoneOwner Owner);
