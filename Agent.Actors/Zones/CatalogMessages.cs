using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <summary>A catalog has the zone as a member. Answered by <see cref="ZoneReply"/> when that is durable, or cannot be; the zone is
/// transferred and brought to the targets behind that.</summary>
/// <param name="Owner">Whose the zone shall be.</param>
/// <param name="Adopts">Also when a control message created it.</param>
/// <param name="Origin">Who says so.</param>
public sealed record ClaimZone(DomainName Zone, ZoneOwner Owner, bool Adopts, RequestOrigin Origin) : ZoneMessage(Zone)
{
    /// <inheritdoc/>
    public override bool ChangesWish => true;
}

/// <summary>A catalog does not have the zone any more. Answered by <see cref="ZoneReply"/> when its deletion is durable.</summary>
/// <param name="Catalog">The catalog; it deletes nothing that belongs to another.</param>
/// <param name="Origin">Who says so.</param>
public sealed record ReleaseZone(DomainName Zone, DomainName Catalog, RequestOrigin Origin) : ZoneMessage(Zone)
{
    /// <inheritdoc/>
    public override bool ChangesWish => true;
}

/// <summary>Asks a catalog how it stands; answered by <see cref="CatalogStatus"/>, or by <see cref="ZoneReply"/> with
/// <see cref="ZoneOutcome.Unknown"/>.</summary>
public sealed record GetCatalog(DomainName Zone) : ZoneMessage(Zone);

/// <summary>Lets a catalog remove the members whose removal waits. Answered by <see cref="ZoneReply"/> when that is durable.</summary>
/// <param name="Serial">Serial of the catalog that was looked at.</param>
/// <param name="Origin">Who decides.</param>
public sealed record ApproveCatalog(DomainName Zone, uint Serial, RequestOrigin Origin) : ZoneMessage(Zone);

/// <summary>What the shard tells a catalog's actor: the row of the catalog zone as it is now.</summary>
public sealed record CatalogRow(ZoneRow? Row);

/// <summary>How a catalog stands.</summary>
/// <param name="Name">The catalog zone.</param>
/// <param name="State">ok, loading, applying, waiting (for approval), conflict, failing or broken.</param>
/// <param name="Serial">Serial of the catalog held; null when none is.</param>
/// <param name="Members">Zones that it owns.</param>
/// <param name="Adding">Zones that are to be claimed.</param>
/// <param name="Removing">Zones that it drops, approved or not.</param>
/// <param name="Reason">What stands against it; null when nothing does.</param>
public sealed record CatalogStatus(
    DomainName Name, string State, uint? Serial, int Members, int Adding, int Removing, Reason? Reason)
{
    /// <summary>Most names in one of the lists below.</summary>
    public const int NamesMaximum = 100;

    /// <summary>The first zones that are to be claimed.</summary>
    public ImmutableArray<DomainName> Added { get; init; } = [];

    /// <summary>The first zones that it drops.</summary>
    public ImmutableArray<DomainName> Removed { get; init; } = [];

    /// <summary>Zones that it claims and that are not free.</summary>
    public int Conflicts { get; init; }

    /// <summary>The first of them, and whose they are.</summary>
    public ImmutableArray<CatalogConflict> Conflicting { get; init; } = [];
}

/// <summary>A zone that a catalog claims in vain.</summary>
public sealed record CatalogConflict(DomainName Zone, Reason Reason);
