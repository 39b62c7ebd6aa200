using System.Collections.Immutable;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Journal;

/// <summary>Asks, behind everything that was sent to the journal before, what is kept of a deleted zone; answered by
/// <see cref="KeptRead"/> or <see cref="KeptReadFailed"/>.</summary>
public sealed record AskKept(DomainName Zone);

/// <summary>Asks for deleted zones, as <see cref="IJournal.ListKept"/> reads them. Does not wait behind what was sent before.</summary>
public sealed record AskKeptZones(DomainName? After, int Limit);

/// <summary>The last content of a deleted zone; null when none is kept, or what was kept is damaged.</summary>
public sealed record KeptRead(DomainName Zone, ZoneContent? Content);

/// <summary>Deleted zones of which content is kept.</summary>
/// <param name="Zones">Fewer than were asked for at the end.</param>
public sealed record KeptListed(ImmutableArray<KeptZone> Zones);

/// <summary>What is kept could not be read.</summary>
public sealed record KeptReadFailed(Reason Reason);

/// <summary>A deleted zone of which content is kept.</summary>
/// <param name="Name">Apex, in the case in which it was created.</param>
/// <param name="Serial">Serial of the content.</param>
/// <param name="Records">Its records.</param>
/// <param name="KeptUntil">It can be undeleted until then, and until the next clearing up.</param>
public sealed record KeptZone(DomainName Name, uint Serial, long Records, DateTimeOffset KeptUntil);
