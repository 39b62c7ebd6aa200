using System.Collections.Immutable;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Journal;

/// <summary>
/// The catalog that a zone belongs to: only that catalog may take the zone away. A zone without one was created by a control message.
/// </summary>
/// <param name="Catalog">The catalog zone; the zone's own name when it is a catalog of the configuration itself.</param>
/// <param name="Label">The label that stands for the zone in the catalog. Of a catalog itself: the content whose removals an operator
/// approved, as the text of its hash; empty for none.</param>
/// <param name="Group">The group that counts for the zone; empty for none.</param>
/// <param name="NextOwner">The catalog that may take the zone over; null when none may.</param>
public sealed record ZoneOwner(DomainName Catalog, string Label = "", string Group = "", DomainName? NextOwner = null);

/// <summary>Asks, behind everything that was sent to the journal before, which wanted zones belong to a catalog, whatever their shards;
/// the catalog itself is not among them. Answered by <see cref="OwnedRead"/> or <see cref="OwnedReadFailed"/>.</summary>
public sealed record AskOwned(DomainName Catalog);

/// <summary>The zones that belong to a catalog, in no order.</summary>
public sealed record OwnedRead(DomainName Catalog, ImmutableArray<OwnedZone> Zones);

/// <summary>The zones of a catalog could not be read.</summary>
public sealed record OwnedReadFailed(DomainName Catalog, Reason Reason);

/// <summary>A zone that belongs to a catalog.</summary>
public sealed record OwnedZone(DomainName Zone, ZoneOwner Owner);
